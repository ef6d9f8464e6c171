"""A fresh log for every test that asks for one."""

from pathlib import Path

import pytest

from log.worked import EVENTS
from mintmark.log import Log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """An empty log of payments and chargebacks."""
    return Log.create(tmp_path / "log", EVENTS)
