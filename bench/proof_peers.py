"""How many of the same values each peer gets wrong, on logs that are nasty in one way each.

Each log is in the form of `peer_values.py`. Ours are the values of the oracle, which replay gives
bit for bit or the run has failed. A peer's value is wrong where one is null and the other is not,
or where they differ by more than 10**-9, and by more than a part in 10**9: rounding is forgiven,
the bits are not asked for.
Our entropy is defined in steps of 2**-20, so there a difference of 10**-6 is forgiven too.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from peer_values import OF_CATEGORY, PEERS, Wanted, name_of, peer_values

from mintmark.define.catalogue import aggregate_kind, names
from mintmark.engine.history import replay
from mintmark.engine.oracle import oracle
from mintmark.ground import Progress
from mintmark.plan import Aggregate, Column, Group, Node, Output, Plan
from mintmark.plan.node import Window

LOGS = ("calm", "nulls", "ties", "late", "1e16 then 0.1")
SPAN_US = 600_000_000
SECOND_US = 1_000_000
SPANS: tuple[int | None, ...] = (SPAN_US, None)
CLOSE = 1e-9
COARSE = {"entropy": 1e-6}
"""What is forgiven where our own definition rounds."""
SCALE = 1
PARAMS: dict[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    "quantile": (("quantile_50", (500_000,)), ("quantile_90", (900_000,))),
    "lag": (("lag_2", (2,)),),
    **{kind: ((f"{kind}_2", (2,)),) for kind in ("nth", "top", "bottom")},
    "mode": (("mode", (1,)),),
    **{kind: ((kind, (SPAN_US, SPAN_US // 32)),)
       for kind in ("decay_count", "decay_sum", "decay_mean")},
}  # fmt: skip
"""What the peers call an aggregate with parameters."""
_START_AT = 1_700_000_000 * SECOND_US
_NOT_CURRENT = ("is_new", "seen", "since_last")
Column64 = NDArray[np.float64]


@dataclass
class PeerFound:
    """What one peer answered.

    wrong : of each log (wrong values, values);  kinds : of each log the features with wrong values;
    rounded : values that are right and have other bits;  tied : of the wrong ones on ties those
    that would be right if rows of one time saw each other;  cannot : features;  failed : why it
    gave no answer, "" where it did.
    """

    name: str
    version: str = ""
    how: str = ""
    wrong: dict[str, tuple[int, int]] = field(default_factory=dict)
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rounded: int = 0
    tied: int = 0
    cannot: tuple[str, ...] = ()
    failed: str = ""


@dataclass
class PeersFound:
    """What all peers answered, and in each log how many of our values are not the oracle's."""

    rows: int
    features: tuple[str, ...]
    peers: list[PeerFound]
    ours: dict[str, int] = field(default_factory=dict)


def compare_peers(seed: int, rows: int, progress: Progress) -> PeersFound:
    """Ask every peer for the values of every log."""
    wanted = features()
    plan = plan_of(wanted)
    told = tuple(name_of(*one) for one, _ in wanted)
    peers = [PeerFound(name) for name in PEERS]
    found = PeersFound(rows, told, peers)
    progress.start("peers", len(LOGS) * len(PEERS))
    with TemporaryDirectory(prefix="mintmark-peers-") as folder:
        for name in LOGS:
            log = drawn(Random(f"{seed}:{name}"), name, rows)
            path = Path(folder) / f"{LOGS.index(name)}.parquet"
            pq.write_table(peers_table(log), path)
            ours, found.ours[name] = our_values(plan, log)
            for peer in peers:
                _ask(peer, name, path, [one for one, _ in wanted])
                if not peer.failed:
                    _compare(peer, name, path, dict(zip(told, ours, strict=True)), log)
                progress.advance(1)
    progress.done(f"{len(LOGS)} logs of {rows:,} rows, {len(told)} features")
    return found


def features() -> list[tuple[Wanted, Aggregate]]:
    """Every aggregate over ten minutes and over a lifetime."""
    found = []
    for kind in names():
        for name, params in PARAMS.get(kind, ((kind, ()),)):
            for span in SPANS if kind != "rate" else (SPAN_US,):
                column = 1 if kind in OF_CATEGORY else 0
                if aggregate_kind(kind).rows:
                    column = -1
                window = Window(span_us=span, include_current=kind not in _NOT_CURRENT)
                params = (SECOND_US, SPAN_US) if kind == "rate" else params
                one = Aggregate(0, kind, None if column < 0 else column, window, params)
                found.append(((name, span), one))
    return found


def plan_of(wanted: Sequence[tuple[Wanted, Aggregate]]) -> Plan:
    """The plan of some features over the rows of a log; amounts are whole tenths."""
    form = {
        "name": "row", "id": "id", "id_type": "integer", "revision": None, "refers_to": None,
        "refers_by": None, "reverses": None, "lateness_us": 10**9,
        "keys": {"key": {"entity": "key", "type": "text", "optional": False}},
        "fields": {"amount": {"type": "integer"}, "category": {"type": "category"}},
    }  # fmt: skip
    aggregates = tuple(one for _, one in wanted)
    texts = [one.kind in ("first", "last", "mode") and one.column == 1 for one in aggregates]
    nodes = [
        Node("aggregate", (), place, "category" if text else "number")
        for place, text in enumerate(texts)
    ]
    return Plan(
        request="row", events=(form,), label=None,
        event_nodes={
            "row": (Node("field", (), "amount"), Node("field", (), "category", "category"))
        },
        columns=(
            Column("row", "expr", 0, SCALE, "number"), Column("row", "expr", 1, 0, "category"),
        ),
        groups=(Group("row", ("key",), (0, 1)),),
        aggregates=aggregates, nodes=tuple(nodes),
        outputs=tuple(
            Output(name_of(*one), place, _CATEGORIES if text else None)
            for place, ((one, _), text) in enumerate(zip(wanted, texts, strict=True))
        ),
    )  # fmt: skip


_CATEGORIES = ("a", "b", "c", "d", "e")
Rows = list[dict[str, Any]]


def drawn(random: Random, name: str, rows: int) -> Rows:
    """A log that is nasty in the one way that its name says; times are whole seconds."""
    log, at = [], _START_AT
    used: set[tuple[str, int]] = set()
    for seq in range(rows):
        at += random.choice((0, 0, 5, 30)) * SECOND_US if name == "ties" else (
            random.choice((1, 5, 20, 60)) * SECOND_US
        )  # fmt: skip
        key, mine = random.choice("abcde"), at
        if name == "late" and random.random() < 0.2:
            mine -= random.choice((30, 120, 400)) * SECOND_US
        while name != "ties" and (key, mine) in used:
            mine -= SECOND_US
        used.add((key, mine))
        amount: int | None = random.randint(1, 5_000)
        if name == "1e16 then 0.1":
            amount = random.choice((10**17, 1, 1, 1, 3, 2_000))
        category: str | None = random.choice(_CATEGORIES)
        if name == "nulls":
            amount = random.choice((amount, None))
            category = random.choice((category, category, None))
        log.append({"key": key, "at": mine, "seq": seq, "amount": amount, "category": category})
    return log


def peers_table(log: Rows) -> pa.Table:
    """A log as the peers read it: amounts are float64."""
    amounts = [None if row["amount"] is None else row["amount"] / 10.0**SCALE for row in log]
    return pa.table(
        {name: [row[name] for row in log] for name in ("key", "at", "seq")}
        | {"amount": pa.array(amounts, pa.float64())}
        | {"category": pa.array([row["category"] for row in log], pa.string())}
    )


def our_values(plan: Plan, log: Rows) -> tuple[list[Column64], int]:
    """The oracle's values, a column for each feature, and how many replay gives otherwise."""
    told = [
        row | {"id": row["seq"], "mm_seq": row["seq"], "mm_at": row["at"], "mm_revision": 0,
               "mm_known_at": _START_AT + row["seq"]}
        for row in log
    ]  # fmt: skip
    table = {"row": pa.Table.from_pylist(told)}
    values = np.array(oracle(plan, table))
    bits = replay(plan, table).features.view(np.int64)
    differ = int(np.count_nonzero(bits != values.view(np.int64)))
    return [np.ascontiguousarray(column) for column in values.T], differ


def _ask(peer: PeerFound, log: str, path: Path, wanted: Sequence[Wanted]) -> None:
    """Let a peer write its values beside a log; what keeps it from that is noted."""
    if peer.failed:
        return
    try:
        told = peer_values(path, wanted, path.parent, peers=(peer.name,))[peer.name]
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        peer.failed = f"no answer on {log}: {type(error).__name__} {error}".split("\n")[0]
        return
    peer.version, peer.how, peer.cannot = told.version, told.how, told.cannot


def _compare(peer: PeerFound, log: str, path: Path, ours: dict[str, Column64], rows: Rows) -> None:
    """Count what is wrong with a peer's values."""
    table = pq.read_table(path.parent / f"{peer.name}.parquet")
    wrong, kinds = 0, []
    seen = [name for name in table.column_names if name != "seq"]
    for name in seen:
        theirs = _numbers(table[name])
        kind = name.rpartition("_")[0]
        forgiven = COARSE.get(kind, 0.0)
        bad = ~close(ours[name], theirs, forgiven)
        if bad.any():
            wrong += int(bad.sum())
            kinds.append(kind)
        null = np.isnan(ours[name]) & np.isnan(theirs)
        peer.rounded += int(np.count_nonzero(~bad & ~null & (ours[name] != theirs)))
        if log == "ties":
            tied = ours[name][_last_tied(rows)]
            peer.tied += int(np.count_nonzero(bad & close(tied, theirs, forgiven)))
    peer.wrong[log] = (wrong, len(seen) * table.num_rows)
    peer.kinds[log] = tuple(dict.fromkeys(kinds))


def close(ours: Column64, theirs: Column64, forgiven: float) -> NDArray[np.bool_]:
    """Whether values are null alike, or within 10**-9, a part in 10**9, or `forgiven`."""
    null = np.isnan(ours) & np.isnan(theirs)
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.abs(ours), 1.0)
        near = np.abs(ours - theirs) <= np.maximum(CLOSE * size, forgiven)
    return near | null


def _last_tied(rows: Rows) -> NDArray[np.int64]:
    """For each row the last one of its key and time."""
    last = {(row["key"], row["at"]): place for place, row in enumerate(rows)}
    return np.array([last[row["key"], row["at"]] for row in rows])


def _numbers(column: pa.ChunkedArray) -> Column64:
    """A column of numbers, or of categories as their places, NaN for null."""
    places = {text: float(place) for place, text in enumerate(_CATEGORIES)}
    values = [places.get(value, value) for value in column.to_pylist()]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
