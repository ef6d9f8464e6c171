"""The functions of row expressions: choosing, comparing, and naming another feature."""

from mintmark.define import limit
from mintmark.define.expr import Expr, combined
from mintmark.define.fault import guarded
from mintmark.define.operators import Operand
from mintmark.define.place import user_place


@guarded
def where(condition: Operand, value: Operand, other: Operand) -> Expr:
    """Return a value where a flag is true and another where it is false; null where it is null."""
    return combined("where", condition, value, other)


@guarded
def least(first: Operand, second: Operand, *more: Operand) -> Expr:
    """Return the least of some values; null where one of them is null."""
    found = combined("least", first, second)
    for one in more:
        found = combined("least", found, one)
    return found


@guarded
def greatest(first: Operand, second: Operand, *more: Operand) -> Expr:
    """Return the greatest of some values; null where one of them is null."""
    found = combined("greatest", first, second)
    for one in more:
        found = combined("greatest", found, one)
    return found


@guarded
def ref(feature: str) -> Expr:
    """Return the value of another feature of the same block, named before or after."""
    limit.name(feature, user_place(), path="ref", what="a feature")
    return Expr(op="ref", value=feature, folded=True)
