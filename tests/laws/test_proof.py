"""The proof itself: a million events, as `make proof` draws them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def proof(page: Path, *options: str) -> str:
    """Run the proof without the peers and return its page."""
    command = [sys.executable, "bench/proof.py", "--peer-rows", "0", "--page", str(page), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return page.read_text(encoding="utf-8")


def test_a_short_proof_writes_what_it_counted(tmp_path: Path) -> None:
    """Four hundred events: no value differs, and the same seed gives the same digest."""
    page = proof(tmp_path / "proof.md", "--events", "400", "--seed", "7", "--processes", "1")
    assert "| events | 400 |" in page
    assert re.search(r"\*\*0 of [\d,]{5,} compared values differ\.\*\*", page)
    again = proof(tmp_path / "again.md", "--events", "400", "--seed", "7", "--processes", "2")
    digests = [re.findall(r"digest of all values of the oracle.*", text) for text in (page, again)]
    assert digests[0] == digests[1] != []


@pytest.mark.long
def test_a_million_events_give_the_oracles_bits(tmp_path: Path) -> None:
    """What `make proof` proves, over every pair of an aggregate and a form of window."""
    page = proof(tmp_path / "proof.md", "--events", "1000000")
    (seen, pairs) = re.findall(r"form of window .*\| ([\d,]+) of ([\d,]+) \|", page)[0]
    assert seen == pairs
