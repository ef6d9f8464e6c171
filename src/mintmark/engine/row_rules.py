"""How the rows of a stream speak of other rows, and what of theirs can be reversed, when live."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import TYPE_CHECKING, Any

from mintmark.engine.bad_rows import misfit, sound, whole
from mintmark.engine.book import Told
from mintmark.engine.sentinel import LIMIT
from mintmark.engine.versions import amount_fields, reversed_amount, versioned

if TYPE_CHECKING:
    from mintmark.engine.program import Program

Row = Mapping[str, Any]


def _revision(row: Row) -> int:
    """The revision of a row; OverflowError where no log could hold it."""
    revision = index(row["mm_revision"])
    if abs(revision) > LIMIT:
        raise OverflowError(f"its revision is not within {LIMIT}")
    return revision


class RowTold:
    """What a row says beside its inputs and keys."""

    __slots__ = ("amounts", "id", "labels", "reversals", "revision")

    def __init__(self) -> None:
        self.id: Any = None
        self.revision = 0
        self.amounts: tuple[int, ...] = ()
        self.labels: list[tuple[str, Any, Told]] = []
        self.reversals: list[tuple[str, tuple[Any, ...]]] = []


class RowRules:
    """How the rows of a stream speak of other rows, and what of theirs can be reversed."""

    def __init__(self, program: Program, name: str) -> None:
        self._program, self._name = program, name
        shape = self._shape = program.streams[name].shape
        self._labels = [(c, x) for c, x in enumerate(program.labels) if x.stream == name]
        self._versioned = versioned(program, name)
        fields = amount_fields(program, name)
        self._amounts = [(field, shape.fields[field].within) for field in fields]
        self._slots = [
            (place, fields.index(slot.name))
            for place, slot in enumerate(program.streams[name].slots)
            if slot.source == "field" and slot.name in fields
        ]
        self._of = shape.of if shape.reverses and shape.of in program.streams else None
        spoken = any(label.of == name for label in program.labels)
        self.reads_id = spoken or self._versioned or self._of is not None
        self._place = 0
        if self._of is not None and shape.reverses != "all":
            self._place = amount_fields(program, self._of).index(str(shape.reverses))

    @property
    def tells(self) -> bool:
        """Whether rows of the stream say something of other rows."""
        return bool(self._labels) or self._of is not None

    def read(self, row: Row) -> RowTold:
        """Read a row; KeyError, TypeError or EngineError where it does not fit."""
        read = RowTold()
        read.id = self._id(row)
        if self._versioned:
            read.revision = _revision(row)
            read.amounts = tuple(
                within.limited(self._number(row, field)) for field, within in self._amounts
            )
        for code, label in self._labels:
            value = label.within.limited(self._number(row, label.field))
            told = Told(code, _revision(row), value)
            id_ = self._named(row, label.refers_by)
            if id_ is not None:
                read.labels.append((label.of, id_, told))
        if self._of is not None:
            read.reversals.append((self._of, self._reversal(row)))
        return read

    def altered(self, inputs: list[int], amounts: tuple[int, ...]) -> list[int]:
        """Return inputs in which fields that can be reversed hold what is left of them."""
        left = list(inputs)
        for place, field in self._slots:
            left[place] = amounts[field]
        return left

    def _reversal(self, row: Row) -> tuple[Any, ...]:
        reverses = str(self._shape.reverses)
        part = reverses != "all"
        value = self._number(row, reverses) if part else None
        within = self._shape.fields[reverses].within if part else None
        named = self._named(row, str(self._shape.refers_by))
        taken = (self._place, reversed_amount(value, within))
        return (self._name, self._id(row)), _revision(row), named, taken

    def _number(self, row: Row, name: str) -> int | None:
        """A number that a row tells, None for null."""
        told = row[name]
        return None if told is None else whole(told, name, self._shape)

    def _named(self, row: Row, refers_by: str) -> Any:
        """The id that a row speaks of, as declared; None for none."""
        told = row[refers_by]
        return None if told is None else sound(told, refers_by, self._shape)

    def _id(self, row: Row) -> Any:
        """The id of a row: as declared where other rows speak of it, else not looked at."""
        told = row[self._shape.id]
        if not self.reads_id:
            return told
        if told is None:
            raise misfit(self._shape.id, self._name, got=None, want="an id in each row")
        return sound(told, self._shape.id, self._shape)
