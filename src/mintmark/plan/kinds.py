"""The aggregates that a plan uses, by the digests of their files.

An aggregate is a written formula in a file of its own; another text of that file may be another
formula, so a plan carries the digests of the files that its values depend on.
"""

from collections.abc import Iterable, Mapping

from mintmark.define import aggregate_kind
from mintmark.ground import DefineError, PlanError


def kind_digests(kinds: Iterable[str]) -> dict[str, str]:
    """Return the digest of the file of each kind of aggregate, by name."""
    return {kind: aggregate_kind(kind).digest for kind in sorted(set(kinds))}


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
