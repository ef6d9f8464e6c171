"""The town that the tests of this room serve."""

from pathlib import Path

import pytest

from serve.town import Town, build


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Build the town once."""
    return build(tmp_path_factory.mktemp("town"))


@pytest.fixture
def served_log(town: Town, tmp_path: Path) -> Path:
    """A fresh log to serve from."""
    return town.served_log(tmp_path / "served")
