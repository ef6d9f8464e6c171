"""The model card: what a model is for, what it was made from, how good it is, and for whom not.

A frozen value with a JSON form; the report draws it. The words (purpose, owners, limits) are the
team's own; every number is the evaluation's, and every judgement the verdict's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mintmark.govern.figures import METRICS, read_figure
from mintmark.govern.verdict import Verdict
from mintmark.ground import GovernError, digest


@dataclass(frozen=True)
class CardWords:
    """What only people can say of a model."""

    purpose: str
    owners: tuple[str, ...]
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A model card.

    Attributes
    ----------
    name, model : str
        The model's name and the digest of its bundle.
    words : CardWords
        Purpose, owners, limits.
    data : mapping
        What it was trained and judged on: log version, window, rows, as the caller knows them.
    metrics : mapping
        Metric to figure with interval, unit and which way is better.
    floor : mapping
        The floor model's figures on the same rows.
    slices : mapping
        Metric to group to rate, with its cases.
    verdict : mapping
        The verdict's form, its waivers included.
    """

    name: str
    model: str
    words: CardWords
    data: Mapping[str, Any]
    metrics: Mapping[str, Any]
    floor: Mapping[str, Any]
    slices: Mapping[str, Any]
    verdict: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of the card's form."""
        return digest(self.form())

    @property
    def waivers(self) -> list[dict[str, str]]:
        """Every waiver in force: the gate, who answers for it, why, since when."""
        gates = self.verdict.get("gates", [])
        return [{"gate": g["gate"], **g["waived"]} for g in gates if g["waived"]]

    def form(self) -> dict[str, Any]:
        """Return the card as plain JSON."""
        return {
            "name": self.name,
            "model": self.model,
            "purpose": self.words.purpose,
            "owners": list(self.words.owners),
            "limits": [*self.words.limits, *self._limits_found()],
            "data": dict(self.data),
            "metrics": dict(self.metrics),
            "floor": dict(self.floor),
            "slices": dict(self.slices),
            "waivers": self.waivers,
            "verdict": dict(self.verdict),
        }

    def _limits_found(self) -> list[str]:
        """Limits that need no one to think of them: what was waived, and what has no figure."""
        waived = [f"{w['gate']} was not judged: {w['lifted']}" for w in self.waivers]
        absent = [f"{name} was not measured" for name, f in self.metrics.items() if _empty(f)]
        return waived + absent


def _empty(figure: Mapping[str, Any]) -> bool:
    return figure["value"] is None


def card(
    name: str,
    words: CardWords,
    *,
    evaluation: Mapping[str, Any],
    verdict: Verdict,
    data: Mapping[str, Any],
) -> Card:
    """Make the card of one model from its evaluation and the verdict on it.

    Parameters
    ----------
    name : str
        The model's name.
    words : CardWords
        Purpose, owners, limits.
    evaluation : mapping
        As `judge` takes it.
    verdict : Verdict
        On the same model.
    data : mapping
        Plain JSON: what it was trained and judged on.

    Raises
    ------
    GovernError
        ``govern.card.other_model`` where verdict and evaluation are of two models,
        ``govern.card.words`` where purpose or owners are empty.
    """
    if verdict.model != evaluation["model"]:
        raise GovernError(
            "the verdict and the evaluation are of two models",
            got=verdict.model,
            want=evaluation["model"],
            code="govern.card.other_model",
        )
    if not words.purpose.strip() or not any(owner.strip() for owner in words.owners):
        raise GovernError(
            "a model card needs a purpose and an owner",
            got=f'purpose "{words.purpose}", {len(words.owners)} owners',
            want="both",
            code="govern.card.words",
        )
    return Card(
        name=name,
        model=verdict.model,
        words=words,
        data=data,
        metrics=_metrics(evaluation.get("figures") or {}),
        floor=_metrics(evaluation.get("floor_figures") or {}),
        slices=_slices(evaluation.get("groups") or {}),
        verdict=verdict.form(),
    )


def _metrics(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return every known metric's figure with its unit, a dash of none where it is missing."""
    return {
        name: read_figure(figures.get(name), metric).form()
        | {"better": metric.better, "unit": metric.unit}
        for name, metric in METRICS.items()
        if name in figures
    }


def _slices(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Return every group's figure with its cases."""
    return {
        metric: {
            group: read_figure(entry).form() | {"n_positive": entry.get("n_positive")}
            for group, entry in sorted(by_group.items())
        }
        for metric, by_group in groups.items()
    }
