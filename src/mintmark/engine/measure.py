"""What live state takes, measured: of each group how many keys and events, and in how many bytes.

What a group holds is what its keys stand in, and what was given back and waits to be used again;
the rest of the address space that was reserved takes no memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mintmark.engine import layout as L

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mintmark.engine.state import Store
    from mintmark.engine.windows import GroupProgram


@dataclass(frozen=True)
class GroupMemory:
    """The memory of one group.

    events : those that the state keeps;  used_bytes : of the directory, the events, the running
    parts of long keys, and the past of those that forgot;  free_bytes : held, to be used again;
    largest_events, largest_bytes : of the key that keeps most events. Which key that is nobody is
    told.
    """

    name: str
    keys: int
    events: int
    used_bytes: int
    free_bytes: int
    largest_events: int
    largest_bytes: int


@dataclass(frozen=True)
class StateMemory:
    """The memory of a state: its groups; how many ids are known for corrections; texts."""

    groups: tuple[GroupMemory, ...]
    ids: int
    texts: int

    def form(self) -> dict[str, Any]:
        """Return the form of `mintmark inspect --json`."""
        return {
            "groups": [dict(vars(group)) for group in self.groups],
            "used_bytes": sum(group.used_bytes for group in self.groups),
            "free_bytes": sum(group.free_bytes for group in self.groups),
            "ids": self.ids,
            "texts": self.texts,
        }

    def lines(self) -> list[str]:
        """Return the same as lines for people."""
        lines = ["state, in bytes"]
        for one in self.groups:
            lines += [
                f"  {one.name}",
                f"    {one.keys:,} keys   {one.events:,} events   {one.used_bytes:,} in use   "
                f"{one.free_bytes:,} held free",
                f"    the largest key: {one.largest_events:,} events, {one.largest_bytes:,} bytes",
            ]
        return [*lines, f"  beside it: {self.ids:,} ids and {self.texts:,} texts are known"]


def measured(name: str, group: GroupProgram, store: Store) -> GroupMemory:
    """Return the memory of one group.  Cost: 20 ns a key, 2 us a long one."""
    keys = store.keys[1 : store.n_keys]
    events = keys[:, L.KEY_END] - keys[:, L.KEY_HEAD]
    words = _words(group, store, keys)
    used = L.KEY_SIZE * store.n_keys + int(words.sum())
    largest = int(events.argmax()) if len(events) else None
    return GroupMemory(
        name=name,
        keys=len(keys),
        events=int(events.sum()),
        used_bytes=8 * used,
        free_bytes=8 * (int(store.meta[L.META_USED]) - 1 - int(words.sum())),
        largest_events=0 if largest is None else int(events[largest]),
        largest_bytes=0 if largest is None else 8 * (L.KEY_SIZE + int(words[largest])),
    )


def _words(group: GroupProgram, store: Store, keys: Any) -> Any:
    """How many words of the heap each key stands in."""
    capacity = keys[:, L.KEY_CAPACITY]
    words = np.where(capacity <= L.PAGE, capacity * group.fields, 0)
    for row in np.flatnonzero(capacity > L.PAGE).tolist():
        start, pages = int(keys[row, L.KEY_START]), int(capacity[row]) >> L.PAGE_BITS
        taken = int(np.count_nonzero(store.heap[start : start + pages]))
        words[row] = pages + taken * group.fields * L.PAGE
    for row in np.flatnonzero(keys[:, L.KEY_PACE]).tolist():
        words[row] += _pace_words(store, int(keys[row, L.KEY_PACE]))
    words[keys[:, L.KEY_PAST] != 0] += int(store.table[L.GROUP_PAST])
    return words


def _pace_words(store: Store, pace: int) -> int:
    """The words of a long key's running parts, tables of different values among them."""
    table = store.table
    words = int(table[L.GROUP_PACE])
    for v in range(int(table[L.GROUP_VIEWS])):
        view = int(table[L.GROUP_VIEWS_AT]) + v * L.VIEW_SIZE
        inside = int(table[view + L.VIEW_TABLE])
        at = pace + int(table[view + L.VIEW_PACE]) + inside
        if inside and store.heap[at]:
            words += int(store.heap[at + 1])
    return words


def state_memory(
    names: Sequence[str],
    groups: Sequence[GroupProgram],
    stores: Sequence[Store],
    known: tuple[int, int],
) -> StateMemory:
    """Return the memory of a state; `known` are how many ids and how many texts it knows."""
    parts = zip(names, groups, stores, strict=True)
    return StateMemory(tuple(measured(*part) for part in parts), *known)
