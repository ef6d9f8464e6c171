"""The gates: each declared bound against the figures of one evaluation; it measures nothing.

    figure missing or NaN                                   REJECT
    at_least(0.8), at_most(3)      figure outside           REJECT   inside          PROMOTE
    at_least("champion")           interval of the paired difference to that model, [low, high]:
                                   low >= -margin           PROMOTE  not worse
                                   high < -margin           REJECT   worse
                                   neither                  HOLD     the data cannot tell
    at_least(0.8, by="country")    no such groups, or too
                                   few cases in one         HOLD     or PROMOTE under a waiver

Where there is no champion yet, the declared floor model stands in for it, and the reason says so.
The margin is zero: a model that is not shown to be as good does not take another's place. Both
models are measured on the same rows, so the interval is that of a paired bootstrap; two intervals
apart would hide what the pairing shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mintmark.define.gates import Bound, Gates
from mintmark.govern.figures import METRICS, OVERALL, Figure, Metric, read_figure
from mintmark.govern.verdict import GateResult, Result, Verdict, Waived, worst
from mintmark.govern.waivers import check_waivers
from mintmark.ground import GovernError

MARGIN = 0.0
"""How much worse than the reference a model may be shown to be."""


@dataclass(frozen=True)
class _Case:
    """One gate with what it needs of the evaluation."""

    name: str
    bound: Bound
    metric: Metric
    evaluation: Mapping[str, Any]
    group_cases: int

    @property
    def figure(self) -> Figure:
        figures = self.evaluation.get("figures") or {}
        return read_figure(figures.get(self.name), self.metric)

    def says(self, result: Result, reason: str, **more: Any) -> GateResult:
        """Return the result of this gate, its figure and bound filled in."""
        told: dict[str, Any] = {"gate": self.name, "figure": self.figure, "bound": self.text} | more
        return GateResult(result=result, reason=reason, **told)

    @property
    def text(self) -> str:
        """The bound for people, such as ``>= 0.8 by country``."""
        sign = ">=" if self.bound.side == "at_least" else "<="
        by = f" by {self.bound.by}" if self.bound.by else ""
        limit = self.bound.bound
        return f"{sign} {limit if isinstance(limit, str) else format(limit, 'g')}{by}"


def judge(gates: Gates, evaluation: Mapping[str, Any], *, at: int) -> Verdict:
    """Judge one evaluation by the declared gates.

    Parameters
    ----------
    gates : Gates
        The bounds, in the order in which they are declared, and the waivers.
    evaluation : mapping
        ``model``, ``figures``, ``floor_figures``, ``champion_figures`` or None, ``differences``,
        ``groups`` or None, ``window``; figures as ``{"value", "low", "high", "n"}``.
    at : int
        µs UTC, now: a waiver may not be from the future.

    Raises
    ------
    GovernError
        ``govern.gate.none``, ``govern.gate.unknown_metric``, ``govern.gate.direction``,
        ``govern.gate.reference_by_group``, ``govern.waiver.*``, ``govern.evaluation.format``.
    """
    bounds = dict(gates.gates)
    if not bounds:
        raise GovernError(
            "no gate is declared, so nothing can be judged",
            want='at least one, such as average_precision=mm.at_least("floor")',
            code="govern.gate.none",
        )
    for name, bound in bounds.items():
        _check_bound(name, bound)
    waivers = check_waivers(gates.waivers, bounds, at=at)
    if not isinstance(evaluation.get("model"), str):
        raise GovernError(
            "an evaluation does not say which model it is of",
            at="$.model",
            want="the digest of a model bundle",
            code="govern.evaluation.format",
        )
    results = []
    for name, bound in bounds.items():
        case = _Case(name, bound, METRICS[name], evaluation, gates.group_cases)
        result = _judge_groups(case) if bound.by else _judge_whole(case)
        results.append(_waive(result, waivers.get(name)))
    window = dict(evaluation.get("window") or {})
    return Verdict(evaluation["model"], tuple(results), gates.digest, window)


def _check_bound(name: str, bound: Bound) -> None:
    """Refuse a gate that names no metric, or that asks a good figure to be bad."""
    if name not in METRICS:
        raise GovernError(
            "a gate names no known metric",
            at=f"$.gates.{name}",
            got=name,
            want=" ".join(METRICS),
            code="govern.gate.unknown_metric",
        )
    right = "at_least" if METRICS[name].better == "higher" else "at_most"
    if bound.side != right:
        raise GovernError(
            f"a gate is turned the wrong way: {METRICS[name].better} is better for {name}",
            at=f"$.gates.{name}",
            got=bound.side,
            want=right,
            code="govern.gate.direction",
        )
    if bound.by and isinstance(bound.bound, str):
        raise GovernError(
            "a gate by group needs a number as its bound",
            at=f"$.gates.{name}",
            got=bound.bound,
            want="a number",
            hint="compare with another model over all cases, and bound the groups by a number",
            code="govern.gate.reference_by_group",
        )


def _judge_whole(case: _Case) -> GateResult:
    """Judge a gate on its one figure."""
    if case.figure.value is None:
        return case.says("REJECT", "the figure is missing or not a number")
    if isinstance(case.bound.bound, str):
        return _judge_against(case, case.bound.bound)
    return _judge_number(case, case.figure, case.bound.bound)


def _judge_number(case: _Case, figure: Figure, limit: float) -> GateResult:
    """Judge one figure by a number; an interval that crosses it is said, not punished."""
    assert figure.value is not None
    higher = case.bound.side == "at_least"
    meets = figure.value >= limit if higher else figure.value <= limit
    if not meets:
        return case.says("REJECT", "below the bound" if higher else "above the bound")
    worse_end = figure.low if higher else figure.high
    crossed = worse_end is not None and (worse_end < limit if higher else worse_end > limit)
    return case.says("PROMOTE", "met, though the interval crosses the bound" if crossed else "met")


def _judge_against(case: _Case, reference: str) -> GateResult:
    """Judge the paired difference to another model's figure on the same rows."""
    against, note = reference, ""
    if reference == "champion" and case.evaluation.get("champion_figures") is None:
        against, note = "floor", "; no champion yet, the floor model stands in"
    theirs = (case.evaluation.get(f"{against}_figures") or {}).get(case.name)
    if read_figure(theirs, case.metric).value is None:
        return case.says("REJECT", f"the {against}'s figure is missing{note}", against=against)
    entry = (case.evaluation.get("differences") or {}).get(case.name) or {}
    difference = read_figure(entry)
    told = {"against": against, "difference": difference}
    if not difference.bounded or entry.get("against") != against:
        reason = f"the paired difference to the {against} is missing{note}"
        return case.says("REJECT", reason, against=against)
    assert difference.low is not None
    assert difference.high is not None
    shown = f"difference to the {against} {difference.text()}"
    if difference.low >= -MARGIN:
        return case.says("PROMOTE", f"not worse: {shown}{note}", **told)
    if difference.high < -MARGIN:
        return case.says("REJECT", f"worse: {shown}{note}", **told)
    return case.says("HOLD", f"the data cannot tell: {shown}{note}", **told)


def _judge_groups(case: _Case) -> GateResult:
    """Judge a gate by group: hold where the groups do not suffice, else judge the figure."""
    assert not isinstance(case.bound.bound, str)
    groups = (case.evaluation.get("groups") or {}).get(case.name)
    if not groups:
        return case.says("HOLD", f'the evaluation has no groups by "{case.bound.by}"')
    if len(groups) < 2:
        return case.says("HOLD", "there is one group only, and nothing to compare it with")
    parts = tuple(_judge_group(case, name, entry) for name, entry in sorted(groups.items()))
    result = worst(part.result for part in parts)
    if result != "PROMOTE":
        named = " ".join(part.gate for part in parts if part.result == result)
        what = "too few cases in" if result == "HOLD" else "bound not met in"
        return case.says(result, f"{what} {named}", parts=parts)
    if case.name not in OVERALL:
        return case.says("PROMOTE", "met in every group", parts=parts)
    if case.figure.value is None:
        return case.says("REJECT", "the figure is missing or not a number", parts=parts)
    whole = _judge_number(case, case.figure, case.bound.bound)
    return case.says(whole.result, whole.reason, parts=parts)


def _judge_group(case: _Case, group: str, entry: Mapping[str, Any]) -> GateResult:
    """Judge one group: enough cases of both kinds, and its own figure where there is a bound."""
    assert not isinstance(case.bound.bound, str)
    overall = case.name in OVERALL
    figure = read_figure(entry, case.metric)
    n, frauds = entry.get("n") or 0, entry.get("n_positive") or 0
    cases = f"{n - frauds} genuine, {frauds} fraud"
    if min(n - frauds, frauds) < case.group_cases:
        reason = f"{cases}; {case.group_cases} of each are needed"
        return case.says("HOLD", reason, gate=group, figure=figure)
    if figure.value is None:
        return case.says("REJECT", "the figure is missing", gate=group, figure=figure)
    if overall:
        return case.says("PROMOTE", cases, gate=group, figure=figure)
    judged = _judge_number(case, figure, case.bound.bound)
    return case.says(judged.result, judged.reason, gate=group, figure=figure)


def _waive(result: GateResult, waived: Waived | None) -> GateResult:
    """Lift a gate by group that holds; a waiver never lifts one that rejects."""
    if waived is None or result.result != "HOLD":
        return result
    lifted = Waived(waived.owner, waived.reason, waived.date, result.reason)
    return GateResult(
        gate=result.gate,
        figure=result.figure,
        bound=result.bound,
        result="PROMOTE",
        reason="waived",
        waived=lifted,
        parts=result.parts,
    )
