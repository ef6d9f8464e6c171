"""Lineage: from a release down to the log's version, and from a dataset up to what rests on it."""

from pathlib import Path

import pytest

from mintmark.ground import RegistryError
from mintmark.registry import Target, dependents, lineage, move_alias
from registry.worked import AT, judged, make_bundle, open_registry, seal


def test_lineage_runs_from_the_champion_to_the_log_and_back(tmp_path: Path) -> None:
    """Every record between an alias and the log's version is found, in both directions."""
    registry = open_registry(tmp_path)
    bundle = make_bundle(tmp_path / "bundle")
    verdict = judged(registry.ledger, bundle)
    made = registry.release(bundle, verdict=verdict.hash, seal=seal(tmp_path))
    target = Target(made.digest, verdict.hash)
    move = move_alias(registry.ledger, "champion", target, actor="ada", at=AT)

    tree = lineage(registry.ledger, move.hash)
    kinds = {record.kind for record in tree.records()}
    assert kinds == {"alias", "release", "verdict", "evaluation", "model", "dataset", "plan"}
    assert tree.log_versions() == ("sha256:10",)
    assert lineage(registry.ledger, made.digest).record.kind == "release"
    assert tree.text().splitlines()[0].startswith("alias")
    assert "of log 10" in tree.text()
    assert tree.form()["inputs"][0]["kind"] == "release"

    above = [record.kind for record in dependents(registry.ledger, "sha256:d0")]
    assert above == ["model", "evaluation", "verdict", "release", "alias"]


def test_lineage_of_nothing_is_an_error(tmp_path: Path) -> None:
    """A name that no record has is said."""
    with pytest.raises(RegistryError) as caught:
        lineage(open_registry(tmp_path).ledger, "sha256:00")
    assert caught.value.code == "registry.lineage.unknown"
