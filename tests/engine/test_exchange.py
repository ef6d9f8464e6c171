"""Rows sorted out by key and by id: the bits of one process, and no place sees too much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flow.made import drawn_case
from laws.drawn import tables_of
from mintmark.engine.exchange import Sieve, marks, namings, settle, sorted_out, spread
from mintmark.engine.history import replay
from mintmark.engine.shards import (
    Gathered,
    Shard,
    columns_of,
    hashes,
    place_of_keys,
    request_columns,
    shard_aggregates,
    tables_by_key,
)
from mintmark.plan import Plan

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
DRAWN = settings(max_examples=120, phases=[Phase.generate], **RELAXED)
Tables = dict[str, pa.Table]


def exchanged(plan: Plan, group: int, tables: Mapping[str, pa.Table], of: int) -> list[Tables]:
    """The rows that each place of a group is handed, the streams in chunks of seven rows."""
    read = {s: c for s, c in sorted_out(plan, group).items() if s in tables}
    sieve = Sieve(0) if namings(plan, group) else None
    for naming in namings(plan, group):
        if naming.stream in tables and sieve is not None:
            sieve.add(marks(plan, naming, tables[naming.stream]))
    places: list[dict[str, list[pa.Table]]] = [defaultdict(list) for _ in range(of)]
    buckets: list[dict[str, list[pa.Table]]] = [defaultdict(list) for _ in range(2)]
    for stream, columns in read.items():
        rows = tables[stream].select(list(columns))
        for start in range(0, len(rows), 7):
            chunk = rows.slice(start, 7)
            told = spread(plan, group, of, stream, chunk, sieve, len(buckets))
            for slot, part in told.parts(chunk):
                [*places, *buckets][slot][stream].append(part)
    for bucket in buckets:
        named = {stream: pa.concat_tables(parts) for stream, parts in bucket.items()}
        for stream, told in settle(plan, group, of, named).items():
            for place, part in told.parts(named[stream]):
                places[place][stream].append(part)
    nothing = {s: tables[s].select(list(c)).slice(0, 0) for s, c in read.items()}
    whole = {s: c for s, c in columns_of(plan, group).items() if s not in read and s in tables}
    seen = nothing | {stream: tables[stream].select(list(c)) for stream, c in whole.items()}
    return [
        seen | {stream: _in_order(parts) for stream, parts in place.items()} for place in places
    ]


def _in_order(parts: list[pa.Table]) -> pa.Table:
    whole = pa.concat_tables(parts)
    _, order = np.unique(whole["mm_seq"].to_numpy(), return_index=True)
    return whole.take(pa.array(order))


@DRAWN
@given(seed=st.integers(0, 2**63), rows=st.sampled_from((12, 50, 120)), of=st.integers(2, 5))
def test_exchanged_rows_give_the_bits_of_one_process(seed: int, rows: int, of: int) -> None:
    """Any plan, any log, with corrections, reversals of reversals and labels parked or late."""
    plan, log = drawn_case(seed, rows)
    tables = tables_of(log)
    parts = []
    for group, told in enumerate(plan.groups):
        count = of if told.roles else 1
        for place, mine in enumerate(exchanged(plan, group, tables, count)):
            parts.append(shard_aggregates(plan, Shard(group, place, count), mine))
    requests = tables[plan.request].select(list(request_columns(plan)))
    features = Gathered(plan).features(requests, parts)
    assert features.tobytes() == replay(plan, tables).features.tobytes()


def test_a_place_sees_its_own_rows_and_what_speaks_of_them() -> None:
    """Rows of a label go to the place of their event and nowhere else; unknown ones nowhere."""
    seen = 0
    for seed in range(60):
        plan, log = drawn_case(seed, 120)
        tables = tables_of(log)
        for group, told in enumerate(plan.groups):
            label = columns_of(plan, group).get("chargeback")
            if not told.roles or told.stream != "payment" or not label:
                continue
            for place in exchanged(plan, group, tables, 4):
                ids = set(place["payment"]["id"].to_pylist())
                named = place["chargeback"]["payment_id"].to_pylist()
                assert set(named) <= ids
                seen += len(named)
    assert seen


def test_a_table_by_the_groups_own_key_goes_by_it() -> None:
    """A place sees the rows of its keys; of any other table, or one whose rows may move, all."""
    seen = {"by key": 0, "whole": 0}
    for seed in range(200):
        plan, log = drawn_case(seed, 120)
        tables = tables_of(log)
        for group in range(len(plan.groups)):
            for table, keys in tables_by_key(plan, group).items():
                seen["by key" if keys else "whole"] += 1
                for place, mine in enumerate(exchanged(plan, group, tables, 4)):
                    rows = tables[table]
                    if keys:
                        home = place_of_keys([rows[key] for key in keys], len(rows), 4) == place
                        rows = rows.filter(pa.array(home))
                    assert mine[table]["mm_seq"].to_pylist() == rows["mm_seq"].to_pylist()
    assert min(seen.values()) > 5, seen


def test_a_sieve_never_says_no_to_what_was_added() -> None:
    """All that was added is found, and of other ids few are."""
    ids = pa.chunked_array([pa.array(range(20_000), pa.int64())])
    hashed, _ = hashes(ids)
    sieve = Sieve(10_000)
    sieve.add(hashed[:10_000])
    assert sieve.has(hashed[:10_000]).all()
    assert sieve.has(hashed[10_000:]).mean() < 1 / 8


def test_reversals_of_a_stream_that_has_no_rows_change_nothing() -> None:
    """A table without rows has no type of its own, and texts name its ids."""
    for seed in range(40):
        plan, log = drawn_case(seed, 40)
        tables = tables_of(log)
        if plan.request == "login" and "payment" in tables:
            without = {stream: rows for stream, rows in tables.items() if stream != "payment"}
            empty = without | {"payment": tables["payment"].slice(0, 0)}
            assert (
                replay(plan, without).features.tobytes() == replay(plan, empty).features.tobytes()
            )
