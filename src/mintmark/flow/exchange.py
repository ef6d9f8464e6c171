"""The exchange of a sharded replay: its files, and the tasks that write them.

Each row is read once, by the task of its chunk, and written for the shards that have to see it; a
shard reads its own slot of every chunk. Shards of a group that is not split need none of it, and a
table that each shard has to see whole is read where it is.

    chunk ─► note ─► ids spoken of ┐
    chunk ─────────────────────────┴─► split ─┬─► slots of shards ─────────────► fold
                                              └─► slots of buckets ─► settle ─┘
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mintmark.engine.exchange import namings, sorted_out

if TYPE_CHECKING:
    from mintmark.engine.exchange import Naming
    from mintmark.flow.source_files import Cut
    from mintmark.plan import Plan

BUCKET_ROWS = 1 << 19
"""About how many rows that speak of others a bucket should hold."""
CORRECTED = 8
"""One row in so many is taken to be a correction, where streams may have them."""


@dataclass(frozen=True)
class Exchange:
    """How the rows of a replay are exchanged: what all of its tasks have to agree on.

    of : places of a group's keys;  told : by group, about how many ids are spoken of, -1 for a
    group whose one shard reads the sources itself;  chunks : of each stream.
    """

    folder: str
    of: int
    told: tuple[int, ...]
    chunks: Mapping[str, int]

    @classmethod
    def of_plan(
        cls, plan: Plan, folder: Path, of: int, chunks: Mapping[str, int], rows: Mapping[str, int]
    ) -> Exchange:
        """Return the exchange of a plan's groups; it follows from these values alone."""
        told = []
        for group, one in enumerate(plan.groups):
            named = (
                rows.get(n.stream, 0) // (CORRECTED if n.again else 1) for n in namings(plan, group)
            )
            told.append(sum(named) if one.roles and of > 1 else -1)
        return cls(str(folder), of, tuple(told), dict(chunks))

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> Exchange:
        """Return the exchange that a task names."""
        return cls(**{**form, "told": tuple(form["told"])})

    def form(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @property
    def groups(self) -> tuple[int, ...]:
        """The groups whose rows are exchanged."""
        return tuple(group for group, told in enumerate(self.told) if told >= 0)

    def buckets(self, plan: Plan, group: int) -> int:
        """Return how many buckets of ids a group has; none where no id is spoken of."""
        return self.told[group] // BUCKET_ROWS + 1 if namings(plan, group) else 0

    def first(self, plan: Plan, group: int) -> int:
        """Return the first slot of a group: those of its places, then those of its buckets."""
        return sum(self.of + self.buckets(plan, g) for g in self.groups if g < group)

    def slots(self, plan: Plan) -> int:
        """Return how many slots the file of a chunk has."""
        return self.first(plan, len(self.told))

    def namings(self, plan: Plan) -> tuple[Naming, ...]:
        """Return the columns of ids that are noted, which are the slots of a note."""
        return tuple(dict.fromkeys(n for group in self.groups for n in namings(plan, group)))

    def note(self, stream: str, chunk: int) -> Path:
        """Return the file of the ids that a chunk's rows speak of."""
        return Path(self.folder) / f"note-{stream}-{chunk:05}.parcels"

    def split(self, stream: str, chunk: int) -> Path:
        """Return the file of a chunk's rows by shard."""
        return Path(self.folder) / f"split-{stream}-{chunk:05}.parcels"

    def settled(self, group: int, bucket: int) -> Path:
        """Return the file of a bucket's rows by shard."""
        return Path(self.folder) / f"settled-{group:03}-{bucket:05}.parcels"


def note_tasks(
    plan: Plan, exchange: Exchange, cuts: Mapping[str, Sequence[Cut]]
) -> Iterator[dict[str, Any]]:
    """Yield the tasks that note which ids are spoken of."""
    for stream in dict.fromkeys(naming.stream for naming in exchange.namings(plan)):
        for chunk, cut in enumerate(cuts.get(stream, ())):
            out = str(exchange.note(stream, chunk))
            yield {"do": "note", "stream": stream, "cut": cut, "out": out}


def split_tasks(
    plan: Plan, exchange: Exchange, cuts: Mapping[str, Sequence[Cut]]
) -> Iterator[dict[str, Any]]:
    """Yield the tasks that write rows by shard, one for each chunk."""
    for stream in dict.fromkeys(s for group in exchange.groups for s in sorted_out(plan, group)):
        for chunk, cut in enumerate(cuts.get(stream, ())):
            out = str(exchange.split(stream, chunk))
            yield {"do": "split", "stream": stream, "cut": cut, "out": out}


def settle_tasks(plan: Plan, exchange: Exchange) -> Iterator[dict[str, Any]]:
    """Yield the tasks that find the shards of what speaks of others by id."""
    for group in exchange.groups:
        for bucket in range(exchange.buckets(plan, group)):
            out = str(exchange.settled(group, bucket))
            yield {"do": "settle", "group": group, "bucket": bucket, "out": out}
