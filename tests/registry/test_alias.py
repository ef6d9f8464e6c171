"""Aliases: every move is an event, and "who was champion at T" is a query."""

from pathlib import Path

import pytest

from mintmark.ground import RegistryError
from mintmark.registry import Registry, Target, alias_at, history, move_alias
from registry.worked import AT, judged, make_bundle, open_registry, seal


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An empty registry."""
    return open_registry(tmp_path)


def _release(registry: Registry, folder: Path, name: str) -> Target:
    bundle = make_bundle(folder / name, model=name)
    verdict = judged(registry.ledger, bundle)
    made = registry.release(bundle, verdict=verdict.hash, seal=seal(folder))
    return Target(release=made.digest, evidence=verdict.hash)


def test_the_champion_of_any_moment_is_a_query(registry: Registry, tmp_path: Path) -> None:
    """Moves and a roll-back, each with actor, time and evidence; a past answer never changes.

    champion   ----a1(10)----a2(20)----a1(30)---->
    asked      9: none  10: a1  19: a1  20: a2  30: a1
    """
    ledger = registry.ledger
    first, second = (_release(registry, tmp_path, name) for name in ("a1", "a2"))
    for when, target, actor in ((10, first, "ada"), (20, second, "bob"), (30, first, "cem")):
        before = [alias_at(ledger, "champion", AT + t) for t in range(when)]
        move_alias(ledger, "champion", target, actor=actor, at=AT + when)
        assert [alias_at(ledger, "champion", AT + t) for t in range(when)] == before
    asked = {t: alias_at(ledger, "champion", AT + t) for t in (9, 10, 19, 20, 29, 30, 99)}
    assert asked[9] is None
    found = {t: move.release for t, move in asked.items() if move is not None}
    a1, a2 = first.release, second.release
    assert found == {10: a1, 19: a1, 20: a2, 29: a2, 30: a1, 99: a1}
    moves = history(ledger, "champion")
    assert [(m.actor, m.at - AT) for m in moves] == [("ada", 10), ("bob", 20), ("cem", 30)]
    assert all(ledger.find(move.evidence) is not None for move in moves)
    assert history(ledger, "challenger") == ()


def test_a_move_to_where_it_points_is_no_move(registry: Registry, tmp_path: Path) -> None:
    """The same command again, after a crash say, adds no event."""
    target = _release(registry, tmp_path, "a1")
    moved = move_alias(registry.ledger, "champion", target, actor="ada", at=AT + 1)
    assert move_alias(registry.ledger, "champion", target, actor="ada", at=AT + 2) == moved
    assert len(history(registry.ledger, "champion")) == 1


def test_a_move_needs_a_release_evidence_and_a_name(registry: Registry, tmp_path: Path) -> None:
    """An unknown release, evidence that is not in the ledger and an unfit name are refused."""
    target = _release(registry, tmp_path, "a1")
    nothing = "sha256:" + "0" * 64
    for name, told, code in (
        ("champion", Target(nothing, target.evidence), "registry.release.unknown"),
        ("champion", Target(target.release, nothing), "registry.alias.evidence"),
        ("champion", Target(target.release, ""), "registry.alias.evidence"),
        ("The Champion", target, "registry.alias.name"),
        ("", target, "registry.alias.name"),
    ):
        with pytest.raises(RegistryError) as caught:
            move_alias(registry.ledger, name, told, actor="ada", at=AT)
        assert caught.value.code == code
    assert history(registry.ledger, "champion") == ()
