"""Functions of a row: what they give, what they refuse, and places on the earth."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import mintmark as mm
from mintmark.define import Expr
from mintmark.ground import DefineError

payment = mm.Event(
    "payment",
    id="id",
    at="at",
    keys={"card": mm.Entity("card")},
    fields={
        "x": mm.Fixed(6),
        "country": mm.Category(["BE"]),
        "online": mm.Flag(),
        "lat": mm.Fixed(6),
        "lon": mm.Fixed(6),
    },
)
x, country, at = payment["x"], payment["country"], payment.at


@pytest.mark.parametrize(
    ("expr", "kind", "text"),
    [
        (x.log(), "number", "log(payment.x)"),
        (x.exp(), "number", "exp(payment.x)"),
        (x.power(2), "number", "power(payment.x, 2)"),
        (x.power(2.0), "number", "power(payment.x, 2)"),
        (x.power(-0.5), "number", "power(payment.x, -0.5)"),
        (x.sin(), "number", "sin(payment.x)"),
        (x.cos(), "number", "cos(payment.x)"),
        (x.atan(), "number", "atan(payment.x)"),
        (x.floor(), "number", "floor(payment.x)"),
        (x.mod(7), "number", "mod(payment.x, 7)"),
        (x.sign(), "number", "sign(payment.x)"),
        (x.bucket([0]), "number", "(0 + (payment.x >= 0))"),
        (country.hash(64), "number", "hash(payment.country, 64)"),
        (payment["card"].hash(64), "number", "hash(payment.card, 64)"),
        (at.minute(tz="UTC"), "number", "minute(payment.at, UTC)"),
        (at.second_of_day(tz="UTC"), "number", None),
        (at.month(tz="UTC"), "number", None),
        (at.year(tz="UTC"), "number", None),
        (at.yearday(tz="UTC"), "number", None),
        (at.week(tz="UTC"), "number", None),
        (at.holiday("BE", tz="UTC"), "flag", "holiday(payment.at, BE|UTC)"),
    ],
)
def test_functions(expr: Expr, kind: str, text: str | None) -> None:
    """Each function gives its kind, and reads as it was written."""
    assert expr.kind == kind
    assert text is None or repr(expr) == text


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: country.log(), "define.expression.kind"),
        (lambda: at.floor(), "define.expression.kind"),
        (lambda: x.hash(3), "define.expression.kind"),
        (lambda: x.mod(country), "define.expression.kind"),
        (lambda: x.month(tz="UTC"), "define.expression.kind"),
        (lambda: x.holiday("BE", tz="UTC"), "define.expression.kind"),
        (lambda: x.power("2"), "define.number.outside"),
        (lambda: x.power(True), "define.number.outside"),
        (lambda: x.power(math.inf), "define.number.outside"),
        (lambda: x.power(math.nan), "define.number.outside"),
        (lambda: x.power(1_001), "define.number.outside"),
        (lambda: country.hash(0), "define.number.outside"),
        (lambda: country.hash(2**40), "define.number.outside"),
        (lambda: x.bucket([]), "define.expression.edges"),
        (lambda: x.bucket([1, 1]), "define.expression.edges"),
        (lambda: x.bucket("12"), "define.expression.edges"),
        (lambda: x.bucket([1, math.nan]), "define.expression.edges"),
        (lambda: at.holiday("Belgium", tz="UTC"), "define.holiday.country"),
        (lambda: at.holiday("BE|x", tz="UTC"), "define.holiday.country"),
        (lambda: at.holiday("BE", tz="Mars"), "ground.time.zone"),
        (lambda: at.week(tz=None), "ground.time.zone"),
    ],
)
def test_what_cannot_be_meant(call: Callable[[], Any], code: str) -> None:
    """Every misuse has its code and the user's line."""
    with pytest.raises(DefineError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.at.startswith("tests/define/test_functions.py:")


OPERATIONS: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "least": min,
    "greatest": max,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "atan": math.atan,
}


def value_of(expr: Expr, fields: dict[str, float]) -> float:
    """Return the value of an expression over a row, as a page of mathematics would."""
    if expr.op == "literal":
        return float(expr.value)  # type: ignore[arg-type]
    if expr.op == "field":
        return fields[str(expr.value)]
    return OPERATIONS[expr.op](*(value_of(arg, fields) for arg in expr.args))


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((50.8503, 4.3517), (48.8566, 2.3522), 263.98),
        ((0, 0), (0, 0), 0.0),
        ((0, 0), (0, 180), math.pi * 6371.0088),
        ((90, 0), (-90, 0), math.pi * 6371.0088),
        ((0, 179.5), (0, -179.5), math.radians(1) * 6371.0088),
        ((51.0, 4.0), (51.000001, 4.0), math.radians(1e-6) * 6371.0088),
    ],
)
def test_distances(here: tuple[float, float], there: tuple[float, float], km: float) -> None:
    """Brussels to Paris, poles, the far side, across the date line, and a hand's breadth."""
    expr = mm.distance_km(payment["lat"], payment["lon"], *there)
    found = value_of(expr, {"lat": here[0], "lon": here[1]})
    assert found == pytest.approx(km, rel=1e-4, abs=1e-9)


def test_a_last_place_is_whole() -> None:
    """Latitude and longitude of the last place come from one event, which has both."""
    expr = payment.distance_from_last("lat", payment["lon"], by="card")
    filters = set()
    stack: list[Expr] = [expr]
    while stack:
        node = stack.pop()
        stack += node.args
        if isinstance(node, Expr) and node.op == "aggregate":
            filters.add(repr(node.filter))  # type: ignore[attr-defined]
    assert filters == {"(not(null(payment.lat)) & not(null(payment.lon)))"}
    assert mm.Features(payment, v=payment.speed_from_last("lat", "lon", by="card")).names == ("v",)
    with pytest.raises(DefineError) as caught:
        payment.distance_from_last("lat", "nope", by="card")
    assert caught.value.code == "define.field.unknown"
