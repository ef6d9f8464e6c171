"""The aggregates that a plan uses, by the digests of what they declare.

An aggregate is a written formula in a file of its own. It says of which version that formula is, so
a plan carries what the files that its values depend on say of themselves, and not their text
(decision 0013).
"""

from collections.abc import Iterable, Mapping

from mintmark.define import aggregate_kind
from mintmark.ground import DefineError, PlanError, digest


def kind_digests(kinds: Iterable[str]) -> dict[str, str]:
    """Return the digest of each kind of aggregate, by name."""
    return {kind: aggregate_kind(kind).digest for kind in sorted(set(kinds))}


def layout_digest(kinds: Iterable[str]) -> str:
    """Return the digest of what the states of some kinds of aggregate keep between two reads."""
    return digest({kind: aggregate_kind(kind).layout for kind in kinds})


def check_kinds(kinds: Mapping[str, str]) -> None:
    """Refuse a machine on which an aggregate of a plan is another, or not there.

    Raises
    ------
    PlanError
        `plan.kind.changed`, `plan.kind.missing`.
    """
    for kind in sorted(kinds):
        try:
            here = aggregate_kind(kind).digest
        except DefineError as error:
            raise PlanError(
                f'the plan uses an aggregate "{kind}" that is not here',
                got=error.what,
                want=kinds[kind],
                hint="install the package that adds it",
                code="plan.kind.missing",
            ) from None
        if here != kinds[kind]:
            raise PlanError(
                f'the aggregate "{kind}" is another here than where the plan was made',
                got=here,
                want=kinds[kind],
                hint="use the version of Mintmark that made the plan, or plan again",
                code="plan.kind.changed",
            )
