"""Policies: what each action costs if a payment is fraud and if it is genuine.

The cheapest action by expected cost is taken. A cost is a number, or `fixed + rate * amount` in one
money field of the request; it may be written as any expression that comes down to that.
"""

import math
from dataclasses import dataclass
from dataclasses import field as slot
from typing import Any

from mintmark.define import limit
from mintmark.define.expr import Expr
from mintmark.define.fault import Named
from mintmark.define.field import Money
from mintmark.define.model import Model
from mintmark.define.place import Place, user_place
from mintmark.define.wording import words
from mintmark.ground import DefineError, digest

ACTIONS = ("approve", "review", "decline")


@dataclass(frozen=True)
class Line:
    """A cost as `fixed + rate * field`, in major units; `field` is None where the rate is zero."""

    fixed: float
    rate: float = 0.0
    field: str | None = None

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {"fixed": self.fixed, "rate": self.rate, "field": self.field}


@dataclass(frozen=True, eq=False)
class Cost(Named):
    """What one action costs.

    Parameters
    ----------
    if_fraud, if_genuine : number or Expr
        Major units: `7.5`, `payment["amount"]`, `0.02 * payment["amount"] + 1`.

    Examples
    --------
    >>> Cost(if_fraud=12, if_genuine=0).fraud
    Line(fixed=12.0, rate=0.0, field=None)
    """

    if_fraud: Expr | float = slot(kw_only=True)
    if_genuine: Expr | float = slot(kw_only=True)
    fraud: Line = slot(init=False)
    genuine: Line = slot(init=False)
    place: Place = slot(default_factory=user_place, init=False, repr=False)

    def __post_init__(self) -> None:
        for told, name in (("if_fraud", "fraud"), ("if_genuine", "genuine")):
            line = _line(getattr(self, told), self.place, path=told)
            object.__setattr__(self, name, line)

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form: both costs as fixed, rate and field."""
        return {"if_fraud": self.fraud.form(), "if_genuine": self.genuine.form()}

    def fields(self) -> set[tuple[str, str]]:
        """Return the money fields that the cost reads, each as (event, field)."""
        found = set()
        for told in (self.if_fraud, self.if_genuine):
            stack = [told] if isinstance(told, Expr) else []
            while stack:
                node = stack.pop()
                stack.extend(node.args)
                if node.op == "field" and node.stream is not None:
                    found.add((node.stream.name, str(node.value)))
        return found


@dataclass(frozen=True, eq=False, repr=False)
class Policy(Named):
    """What is done with a score: the action of lowest expected cost.

    Parameters
    ----------
    model : Model
        Whose probability is weighed.
    approve, decline, review : Cost
        What each action costs; equal costs go to the milder action.
    """

    model: Model
    approve: Cost = slot(kw_only=True)
    decline: Cost = slot(kw_only=True)
    review: Cost = slot(kw_only=True)
    place: Place = slot(default_factory=user_place, init=False)

    def __post_init__(self) -> None:
        limit.instance(self.model, Model, self.place, path="$.policy.model")
        for action in ACTIONS:
            limit.instance(getattr(self, action), Cost, self.place, path=f"$.policy.{action}")
        event = self.model.features.event
        read = sorted(set().union(*(getattr(self, action).fields() for action in ACTIONS)))
        if len(read) > 1 or any(name != event.name for name, _ in read):
            raise DefineError(
                "the costs of a policy read more than one amount of the request",
                at=self.place.at("$.policy"),
                got=", ".join(f"{name}.{part}" for name, part in read),
                want=f'one money field of "{event.name}"',
                code="define.policy.fields",
            )

    def __repr__(self) -> str:
        return f"<policy of {self.model.name}>"

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        costs = {action: getattr(self, action).form() for action in ACTIONS}
        return {"noun": "policy", "model": self.model.name} | costs


def _line(told: object, place: Place, *, path: str) -> Line:
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        line = Line(float(told))
    elif isinstance(told, Expr):
        line = _affine(told, place, path)
    else:
        raise _not_affine(repr(told), place, path)
    if not (math.isfinite(line.fixed) and math.isfinite(line.rate)):
        raise _not_affine(repr(told), place, path)
    # One zero: -0.0 has other bytes and the same meaning.
    return Line(line.fixed + 0.0, line.rate + 0.0, line.field if line.rate else None)


def _affine(expr: Expr, place: Place, path: str) -> Line:
    parts = [_affine(arg, place, path) for arg in expr.args]
    if expr.op == "literal" and expr.kind == "number" and isinstance(expr.value, (int, float)):
        return Line(float(expr.value))
    if expr.op == "field" and isinstance(expr.field, Money):
        return Line(0.0, 1.0, str(expr.value))
    if expr.op == "neg":
        return Line(-parts[0].fixed, -parts[0].rate, parts[0].field)
    if expr.op in ("add", "sub"):
        sign = 1.0 if expr.op == "add" else -1.0
        a, b = parts
        if None in (a.field, b.field) or a.field == b.field:
            return Line(a.fixed + sign * b.fixed, a.rate + sign * b.rate, a.field or b.field)
    if expr.op == "mul" and any(p.field is None for p in parts):
        by, line = sorted(parts, key=lambda p: p.field is not None)
        return Line(by.fixed * line.fixed, by.fixed * line.rate, line.field)
    if expr.op == "div" and parts[1].field is None and parts[1].fixed:
        by = parts[1]
        return Line(parts[0].fixed / by.fixed, parts[0].rate / by.fixed, parts[0].field)
    raise _not_affine(words(expr), place, path)


def _not_affine(got: str, place: Place, path: str) -> DefineError:
    return DefineError(
        "a cost is not a number plus a rate of one amount",
        at=place.at(path),
        got=got[:80],
        want='12.5, payment["amount"], 0.02 * payment["amount"] + 1',
        code="define.cost.affine",
    )
