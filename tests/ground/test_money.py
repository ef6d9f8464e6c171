"""Money: exact minor units, or an error."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.ground import DefineError, GroundError, exponent, minor


def test_exponents_follow_the_standard() -> None:
    """Yen has no decimals, most currencies two, dinars three, the UF four."""
    sizes = {"JPY": 0, "KRW": 0, "EUR": 2, "USD": 2, "KWD": 3, "TND": 3, "CLF": 4}
    assert {code: exponent(code) for code in sizes} == sizes


@pytest.mark.parametrize("code", ["EURO", "eur", "XXX", "", None, 978])
def test_unknown_currencies(code: object) -> None:
    """A currency that ISO 4217 does not list is an error with its own code."""
    with pytest.raises(DefineError) as caught:
        exponent(code)  # type: ignore[arg-type]
    assert caught.value.code == "ground.money.unknown_currency"


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("12.34", "EUR", 1234),
        ("12.340", "EUR", 1234),
        ("12", "EUR", 1200),
        ("-0.01", "EUR", -1),
        ("1e2", "EUR", 10000),
        (" 7 ", "JPY", 7),
        (Decimal("1.234"), "KWD", 1234),
        (5, "EUR", 500),
        ("0e500", "EUR", 0),
        ("0e-500", "EUR", 0),
        ("92233720368547758.07", "EUR", 2**63 - 1),
    ],
)
def test_amounts(amount: str | int | Decimal, currency: str, units: int) -> None:
    """An amount in major units becomes whole minor units."""
    assert minor(amount, currency) == units


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("12.345", "EUR", "ground.money.fraction"),
        ("0.5", "JPY", "ground.money.fraction"),
        ("1e-400", "EUR", "ground.money.fraction"),
        ("92233720368547758.08", "EUR", "ground.money.outside"),
        ("1e400", "EUR", "ground.money.outside"),
        ("1e999999999", "EUR", "ground.money.outside"),
        ("twelve", "EUR", "ground.money.unreadable"),
        ("NaN", "EUR", "ground.money.unreadable"),
        ("Infinity", "EUR", "ground.money.unreadable"),
        ("", "EUR", "ground.money.unreadable"),
        (12.34, "EUR", "ground.money.unreadable"),
        (True, "EUR", "ground.money.unreadable"),
    ],
)
def test_amounts_that_are_refused(amount: object, currency: str, code: str) -> None:
    """A fraction of a minor unit is never rounded away, and a float is never trusted."""
    with pytest.raises(GroundError) as caught:
        minor(amount, currency)  # type: ignore[arg-type]
    assert caught.value.code == code


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(["JPY", "EUR", "KWD", "CLF"]))
def test_every_amount_of_minor_units_is_read_back(units: int, currency: str) -> None:
    """Written in major units and read again, every int64 amount is the same."""
    text = str(Decimal(units).scaleb(-exponent(currency)))
    assert minor(text, currency) == units
