"""The fields of an event: what a value means, and the integer or text that is stored for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from mintmark.define import limit
from mintmark.define.fault import Named, refuse_pan
from mintmark.define.place import Place, user_place
from mintmark.ground import DefineError, GroundError, digest, exponent, zone_of

Kind = Literal["number", "flag", "category", "time"]
Storage = Literal["int64", "bool", "string"]

MONEY_MAX = 10**13
"""Largest amount of a Money or Fixed field, stored units, of either sign."""
INTEGER_MAX = 2**62
"""Largest whole number that an Integer field can hold, of either sign."""


@dataclass(frozen=True)
class Field(Named):
    """What the fields of all types have: a kind, a scale and a storage.

    A stored integer means value * 10**scale.
    """

    kind: ClassVar[Kind]
    storage: ClassVar[Storage]
    place: Place = field(
        default_factory=user_place, init=False, compare=False, repr=False, kw_only=True
    )

    @property
    def scale(self) -> int:
        """Decimals of the stored integer."""
        return 0

    @property
    def largest(self) -> int:
        """The largest stored integer, of either sign; what is larger is null."""
        return INTEGER_MAX

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form: plain values that say all there is to say."""
        return {"type": type(self).__name__.lower()} | self._parts()

    def _parts(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Money(Field):
    """An amount of one currency, stored as int64 minor units.

    Parameters
    ----------
    currency : str
        ISO 4217 code; its number of decimals is the scale.
    negative : bool
        Whether an amount may be below zero; if not, a log refuses one that is, and to every feature
        it is null.
    unit : "major" or "minor"
        What the source states: 12.34 or 1234.
    stated_in : str or None
        Column of the source that names each row's currency, which must be this one.

    Examples
    --------
    >>> Money("EUR").scale, Money("JPY").scale
    (2, 0)
    """

    kind = "number"
    storage = "int64"
    currency: str
    negative: bool = False
    unit: Literal["major", "minor"] = "major"
    stated_in: str | None = None

    def __post_init__(self) -> None:
        try:
            exponent(self.currency)
        except DefineError as error:
            raise limit.placed(error, self.place.at()) from None
        limit.one_of(self.negative, (True, False), self.place, path="negative")
        limit.one_of(self.unit, ("major", "minor"), self.place, path="unit")
        if self.stated_in is not None:
            source_column(self.stated_in, self.place, path="stated_in")

    @property
    def scale(self) -> int:
        """Decimals of the currency."""
        return exponent(self.currency)

    @property
    def largest(self) -> int:
        """The largest amount in minor units."""
        return MONEY_MAX

    def _parts(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "scale": self.scale,
            "negative": self.negative,
            "unit": self.unit,
            "stated_in": self.stated_in,
        }


@dataclass(frozen=True)
class Fixed(Field):
    """A number with a fixed count of decimals, stored as int64 of its last decimal.

    Parameters
    ----------
    decimals : int
        0 to 9: `Fixed(6)` keeps millionths.
    """

    kind = "number"
    storage = "int64"
    decimals: int

    def __post_init__(self) -> None:
        limit.whole(self.decimals, self.place, path="decimals", low=0, high=9)

    @property
    def scale(self) -> int:
        """Decimals, as declared."""
        return self.decimals

    @property
    def largest(self) -> int:
        """The largest number in units of its last decimal."""
        return MONEY_MAX

    def _parts(self) -> dict[str, Any]:
        return {"scale": self.decimals}


@dataclass(frozen=True)
class Integer(Field):
    """A whole number, stored as int64.

    Parameters
    ----------
    limit : int
        The largest number there may be, of either sign; a larger one is null to every feature.
        Aggregates of third and fourth powers need one of at most 10**13.
    """

    kind = "number"
    storage = "int64"
    limit: int = INTEGER_MAX

    def __post_init__(self) -> None:
        limit.whole(self.limit, self.place, path="limit", low=1, high=INTEGER_MAX)

    @property
    def largest(self) -> int:
        """The limit, as declared."""
        return self.limit

    def _parts(self) -> dict[str, Any]:
        return {"limit": self.limit}


@dataclass(frozen=True)
class Flag(Field):
    """True or false, stored as 1 or 0; any other number is null to every feature."""

    kind = "flag"
    storage = "bool"

    @property
    def largest(self) -> int:
        """One: true is stored as 1."""
        return 1


@dataclass(frozen=True)
class Category(Field):
    """One of a set of texts, compared by bytes.

    Parameters
    ----------
    values : iterable of str or None
        All the texts there may be; needed where the category itself is a feature, which is then
        its place in them, bytes order. None: any text.
    """

    kind = "category"
    storage = "string"
    values: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.values is None:
            return
        told: Any = self.values
        if isinstance(told, str) or not isinstance(told, Iterable):
            raise _values_fault(told, self.place)
        texts = tuple(told)
        if not texts or not all(isinstance(v, str) and v for v in texts):
            raise _values_fault(texts, self.place)
        if len(set(texts)) < len(texts):
            twice = sorted({v for v in texts if texts.count(v) > 1})
            raise DefineError(
                "a category names a value twice",
                at=self.place.at("values"),
                got=", ".join(twice),
                code="define.category.twice",
            )
        for text in texts:
            refuse_pan(text, self.place, path="values")
        object.__setattr__(self, "values", tuple(sorted(texts, key=lambda v: v.encode())))

    def _parts(self) -> dict[str, Any]:
        return {"values": None if self.values is None else list(self.values)}


@dataclass(frozen=True)
class Text(Field):
    """Free text; it can be compared and counted, never summed."""

    kind = "category"
    storage = "string"


@dataclass(frozen=True)
class Pan(Field):
    """A primary account number, of which only a keyed token is stored.

    The number itself reaches no log, no table and no error text.
    """

    kind = "category"
    storage = "string"


@dataclass(frozen=True)
class Time(Field):
    """A moment, stored as int64 microseconds UTC.

    Parameters
    ----------
    zone : str or None
        IANA name of the zone of times that name none; None refuses such times.
    """

    kind = "time"
    storage = "int64"
    zone: str | None = None

    def __post_init__(self) -> None:
        zone_name(self.zone, self.place, path="zone")

    @property
    def scale(self) -> int:
        """Six: stored microseconds mean seconds."""
        return 6

    def _parts(self) -> dict[str, Any]:
        return {"zone": self.zone}


def zone_name(zone: object, place: Place, *, path: str) -> None:
    """Refuse a zone that is neither None nor known to this machine."""
    if zone is None:
        return
    try:
        zone_of(zone if isinstance(zone, str) else "")
    except GroundError as error:
        raise limit.placed(error, place.at(path)) from None


def source_column(text: object, place: Place, *, path: str) -> str:
    """Return the name of a column in a source: any text without control characters."""
    if not isinstance(text, str) or not text or not text.isprintable() or len(text) > 200:
        raise DefineError(
            "a column of a source cannot be called this",
            at=place.at(path),
            got=repr(text),
            want="printable text of 1 to 200 characters",
            code="define.column.unfit",
        )
    refuse_pan(text, place, path=path)
    return text


def _values_fault(got: object, place: Place) -> DefineError:
    return DefineError(
        "the values of a category are not a list of texts",
        at=place.at("values"),
        got=repr(got)[:80],
        want='["BE", "FR", "NL"], or None for any',
        code="define.category.values",
    )
