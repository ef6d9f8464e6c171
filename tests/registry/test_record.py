"""Records: what each kind must say, and what no record may hold."""

import pytest

from mintmark.ground import GroundError, RegistryError
from mintmark.registry.record import EMPTY, KINDS, draft
from registry.worked import AT


def test_every_kind_of_the_design_is_there() -> None:
    """The kinds are those of the design, from plan to alias."""
    assert list(KINDS) == ["plan", "dataset", "model", "evaluation", "verdict", "release", "alias"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_without_its_fields_is_refused(kind: str) -> None:
    """Each kind lacks nothing that a fold of the ledger reads."""
    with pytest.raises(RegistryError) as caught:
        draft(kind, {}, actor="ada", at=AT)
    assert caught.value.code == "registry.record.missing_field"


def test_an_unknown_kind_and_an_unnamed_actor_are_refused() -> None:
    """A record has a kind that folds know, and someone who asked for it."""
    with pytest.raises(RegistryError) as caught:
        draft("rumour", {}, actor="ada", at=AT)
    assert caught.value.code == "registry.record.unknown_kind"
    for actor in ("", "ada\nbob", "a" * 201):
        with pytest.raises(RegistryError) as caught:
            draft("plan", {"digest": "x"}, actor=actor, at=AT)
        assert caught.value.code == "registry.record.actor"


def test_a_body_without_a_canonical_form_is_refused() -> None:
    """NaN has no canonical form: a figure that does not exist is written as null."""
    with pytest.raises(GroundError):
        draft("plan", {"digest": "x", "figure": float("nan")}, actor="ada", at=AT)


@pytest.mark.parametrize(
    "told",
    [
        {"body": {"digest": "x", "note": "card 4111 1111 1111 1111"}},
        {"body": {"digest": "x", "notes": [{"4111111111111111": 1}]}},
        {"actor": "ada 4111-1111-1111-1111"},
        {"key": "retry 4111111111111111"},
    ],
)
def test_an_account_number_never_reaches_the_ledger(told: dict[str, object]) -> None:
    """An account number in a body, an actor or a key is refused, and masked in the error."""
    whole = {"body": {"digest": "x"}, "actor": "ada", "key": None} | told
    with pytest.raises(RegistryError) as caught:
        draft("plan", whole["body"], actor=whole["actor"], at=AT, key=whole["key"])
    assert caught.value.code == "registry.record.pan"
    digits = "".join(c for c in caught.value.render() if c.isdigit())
    assert "4111111111111111" not in digits


def test_the_hash_covers_place_time_actor_key_and_what_came_before() -> None:
    """Two records that differ in anything but the body have two hashes."""
    one = draft("plan", {"digest": "x"}, actor="ada", at=AT)
    other = draft("plan", {"digest": "x"}, actor="bob", at=AT)
    keyed = draft("plan", {"digest": "x"}, actor="ada", at=AT, key="k")
    first = one.after(EMPTY, AT)
    hashes = {
        first.hash,
        other.after(EMPTY, AT).hash,
        keyed.after(EMPTY, AT).hash,
        one.after(EMPTY, AT + 1).hash,
    }
    assert len(hashes) == 4
    assert len({one.digest, other.digest, keyed.digest}) == 1
