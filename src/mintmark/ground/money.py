"""Money as whole minor units of an ISO 4217 currency; a fraction of a minor unit is an error."""

from decimal import Decimal, InvalidOperation

from mintmark.ground.errors import DefineError, GroundError

# ISO 4217, list one (2024), grouped by number of decimals. Funds and metals have no minor unit.
_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
        "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR "
        "FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW "
        "KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN "
        "NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD "
        "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS "
        "VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: size for size, codes in _BY_EXPONENT.items() for code in codes.split()}
_INT64_MAX = 2**63 - 1


def exponent(currency: str) -> int:
    """Return the number of decimals of a currency.

    Raises
    ------
    DefineError
        `ground.money.unknown_currency`.

    Examples
    --------
    >>> exponent("EUR"), exponent("JPY"), exponent("KWD")
    (2, 0, 3)
    """
    size = _EXPONENTS.get(currency) if isinstance(currency, str) else None
    if size is None:
        raise DefineError(
            "no such currency",
            got=repr(currency),
            want='an ISO 4217 code: "EUR", "USD", "JPY"',
            code="ground.money.unknown_currency",
        )
    return size


def minor(amount: str | int | Decimal, currency: str) -> int:
    """Return an amount in major units as whole minor units, exactly.

    Parameters
    ----------
    amount : str, int or Decimal
        Major units: "12.34". Floats are not taken, for they seldom hold what was written.
    currency : str
        ISO 4217 code.

    Raises
    ------
    GroundError
        `ground.money.unreadable`, `ground.money.fraction`, `ground.money.outside` (int64).
    DefineError
        `ground.money.unknown_currency`.

    Examples
    --------
    >>> minor("12.34", "EUR"), minor("12.340", "KWD"), minor("-7", "JPY")
    (1234, 12340, -7)
    """
    size = exponent(currency)
    try:
        if isinstance(amount, (bool, float)) or not isinstance(amount, (str, int, Decimal)):
            raise InvalidOperation
        value = Decimal(amount.strip() if isinstance(amount, str) else amount)
        if not value.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise GroundError(
            "an amount cannot be read",
            got=repr(amount),
            want=f'major units of {currency} as text or Decimal: "12.34"',
            code="ground.money.unreadable",
        ) from None
    if value and value.adjusted() > 18:
        raise _outside(amount, currency)
    sign, digits, point = value.as_tuple()
    assert isinstance(point, int)
    whole = int("".join(map(str, digits)))
    shift = size + point
    left = 0
    if shift >= 0:
        whole *= 10**shift
    elif -shift > len(digits):
        whole, left = 0, whole
    else:
        whole, left = divmod(whole, 10**-shift)
    if left:
        raise GroundError(
            "an amount has a fraction of a minor unit",
            got=f"{amount} {currency}",
            want=f"at most {size} decimals",
            code="ground.money.fraction",
        )
    if whole > _INT64_MAX:
        raise _outside(amount, currency)
    return -whole if sign else whole


def _outside(amount: object, currency: str) -> GroundError:
    return GroundError(
        "an amount is outside 64 bits of minor units",
        got=f"{amount} {currency}",
        code="ground.money.outside",
    )
