"""What `bench/engine.py` works on: the plans, said with the public surface, and their payments.

A feature is said once, as a `Wanted`: our plan is made of it with Mintmark's own surface, and each
peer is handed the same list as JSON and says which of it can be expressed there. The payments are
the public Handbook set's, or the seeded world's; nothing here is timed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import mintmark as mm
from mintmark.plan import Plan, compile_plan
from mintmark.testing import WorldSettings
from mintmark.testing.world import World

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "handbook"
PLACE = ROOT / "build" / "bench"
HOUR, DAY = 3_600, 86_400
SECOND_US = 1_000_000
PER_CHAIN = 50
ABOVE = 100
CHUNK_ROWS = 1_000_000
START_US = 1_735_689_600 * SECOND_US


@dataclass(frozen=True)
class Wanted:
    """One feature, as it is told to every engine.

    Parameters
    ----------
    kind : str
        count sum mean std min max distinct last since_last decay_sum.
    by : tuple of str
        The keys that it is kept by.
    of : str
        The column that is aggregated; "" counts payments.
    span_s : int or None
        Seconds of the window (at - span, at]; None is a lifetime. For a decay, its half-life.
    above : int or None
        Only payments of more than that many euro count.
    current : bool
        Whether the payment itself is in its window; never for last and since_last.
    """

    name: str
    kind: str
    by: tuple[str, ...]
    of: str = ""
    span_s: int | None = None
    above: int | None = None
    current: bool = True


def _entity(short: str, by: Sequence[str], said: str) -> list[Wanted]:
    """Read lines such as `sum amount 7d >100` as features of one entity."""
    found = []
    for line in said.strip().splitlines():
        kind, of, window, *rest = line.split()
        span = None if window == "ever" else int(window[:-1]) * {"h": HOUR, "d": DAY}[window[-1]]
        above = int(rest[0][1:]) if rest else None
        name = "_".join(
            [short, kind, *([] if of == "-" else [of]), window, *(["high"] * bool(rest))]
        )
        current = kind not in ("last", "since_last")
        found.append(Wanted(name, kind, tuple(by), "" if of == "-" else of, span, above, current))
    return found


SIXTY = (
    *_entity("card", ["card"], """
        count - 1h
        count - 1d
        count - 7d
        count - 30d
        sum amount 1d
        sum amount 7d
        mean amount 7d
        mean amount 30d
        std amount 30d
        max amount 7d
        min amount 30d
        distinct terminal 7d
        count - 7d >100
        since_last - ever
        decay_sum amount 7d"""),
    *_entity("terminal", ["terminal"], """
        count - 1d
        count - 7d
        count - 30d
        sum amount 1d
        sum amount 7d
        mean amount 7d
        mean amount 30d
        std amount 30d
        max amount 1d
        min amount 7d
        distinct card 7d
        distinct card 30d
        count - 7d >100
        since_last - ever
        decay_sum amount 7d"""),
    *_entity("pair", ["card", "terminal"], """
        count - 7d
        count - 30d
        count - 90d
        sum amount 30d
        sum amount 90d
        mean amount 30d
        mean amount 90d
        std amount 90d
        max amount 30d
        min amount 30d
        last amount ever
        sum amount 30d >100
        count - 30d >100
        since_last - ever
        decay_sum amount 30d"""),
    *_entity("chain", ["chain"], """
        count - 1h
        count - 6h
        count - 1d
        count - 7d
        sum amount 1h
        sum amount 1d
        mean amount 1d
        mean amount 7d
        std amount 1d
        max amount 1d
        min amount 1d
        distinct card 1d
        count - 1d >100
        since_last - ever
        decay_sum amount 1d"""),
)  # fmt: skip


def told(wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    """Return features as the JSON that peers read."""
    return [asdict(one) for one in wanted]


def payment_event() -> mm.Event:
    """Return the payments of this benchmark, by card, terminal and chain of terminals."""
    entities = {name: mm.Entity(name, type="integer") for name in ("card", "terminal", "chain")}
    return mm.Event(
        "payment", id="payment_id", id_type="integer", at="paid_at", keys=entities,
        fields={"amount": mm.Money("EUR")},
    )  # fmt: skip


def expression(payment: mm.Event, wanted: Wanted) -> Any:
    """Return one feature in Mintmark's own words."""
    if wanted.kind == "since_last":
        return payment.at.since_last().by(*wanted.by)
    source = payment[wanted.of] if wanted.of else None
    if wanted.kind == "decay_sum":
        # Comes with the rewrite of the engine; `decay_known` says whether it is there.
        decayed: Any = source
        made = decayed.decay_sum(half_life=f"{wanted.span_s}s").by(*wanted.by)
        return made.over("lifetime", include_current=wanted.current)
    made = mm.count() if source is None else getattr(source, wanted.kind)()
    if wanted.above is not None:
        made = made.where(payment["amount"] > wanted.above)
    span = "lifetime" if wanted.span_s is None else f"{wanted.span_s}s"
    return made.by(*wanted.by).over(span, include_current=wanted.current)


def decay_known() -> bool:
    """Return whether the engine has exponential decay."""
    return hasattr(payment_event()["amount"], "decay_sum")


def sixty(*, decay: bool | None = None) -> tuple[Wanted, ...]:
    """Return the sixty features, or those of them that need no decay."""
    asked = decay_known() if decay is None else decay
    return tuple(one for one in SIXTY if asked or one.kind != "decay_sum")


def plan_of(wanted: Sequence[Wanted]) -> Plan:
    """Compile the plan of some features."""
    payment = payment_event()
    features = {one.name: expression(payment, one) for one in wanted}
    return compile_plan(mm.Features(payment, **features))


def fourteen_plan() -> Plan:
    """Compile the Handbook's fourteen columns, by the example's own definitions."""
    definitions = mm.load(ROOT / "examples" / "handbook" / "definitions")
    features = definitions.model.features
    names = [n for n in features.expressions if n in FOURTEEN]
    return compile_plan(features.only(*names), label=definitions.model.label)


FOURTEEN = (
    "weekend", "night",
    *(f"card_{what}_{span}" for span in ("1d", "7d", "30d") for what in ("payments", "mean")),
    *(f"terminal_{what}_{span}" for span in ("1d", "7d", "30d") for what in ("payments", "risk")),
)  # fmt: skip


def handbook_file(rows: int | None = None) -> Path:
    """Write the set's payments under this benchmark's names, once, and return the file.

    Columns: payment_id, card, terminal, chain int32; at timestamp[us]; amount float64; fraud int8.
    """
    path = PLACE / f"payments-{rows or 'all'}.parquet"
    if not path.exists():
        (source,) = DATA.glob("transactions_*.parquet")
        frame = pl.scan_parquet(source).select(
            payment_id=pl.col("TRANSACTION_ID"),
            at=pl.col("TX_DATETIME"),
            card=pl.col("CUSTOMER_ID"),
            terminal=pl.col("TERMINAL_ID"),
            chain=pl.col("TERMINAL_ID") // PER_CHAIN,
            amount=pl.col("TX_AMOUNT"),
            fraud=pl.col("TX_FRAUD"),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.head(rows or 2**31).collect().write_parquet(path, compression_level=1)
    return path


def fourteen_tables(path: Path) -> dict[str, pa.Table]:
    """Read the payments as two streams in the order of their log: payments, and chargebacks.

    A fraud, and nothing else, is reported seven days later, before the payments of that second.
    """
    at = pl.col("at").to_physical()
    payments = pl.read_parquet(path).select(
        mm_at=at, mm_known_at=at, order=pl.lit(1), payment_id=pl.col("payment_id").cast(pl.Int64),
        card=pl.col("card").cast(pl.Int64), terminal=pl.col("terminal").cast(pl.Int64),
        amount=(pl.col("amount") * 100).round().cast(pl.Int64), fraud=pl.col("fraud") == 1,
    )  # fmt: skip
    reports = payments.filter("fraud").with_columns(
        mm_known_at=pl.col("mm_known_at") + 7 * DAY * SECOND_US, order=pl.lit(0)
    )
    log = (
        pl.concat([payments, reports])
        .sort("mm_known_at", "order", "mm_at", "payment_id")
        .with_row_index("mm_seq")
        .with_columns(pl.col("mm_seq").cast(pl.Int64), mm_revision=pl.lit(0, pl.Int64))
    )
    cases = log.filter(pl.col("order") == 0).with_columns(case_id="payment_id")
    return {
        "payment": log.filter(pl.col("order") == 1).drop("order", "fraud").to_arrow(),
        "chargeback": cases.drop("order", "card", "terminal", "amount").to_arrow(),
    }


def payment_table(path: Path) -> pa.Table:
    """Read the payments as the one stream of the sixty features."""
    frame = pl.read_parquet(path)
    return stream_table(
        first=0,
        at_us=frame["at"].to_physical().to_numpy(),
        payment_id=frame["payment_id"].cast(pl.Int64).to_numpy(),
        card=frame["card"].cast(pl.Int64).to_numpy(),
        terminal=frame["terminal"].cast(pl.Int64).to_numpy(),
        chain=frame["chain"].cast(pl.Int64).to_numpy(),
        amount=(frame["amount"] * 100).round().cast(pl.Int64).to_numpy(),
    )


def stream_table(*, first: int, at_us: Any, **columns: Any) -> pa.Table:
    """Return rows of a log that tells each payment when it happens."""
    count = len(at_us)
    log = {
        "mm_seq": np.arange(first, first + count, dtype=np.int64),
        "mm_at": at_us,
        "mm_known_at": at_us,
        "mm_revision": np.zeros(count, dtype=np.int64),
    }
    return pa.table({name: pa.array(values) for name, values in (log | columns).items()})


def world_parts(payments: int) -> list[Path]:
    """Draw the seeded world's payments into Parquet parts, once, and return the parts."""
    folder = PLACE / f"world-{payments}"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for number, table in enumerate(_world_tables(payments)):
            file = folder / f"part-{number:04d}.parquet"
            pq.write_table(table, file, compression="zstd", compression_level=1)
        (folder / "done").touch()
    return sorted(folder.glob("part-*.parquet"))


def _world_tables(payments: int) -> Iterator[pa.Table]:
    """Yield the world's payments as tables of about `CHUNK_ROWS` rows."""
    world = World(WorldSettings(payments=payments, live=0))
    waiting: list[pa.Table] = []
    for first, rows in world.runs():
        terminal = rows.terminal.astype(np.int64)
        table = stream_table(
            first=first,
            at_us=(rows.second.astype(np.int64) + world.start_s) * SECOND_US,
            payment_id=np.arange(first, first + len(rows), dtype=np.int64),
            card=rows.card.astype(np.int64),
            terminal=terminal,
            chain=terminal // PER_CHAIN,
            amount=rows.amount.astype(np.int64),
        )
        waiting.append(table)
        if sum(map(len, waiting)) >= CHUNK_ROWS:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def live_columns(*, cells: int, hot: int, live: int, hot_every: int = 200) -> dict[str, Any]:
    """Draw a history and the payments after it, for live state.

    A cell is four cards that pay at four terminals, two to a chain; its keys have 8 to 1,024
    events. One more terminal has `hot` events, and one in `hot_every` live payments goes there.
    Returns the columns of all payments in order of time, the last `live` of which are to be sent.
    """
    draw = np.random.Generator(np.random.Philox(7))
    of_cell = np.exp2(draw.uniform(3, 9, cells)).astype(np.int64) * 4
    cell = np.concatenate(
        [
            draw.permutation(np.repeat(np.arange(cells), of_cell)),
            draw.choice(cells, size=live, p=of_cell / of_cell.sum()),
        ]
    )
    count = len(cell)
    card, terminal = cell * 4 + draw.integers(0, 4, count), cell * 4 + draw.integers(0, 4, count)
    heated = np.zeros(count, dtype=bool)
    heated[count - live :: hot_every] = True
    extra = draw.integers(0, cells, hot)
    card = np.concatenate([extra * 4, card])
    terminal = np.concatenate([np.full(hot, cells * 4), np.where(heated, cells * 4, terminal)])
    chain = np.concatenate([extra * 2, cell * 2 + (terminal[hot:] & 1)])
    past = hot + count - live
    order = np.concatenate([draw.permutation(past), np.arange(past, hot + count)])
    late = np.arange(1, live + 1) * 10_000
    at = np.concatenate([np.sort(draw.integers(0, 29 * DAY * SECOND_US, past)), late])
    at[past:] += 29 * DAY * SECOND_US
    return {
        "at_us": START_US + at,
        "payment_id": np.arange(hot + count, dtype=np.int64),
        "card": card[order],
        "terminal": terminal[order],
        "chain": chain[order],
        "amount": np.exp(draw.normal(8.0, 1.0, hot + count)).astype(np.int64),
    }
