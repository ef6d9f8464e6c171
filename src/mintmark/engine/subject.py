"""One id of a stream whose events can be corrected or reversed: what is known of it, what counts.

Of several revisions the greatest counts; reversals take part of an amount away, or all of the
event; labels speak of the id whatever its revision. Each row that arrives changes what stands in
the state of keys by a few plain steps, the same for history and live.

    row        take the old version out, put the row in and answer it, then what counts from now on
    reversal   take out what stands, put in what is left of it
    label      tell it to what stands

Source: design, section 3.5 and 3.6; decision 0006.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mintmark.engine.sentinel import NULL
from mintmark.engine.snapshot import SubjectForm, SubjectsForm

ALL = NULL + 1
"""The amount of a reversal that takes the whole event away."""


class Version(NamedTuple):
    """One row of the id: `token` is whatever leads back to its keys, amounts those it can lose."""

    revision: int
    seq: int
    at: int
    token: Any
    amounts: tuple[int, ...]


class Out(NamedTuple):
    """Take the event at (at, seq) out of the windows."""

    version: Version


class In(NamedTuple):
    """Put a version in, with the amounts that are left of it; `own` answers its request too."""

    version: Version
    amounts: tuple[int, ...]
    own: bool


class Tell(NamedTuple):
    """Tell an outcome of the version that stands."""

    version: Version
    label: int
    value: int


Step = Out | In | Tell


@dataclass(slots=True)
class Subject:
    """What is known of one id.

    best : the version of the greatest revision, the later of equals;  reversals : by the id of the
    reversal, (place of its amount among a version's, how much or ALL);  labels : by code,
    (revision, value);  left : what stands in the windows, None for nothing.
    """

    best: Version | None = None
    reversals: dict[Any, tuple[int, int]] = field(default_factory=dict)
    labels: dict[int, tuple[int, int]] = field(default_factory=dict)
    left: tuple[int, ...] | None = None

    def arrive(self, version: Version) -> Iterator[Step]:
        """Take in a row of the id."""
        if self.best is not None and self.left is not None:
            yield Out(self.best)
        yield In(version, version.amounts, own=True)
        if self.best is None or version.revision >= self.best.revision:
            self.best = version
        self.left = self._remaining(self.best)
        stands = self.best is version and self.left == version.amounts
        if not stands:
            yield Out(version)
            if self.left is not None:
                yield In(self.best, self.left, own=False)
        yield from self._told()

    def reverse(self, id_: Any, taken: tuple[int, int] | None) -> Iterator[Step]:
        """Take in what a reversal takes, (place of the amount, how much); None takes nothing."""
        if taken is None:
            self.reversals.pop(id_, None)
        else:
            self.reversals[id_] = taken
        yield from self.settle()

    def settle(self) -> Iterator[Step]:
        """Bring what stands in line with the reversals that are known."""
        if self.best is None:
            return
        left = self._remaining(self.best)
        if left == self.left:
            return
        if self.left is not None:
            yield Out(self.best)
        self.left = left
        if left is not None:
            yield In(self.best, left, own=False)
            yield from self._told()

    def tell(self, label: int, revision: int, value: int) -> Iterator[Step]:
        """Take in a label of the id."""
        known = self.labels.get(label)
        if known is not None and revision < known[0]:
            return
        self.labels[label] = (revision, value)
        if self.best is not None and self.left is not None:
            yield Tell(self.best, label, value)

    def _told(self) -> Iterator[Step]:
        if self.best is not None and self.left is not None:
            for label, (_, value) in self.labels.items():
                yield Tell(self.best, label, value)

    def _remaining(self, version: Version) -> tuple[int, ...] | None:
        """The amounts of a version less what was reversed; None when all of it was."""
        taken: Mapping[int, int] = {}
        for place, amount in self.reversals.values():
            if amount == ALL:
                return None
            taken = {**taken, place: taken.get(place, 0) + abs(amount)}
        left = list(version.amounts)
        for place, total in taken.items():
            amount = version.amounts[place]
            if amount == NULL:
                continue
            if total >= abs(amount):
                return None
            left[place] = amount - total if amount > 0 else amount + total
        return tuple(left)


@dataclass(slots=True)
class Subjects:
    """The ids of one stream, and which of them each reversal speaks of.

    homes : by the id of a reversal, (its revision, the id that it names).
    """

    known: dict[Any, Subject] = field(default_factory=dict)
    homes: dict[Any, tuple[int, Any]] = field(default_factory=dict)

    def of(self, id_: Any) -> Subject:
        """Return what is known of an id."""
        subject = self.known.get(id_)
        if subject is None:
            subject = self.known[id_] = Subject()
        return subject

    def reverse(
        self, reversal: Any, revision: int, named: Any, taken: tuple[int, int]
    ) -> Iterator[Step]:
        """Take in a row of a reversal; a revision may name another id than the one before."""
        home = self.homes.get(reversal)
        if home is not None and revision < home[0]:
            return
        self.homes[reversal] = (revision, named)
        if home is not None and home[1] is not None and home[1] != named:
            yield from self.of(home[1]).reverse(reversal, None)
        if named is not None:
            yield from self.of(named).reverse(reversal, taken)

    def form(self) -> SubjectsForm:
        """Return what a snapshot keeps; a version's token is (inputs, rows of the directory)."""
        return SubjectsForm(
            known=[_form(id_, subject) for id_, subject in self.known.items()],
            homes=[(reversal, *home) for reversal, home in self.homes.items()],
        )

    @classmethod
    def from_form(cls, form: SubjectsForm) -> Subjects:
        """Return the subjects of a snapshot."""
        return cls(
            known={one.id: _subject(one) for one in form.known},
            homes={tuple(reversal): (revision, named) for reversal, revision, named in form.homes},
        )


def _form(id_: Any, subject: Subject) -> SubjectForm:
    best = subject.best
    told = None
    if best is not None:
        inputs, placed = best.token[:2]
        told = (best.revision, best.seq, best.at, list(inputs), list(placed), list(best.amounts))
    return SubjectForm(
        id=id_,
        best=told,
        reversals=[(reversal, *taken) for reversal, taken in subject.reversals.items()],
        labels=[(code, *label) for code, label in subject.labels.items()],
        left=None if subject.left is None else list(subject.left),
    )


def _subject(form: SubjectForm) -> Subject:
    best = None
    if form.best is not None:
        revision, seq, at, inputs, placed, amounts = form.best
        best = Version(revision, seq, at, (inputs, placed, None), tuple(amounts))
    return Subject(
        best=best,
        reversals={tuple(reversal): (place, amount) for reversal, place, amount in form.reversals},
        labels={code: (revision, value) for code, revision, value in form.labels},
        left=None if form.left is None else tuple(form.left),
    )
