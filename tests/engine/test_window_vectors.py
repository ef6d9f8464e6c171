"""The windows and last joins of OpenMLDB's own tests, each as a plan of ours.

`../shared/data/window_vectors` holds what that engine must answer; an independent evaluator
reproduced it. Each case becomes definitions and a log, and replay, live state and the oracle
answer it. A case whose frame ours cannot say word for word is said by an equivalent:

    order by any column     that column is the time of the rows; a unit is a millisecond
    partition by any type   a key of text that spells the value
    0 preceding             the current row, which is included
    exclude current time    ties="none", and the row's own value put back by a row expression
    rows from s to e before lag(e) to lag(s), nulls by a value that stands in for them
    max of dates and texts  the place of the text among the sorted ones
    sum of timestamps       whole milliseconds, for a Time cannot be summed
    a < b in a last join    one feature for each value of the left side, chosen by the row itself
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import mintmark as mm
from mintmark.define import Expr
from mintmark.engine.history import replay
from mintmark.engine.live import Live
from mintmark.engine.oracle import oracle
from mintmark.plan import Plan, compile_plan

VECTORS = Path(__file__).parents[3] / "shared/data/window_vectors"

pytestmark = pytest.mark.skipif(
    not VECTORS.exists(), reason="needs the public cases in ../shared/data/window_vectors"
)

Case = dict[str, Any]
WHOLE = ("smallint", "int", "bigint", "timestamp")
TEXTS = ("string", "date")
PLACES = 1_000_000
ABSENT = -(10**6)
"""Stands in for a null where `lag` would skip it; no value of a case is as small."""
MS = 1000


def cases(file: str) -> list[Any]:
    """The cases of a file, each with a name that no other has."""
    path = VECTORS / file
    told = json.loads(path.read_text()) if path.exists() else []
    return [
        pytest.param(case, id=f"{place:03}-{case['id'].split('/')[-1]}")
        for place, case in enumerate(told)
    ]


@dataclass(frozen=True)
class Values:
    """How the values of one column are stored, and what a stored number means."""

    type: str
    texts: tuple[str, ...] = ()

    def field(self) -> mm.Integer | mm.Fixed | mm.Flag:
        """The field that holds the column."""
        if self.type in ("float", "double"):
            return mm.Fixed(6)
        return mm.Flag() if self.type == "bool" else mm.Integer()

    def stored(self, value: Any) -> Any:
        """A value of the case in stored units."""
        if value is None or self.type == "bool":
            return value
        if self.type in TEXTS:
            return self.texts.index(value)
        return value if self.type in WHOLE else round(value * PLACES)

    def told(self, number: float) -> Any:
        """What a number of a feature means as a value of the column."""
        if math.isnan(number):
            return None
        return self.texts[int(number)] if self.type in TEXTS else number


def columns_of(table: Mapping[str, Any]) -> dict[str, Values]:
    """The columns of a table of a case, by name."""
    found = {}
    for place, column in enumerate(table["columns"]):
        texts = {row[place] for row in table["rows"]} if column["type"] in TEXTS else set()
        found[column["name"]] = Values(column["type"], tuple(sorted(texts - {None})))
    return found


def event_of(name: str, columns: Mapping[str, Values], keys: Mapping[str, mm.Entity]) -> mm.Event:
    """An event with a field for each column, and keys that spell some of them."""
    fields = {f"v_{name}": values.field() for name, values in columns.items()}
    return mm.Event(
        name, id="id", id_type="integer", at="at", keys=keys, fields=fields, earliest="1970-01-01"
    )


def row_of(
    columns: Mapping[str, Values], row: Sequence[Any], *, at: int, seq: int
) -> dict[str, Any]:
    """A row of a case as a row of the log, without its keys."""
    place = {"mm_seq": seq, "mm_at": at * MS, "mm_known_at": at * MS, "mm_revision": 0, "id": seq}
    stored = zip(columns.items(), row, strict=True)
    return place | {f"v_{name}": values.stored(value) for (name, values), value in stored}


def table_of(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Values]) -> pa.Table:
    """Rows of the log as a table."""
    types = {f"v_{name}": pa.bool_() for name, v in columns.items() if v.type == "bool"}
    keys = {name: pa.string() for name in rows[0] if name.startswith("k_")}
    types |= keys
    return pa.table({n: pa.array([r[n] for r in rows], types.get(n, pa.int64())) for n in rows[0]})


def answers(plan: Plan, streams: Mapping[str, Sequence[Mapping[str, Any]]], **types: Any) -> Any:
    """What replay says of each request, once live state and the oracle have said the same."""
    tables = {name: table_of(rows, types[name]) for name, rows in streams.items() if rows}
    replayed = replay(plan, tables).features
    truth = [np.array(row).tobytes() for row in oracle(plan, tables)]
    assert [row.tobytes() for row in replayed] == truth
    live, answered = Live.start(plan, {name: t.slice(0, 0) for name, t in tables.items()}), []
    log = [(row["mm_seq"], name, row) for name, rows in streams.items() for row in rows]
    for _, name, row in sorted(log, key=lambda entry: entry[0]):
        if name == plan.request:
            answered.append(live.decide(row).tobytes())
        else:
            live.fold(name, row)
    assert answered == truth
    return replayed


def same(ours: Any, theirs: Any, *, single: bool = False) -> bool:
    """Whether two values are equal, numbers but for the rounding of their own sums."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return bool(ours) == bool(theirs) and (ours is None) == (theirs is None)
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-6 if single else 1e-12)
    return bool(ours == theirs)


# Windows.


@dataclass(frozen=True)
class Frame:
    """A frame of a case, in the terms of our windows."""

    form: Mapping[str, Any]

    @property
    def own(self) -> bool:
        """Whether the current row belongs to the frame."""
        end = self.form["end"]
        return end["offset"] == 0 and not end["open"] and not self.form["exclude_current_row"]

    @property
    def apart(self) -> bool:
        """Whether the current row is put back by itself, its ties being left out."""
        return self.own and self.form["exclude_current_time"]

    def over(self) -> dict[str, Any] | None:
        """What `.over(...)` is told; None where no other row can belong."""
        start, end, size = self.form["start"], self.form["end"], self.form["maxsize"]
        how: dict[str, Any] = {"include_current": self.own and not self.apart}
        if self.form["exclude_current_time"]:
            how["ties"] = "none"
        if self.form["frame"] == "rows":
            size = start["offset"] + 1 - start["open"] - (not self.own)
        else:
            how["span"] = f"{start['offset'] - end['offset']}ms"
            how["offset"] = f"{end['offset']}ms"
            how["edges"] = "[("[start["open"]] + "])"[end["open"]]
        if size is not None:
            how["last"] = size - self.apart
        return None if how.get("last") == 0 else how

    def lags(self) -> tuple[int, ...]:
        """How many rows back each of its rows is, where it is one of rows that ends before."""
        start, end = self.form["start"], self.form["end"]
        if self.form["frame"] == "range" or end["offset"] == 0:
            return ()
        return tuple(range(end["offset"] + end["open"], start["offset"] + 1 - start["open"]))


AGGREGATES = {"sum": "sum", "avg": "mean", "min": "min", "max": "max", "count": "count"}


def feature_of(payment: mm.Event, asked: Mapping[str, str], frame: Frame) -> Expr:
    """One selected aggregate as an expression."""
    value, keys = payment[f"v_{asked['column']}"], [f"k_{k}" for k in frame.form["partition_by"]]
    how = {"distinct_count": "distinct"}.get(asked["agg"]) or AGGREGATES[asked["agg"]]
    if frame.lags():
        return of_lags(how, [lagged(value, k).by(*keys) for k in frame.lags()])
    window = frame.over()
    if window is None:
        return {"count": mm.where(value.null(), 0, 1)}.get(how, value)
    kept: Expr = getattr(value, how)().by(*keys).over(**window)
    count = value.count().by(*keys).over(**window)
    if how != "count":
        kept = mm.where(count > 0, kept, None)
    if not frame.apart:
        return kept
    assert how in ("count", "sum"), how
    own = mm.where(value.null(), 0, 1) if how == "count" else value
    return kept.otherwise(0) + own if how == "count" else both(kept, own)


def both(first: Expr, second: Expr) -> Expr:
    """The sum of two numbers of which either may be null."""
    known = ~first.null() | ~second.null()
    return mm.where(known, first.otherwise(0) + second.otherwise(0), None)


def lagged(value: Expr, k: int) -> Any:
    """The aggregate of the value that stands k rows back, a stand-in where that one is null."""
    return value.otherwise(ABSENT).fixed(6).lag(k).over("lifetime")


def of_lags(how: str, lags: Sequence[Expr]) -> Expr:
    """The greatest or the sum of some rows, each read by itself; null where none has a value."""
    assert how in ("max", "sum"), how
    told = [lag.otherwise(ABSENT) for lag in lags]
    if how == "sum":
        found = mm.where(told[0] == ABSENT, None, told[0])
        for lag in told[1:]:
            found = both(found, mm.where(lag == ABSENT, None, lag))
        return found
    most = mm.greatest(*told)
    return mm.where(most == ABSENT, None, most)


def rows_by(case: Case, columns: Mapping[str, Values], order: str) -> list[dict[str, Any]]:
    """The rows of a case as a log in the order of a column, ties in the order of the case."""
    names = list(columns)
    at = {n: int(row[names.index(order)]) for n, row in enumerate(case["rows"])}
    rows = []
    for seq, n in enumerate(sorted(at, key=lambda n: (at[n], n))):
        row = case["rows"][n]
        spelled = {f"k_{name}": json.dumps(v) for name, v in zip(names, row, strict=True)}
        rows.append(row_of(columns, row, at=at[n], seq=seq) | {"n": n} | spelled)
    return rows


@pytest.mark.parametrize("case", cases("windows.json"))
def test_a_window_gives_what_openmldb_expects(case: Case) -> None:
    """Every selected value of every row, whichever way the log is folded."""
    columns = columns_of(case)
    names = list(columns)
    entities = {f"k_{name}": mm.Entity(f"k_{name}") for name in names}
    payment = event_of("payment", columns, entities)
    expected = [[None] * len(case["select"]) for _ in case["rows"]]
    asked: dict[str, dict[str, Expr]] = {}
    for place, told in enumerate(case["select"]):
        if "agg" in told:
            frame = Frame(case["windows"][told["window"]])
            of_order = asked.setdefault(frame.form["order_by"], {})
            of_order[f"f{place}"] = feature_of(payment, told, frame)
        else:
            for n, row in enumerate(case["rows"]):
                expected[n][place] = row[names.index(told["column"])]
    for order, features in asked.items():
        rows, plan = rows_by(case, columns, order), compile_plan(mm.Features(payment, **features))
        answered = answers(plan, {"payment": rows}, payment=columns)
        for row, given in zip(rows, answered, strict=True):
            for name, number in zip(plan.names, given, strict=True):
                told = case["select"][int(name[1:])]
                counted = told["agg"] in ("count", "distinct_count")
                values = Values("int") if counted else columns[told["column"]]
                expected[row["n"]][int(name[1:])] = values.told(float(number))
    check(case, expected)


def check(case: Case, ours: Sequence[Sequence[Any]]) -> None:
    """Hold our rows to those that a case expects, in any order."""
    left = list(case["expect_rows"])
    singles = ["float" in column.split()[-1] for column in case["expect_columns"]]
    for row in ours:
        match = [
            n
            for n, want in enumerate(left)
            if all(same(a, b, single=s) for a, b, s in zip(row, want, singles, strict=True))
        ]
        assert match, (row, left)
        left.pop(match[0])
    assert not left


# Last joins.


@dataclass(frozen=True)
class Join:
    """A case of a last join: which rows of the right meet a row of the left."""

    case: Case
    left: Mapping[str, Values]
    right: Mapping[str, Values]

    def told(self, side: str, row: Sequence[Any], *, op: str) -> list[Any]:
        """What a row says in the conditions of one sort."""
        names = list(getattr(self, side))
        equal = [on for on in self.case["on"] if (on["op"] == "=") == (op == "=")]
        return [row[names.index(on[side])] for on in equal]

    def rows(self, side: str) -> list[dict[str, Any]]:
        """The rows of a side as rows of the log: the right is known first, at its own times."""
        order, columns = self.case["order_by"], getattr(self, side)
        right = self.case["right"]["rows"]
        place = None if order is None else list(self.right).index(order)
        times = [0 if place is None else int(row[place]) for row in right]
        rows = []
        for n, row in enumerate(self.case[side]["rows"]):
            at = times[n] if side == "right" else max(times, default=0)
            seq = n if side == "right" else len(right) + n
            key = {"k_join": json.dumps(self.told(side, row, op="="))}
            rows.append(row_of(columns, row, at=at, seq=seq) | key)
        return rows

    def feature(self, ours: mm.Event, theirs: mm.Event, column: str) -> Expr:
        """The value of a column of the row that is met."""
        value = theirs[f"v_{column}"]
        unlike = [on for on in self.case["on"] if on["op"] != "="]
        if not unlike:
            return value.newest().by("k_join").over("lifetime")
        chosen: Expr | None = None
        (on,) = unlike
        for said in {self.told("left", row, op="<")[0] for row in self.case["left"]["rows"]}:
            met = COMPARE[on["op"]](theirs[f"v_{on['right']}"], said)
            last = value.last().where(met).by("k_join").over("lifetime")
            mine = ours[f"v_{on['left']}"] == said
            chosen = mm.where(mine, last, None if chosen is None else chosen)
        assert chosen is not None
        return chosen


COMPARE = {
    "<": lambda right, left: right > left,
    "<=": lambda right, left: right >= left,
    ">": lambda right, left: right < left,
    ">=": lambda right, left: right <= left,
}


@pytest.mark.parametrize("case", cases("last_join.json"))
def test_a_last_join_gives_what_openmldb_expects(case: Case) -> None:
    """A lookup is the newest row of its key over a lifetime, placed by the right side's times."""
    join = Join(case, columns_of(case["left"]), columns_of(case["right"]))
    key = {"k_join": mm.Entity("k_join")}
    ours, theirs = event_of("ours", join.left, key), event_of("theirs", join.right, key)
    features = {
        f"f{place}": join.feature(ours, theirs, told["column"])
        for place, told in enumerate(case["select"])
        if told["table"] == 1
    }
    plan = compile_plan(mm.Features(ours, **features))
    streams = {"ours": join.rows("left"), "theirs": join.rows("right")}
    answered = answers(plan, streams, ours=join.left, theirs=join.right)
    rows = []
    for row, given in zip(case["left"]["rows"], answered, strict=True):
        numbers = dict(zip(plan.names, given, strict=True))
        rows.append(
            [
                join.right[told["column"]].told(float(numbers[f"f{place}"]))
                if told["table"] == 1
                else row[list(join.left).index(told["column"])]
                for place, told in enumerate(case["select"])
            ]
        )
    check(case, rows)
