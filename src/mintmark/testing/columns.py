"""The world's rows as Arrow tables, under the names that the definitions use."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mintmark.testing.cases import Cases
from mintmark.testing.chance import Flags, Ints
from mintmark.testing.population import CATEGORIES, COUNTRIES, SEGMENTS, Population, Terminals
from mintmark.testing.schemes import SCHEMES, Rows

CHANNELS = ("chip", "contactless", "online", "phone")
_TIME = pa.timestamp("us", tz="UTC")
_WORD = pa.dictionary(pa.int32(), pa.string())
_CONTACTLESS_LIMIT = 5_000  # minor units; more than that needs the chip

PAYMENT_SCHEMA = pa.schema(
    [
        ("payment_id", pa.int64()),
        ("paid_at", _TIME),
        ("card", _WORD),
        ("terminal", _WORD),
        ("place", _WORD),
        ("amount", pa.decimal128(12, 2)),
        ("country", _WORD),
        ("channel", _WORD),
        ("category", _WORD),
        ("segment", _WORD),
        ("declined", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Names:
    """The text of every card, terminal and word, once; rows hold numbers into it."""

    people: Population
    card: pa.Array
    terminal: pa.Array
    place: pa.Array
    schema: pa.Schema

    @staticmethod
    def of(people: Population) -> "Names":
        """Name the cards, terminals and places of a population."""
        shops = people.terminals
        return Names(
            people=people,
            card=pa.array([f"c{i:07d}" for i in range(people.cards.count)]),
            terminal=pa.array([f"t{i:06d}" for i in range(shops.count)]),
            place=pa.array(_places(shops)),
            schema=PAYMENT_SCHEMA,
        )


def _places(shops: Terminals) -> list[str]:
    district = shops.district[: shops.street]
    first = np.flatnonzero(np.diff(district, prepend=-1))
    return [f"{COUNTRIES[shops.country[i]]}-{district[i]:04d}" for i in first]


def _words(index: npt.NDArray[np.integer], words: pa.Array, null: Flags | None = None) -> pa.Array:
    codes = pa.array(index.astype(np.int32), mask=null)
    return pa.DictionaryArray.from_arrays(codes, words)


def _decimals(minor: Ints) -> pa.Array:
    """Whole cents, none negative, as decimals of two places, without a loop."""
    wide = np.zeros((len(minor), 2), dtype="<i8")
    wide[:, 0] = minor
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(minor), [None, pa.py_buffer(wide)])


def _times(second: Ints, start_s: int) -> pa.Array:
    return pa.array((second + start_s) * 1_000_000).cast(_TIME)


def payment_table(
    names: Names, rows: Rows, channel: npt.NDArray[np.uint16], *, first: int, start_s: int
) -> pa.Table:
    """The payments of a run, the first of which has the number `first`.

    Parameters
    ----------
    names : Names
        Of the world.
    rows : Rows
        In order of time.
    channel : ndarray of uint16
        One draw a row, for the choice between chip and contactless, web and telephone.
    first, start_s : int
        Number of the first row; second of day 0, since 1970.
    """
    shops = names.people.terminals
    online = rows.terminal >= shops.street
    tapped = (rows.amount <= _CONTACTLESS_LIMIT) & (channel < 0.8 * 65_536)
    way = np.where(online, 2 + (channel < 0.02 * 65_536), tapped)
    columns = [
        pa.array(np.arange(first, first + len(rows), dtype=np.int64)),
        _times(rows.second, start_s),
        _words(rows.card, names.card),
        _words(rows.terminal, names.terminal),
        _words(shops.district[rows.terminal], names.place, online),
        _decimals(rows.amount),
        _words(shops.country[rows.terminal], pa.array(COUNTRIES)),
        _words(way, pa.array(CHANNELS)),
        _words(shops.category[rows.terminal], pa.array([c[0] for c in CATEGORIES])),
        _words(names.people.cards.segment[rows.card], pa.array(SEGMENTS)),
        pa.array(rows.declined),
    ]
    return pa.table(columns, schema=names.schema)


def case_table(cases: Cases, start_s: int) -> pa.Table:
    """The reports; a case has one number, whatever its revision."""
    _, number = np.unique(cases.payment, return_inverse=True)
    return pa.table(
        {
            "case_id": pa.array(1 + number.astype(np.int64)),
            "payment_id": pa.array(cases.payment),
            "reported_at": _times(cases.second, start_s),
            "revision": pa.array(cases.revision),
            "fraud": pa.array(cases.fraud),
        }
    )


def truth_table(payment: Ints, scheme: Ints) -> pa.Table:
    """Which payments are frauds, and of which scheme."""
    words = pa.array([SCHEMES[s] for s in scheme.tolist()])
    return pa.table({"payment_id": pa.array(payment), "scheme": words})
