"""Corrections and reversals in a history: the steps of every id that has any, and no others.

Most ids come once and stay; their rows are moved as columns. The rows, reversals and labels of an
id that is corrected or reversed go through `engine.subject` one by one, as they do live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.engine import layout as L
from mintmark.engine.batch import Batch, stored_values
from mintmark.engine.outcomes import told_values
from mintmark.engine.sentinel import NULL
from mintmark.engine.subject import ALL, In, Out, Step, Subjects, Tell, Version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mintmark.engine.interner import Interner
    from mintmark.engine.kernel import Kernel
    from mintmark.engine.program import Program, StreamProgram
    from mintmark.engine.shape import Range

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Changes:
    """The steps of the ids of a stream that are corrected or reversed, ordered by seq.

    affected : bool[rows], whose steps are here and nowhere else;  order_seq, kind, row, amend :
    int64[n], as an `engine.operations.Job` has them;  key_row : int64[n], the row whose key is
    meant;  at, seq, values : rows that were made of others, counted on from the stream's own.
    """

    affected: NDArray[np.bool_]
    order_seq: Ints
    kind: Ints
    row: Ints
    amend: Ints
    key_row: Ints
    amends: Ints
    at: Ints
    seq: Ints
    values: Ints
    subjects: Subjects


def amount_fields(program: Program, of: str) -> tuple[str, ...]:
    """Return the fields of a stream of which reversals may take a part, sorted."""
    shapes = [stream.shape for stream in program.streams.values()]
    named = {shape.reverses for shape in shapes if shape.of == of and shape.reverses}
    return tuple(sorted(name for name in named if name != "all"))


def versioned(program: Program, of: str) -> bool:
    """Return whether events of a stream may be corrected or reversed."""
    shapes = [stream.shape for stream in program.streams.values()]
    return program.streams[of].shape.revised or any(
        shape.of == of and shape.reverses for shape in shapes
    )


def reversed_amount(value: int | None, within: Range | None) -> int:
    """Return what a reversal takes: an amount, or ALL of the event where it says none.

    within : None where what is reversed is no amount.
    """
    amount = NULL if within is None else within.limited(value)
    return ALL if amount == NULL else amount


def altered(
    stream: StreamProgram, inputs: Ints, fields: Sequence[str], amounts: Sequence[int]
) -> Ints:
    """Return inputs in which the fields that can be reversed hold what is left of them."""
    changed = inputs.copy()
    for place, slot in enumerate(stream.slots):
        if slot.source == "field" and slot.name in fields:
            changed[place] = amounts[fields.index(slot.name)]
    return changed


Arrival = tuple[int, Callable[[Subjects], Iterator[Step]]]
"""When a row takes effect, and what it does to the subjects."""


@dataclass
class _Stage:
    """Steps while they are collected."""

    steps: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    amends: list[tuple[int, int, int, int]] = field(default_factory=list)
    made: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)


def changes_of(
    kernel: Kernel,
    program: Program,
    of: str,
    batches: Mapping[str, Batch],
    interner: Interner,
    *,
    every: bool,
) -> Changes | None:
    """Return the steps of a stream's corrected and reversed ids, None if there are none.

    every : take all ids, so that live goes on from their subjects.

    Cost: 5 us for each row, reversal or label of such an id.
    """
    events = batches[of]
    touched = _touched(program, of, batches, every=every)
    if not len(touched):
        return None
    subjects = Subjects()
    stage = _Stage()
    fields = amount_fields(program, of)
    for seq, take in _arrivals(program, of, batches, touched, fields):
        for step in take(subjects):
            _note(stage, seq, step, len(events))
    ids = events.ids().cast(touched.type)
    affected = np.asarray(pc.is_in(ids, value_set=touched))
    values = _made_values(kernel, program, of, events, fields, stage, interner)
    steps_ = np.array(stage.steps, dtype=np.int64).reshape(-1, 5)
    base = np.array([row for row, _ in stage.made], dtype=np.int64)
    return Changes(
        affected=affected,
        order_seq=np.ascontiguousarray(steps_[:, 0]),
        kind=steps_[:, 1], row=steps_[:, 2], amend=steps_[:, 3], key_row=steps_[:, 4],
        amends=np.array(stage.amends, dtype=np.int64).reshape(-1, L.AMEND_SIZE),
        at=events.at[base], seq=events.seq[base], values=values, subjects=subjects,
    )  # fmt: skip


def _touched(program: Program, of: str, batches: Mapping[str, Batch], *, every: bool) -> pa.Array:
    """The ids that come more than once, or that a reversal names."""
    ids = batches[of].ids()
    named = [
        batches[name].told(str(stream.shape.refers_by))
        for name, stream in program.streams.items()
        if stream.shape.of == of and stream.shape.reverses
    ]
    if every:
        labels = [label for label in program.labels if label.of == of]
        named += [batches[x.stream].told(x.refers_by) for x in labels]
        named.append(ids)
    elif len(pc.unique(ids)) < len(ids):
        counts = pc.value_counts(ids)
        often = pc.greater(counts.field("counts"), 1)
        named.append(pa.chunked_array([counts.field("values").filter(often)]))
    found = [pc.unique(column.drop_null()) for column in named if len(column)]
    if not found:
        return pa.array([], ids.type)
    return pc.unique(pa.concat_arrays([part.cast(ids.type) for part in found]))


def _arrivals(
    program: Program,
    of: str,
    batches: Mapping[str, Batch],
    touched: pa.Array,
    fields: Sequence[str],
) -> list[Arrival]:
    """Everything that concerns some ids, in the order of seq."""
    found = [*_rows(program, of, batches, touched, fields)]
    for name, stream in program.streams.items():
        if stream.shape.of == of and stream.shape.reverses:
            found += _reversals(program, name, batches[name], fields)
    for code, label in enumerate(program.labels):
        if label.of == of:
            found += _labels(program, code, batches[label.stream], touched)
    return sorted(found, key=lambda arrival: arrival[0])


def _taken(
    batch: Batch, named: pa.ChunkedArray, touched: pa.Array
) -> tuple[Ints, list[Any], list[int], list[int]]:
    """The rows that name one of some ids: their places, ids, seqs and revisions."""
    mine = pc.is_in(named.cast(touched.type), value_set=touched)
    rows = np.flatnonzero(np.asarray(mine) & np.asarray(pc.is_valid(named)))
    ids = named.take(pa.array(rows)).to_pylist()
    revisions = batch.revisions()[rows].tolist()
    return rows, ids, batch.seq[rows].tolist(), revisions


def _rows(
    program: Program,
    of: str,
    batches: Mapping[str, Batch],
    touched: pa.Array,
    fields: Sequence[str],
) -> Iterator[Arrival]:
    batch = batches[of]
    shape = program.streams[of].shape
    rows, ids, seqs, revisions = _taken(batch, batch.ids(), touched)
    amounts = [shape.fields[f].within.limited_all(batch.integers(f)) for f in fields]
    for row, id_, seq, revision in zip(rows.tolist(), ids, seqs, revisions, strict=True):
        kept = tuple(int(column[row]) for column in amounts)
        version = Version(revision, seq, int(batch.at[row]), row, kept)
        yield seq, partial(_arrive, id_, version)


def _arrive(id_: Any, version: Version, subjects: Subjects) -> Iterator[Step]:
    return subjects.of(id_).arrive(version)


def _reversals(
    program: Program, name: str, batch: Batch, fields: Sequence[str]
) -> Iterator[Arrival]:
    shape = program.streams[name].shape
    whole = shape.reverses == "all"
    place = 0 if whole else fields.index(str(shape.reverses))
    within = None if whole else shape.fields[str(shape.reverses)].within
    ids = batch.ids().to_pylist(), batch.told(str(shape.refers_by)).to_pylist()
    told = np.zeros(len(batch), np.int64) if whole else batch.integers(str(shape.reverses))
    columns = *ids, batch.revisions().tolist(), batch.seq.tolist(), told.tolist()
    for mine, id_, revision, seq, value in zip(*columns, strict=True):
        taken = (place, reversed_amount(value, within))
        yield seq, partial(_reverse, ((name, mine), revision, id_, taken))


def _reverse(row: tuple[Any, int, Any, tuple[int, int]], subjects: Subjects) -> Iterator[Step]:
    return subjects.reverse(*row)


def _labels(program: Program, code: int, batch: Batch, touched: pa.Array) -> Iterator[Arrival]:
    label = program.labels[code]
    named = batch.told(label.refers_by)
    rows, ids, seqs, revisions = _taken(batch, named, touched)
    values = told_values(label, batch)[rows].tolist()
    for id_, seq, revision, value in zip(ids, seqs, revisions, values, strict=True):
        yield seq, partial(_tell, id_, (code, revision, value))


def _tell(id_: Any, told: tuple[int, int, int], subjects: Subjects) -> Iterator[Step]:
    return subjects.of(id_).tell(*told)


def _note(stage: _Stage, seq: int, step: Step, rows: int) -> None:
    """Write a step down as an operation."""
    version, amend = step.version, 0
    kind, row = L.OP_REMOVE, 0
    if isinstance(step, In):
        kind, row = L.OP_INSERT | (L.OP_READ if step.own else 0), version.token
        if not step.own or step.amounts != version.amounts:
            # What comes back does so in another place of the log than the row itself.
            row = rows + len(stage.made)
            stage.made.append((version.token, step.amounts))
    else:
        kind = L.OP_AMEND if isinstance(step, Tell) else L.OP_REMOVE
        told = (step.label, step.value) if isinstance(step, Tell) else (-1, 0)
        amend = len(stage.amends)
        stage.amends.append((version.at, version.seq, *told))
    stage.steps.append((seq, kind, row, amend, version.token))


def _made_values(
    kernel: Kernel,
    program: Program,
    of: str,
    events: Batch,
    fields: Sequence[str],
    stage: _Stage,
    interner: Interner,
) -> Ints:
    """What is stored with rows of which a part was reversed."""
    stream = program.streams[of]
    base = np.array([row for row, _ in stage.made], dtype=np.int64)
    amounts = np.array([amounts for _, amounts in stage.made], dtype=np.int64)
    amounts = amounts.reshape(len(base), len(fields)).T
    inputs = altered(stream, events.inputs_at(base, interner), fields, list(amounts))
    return stored_values(kernel, stream, inputs, interner)


__all__ = ["ALL", "Changes", "Out", "altered", "amount_fields", "changes_of",
           "reversed_amount", "versioned"]  # fmt: skip
