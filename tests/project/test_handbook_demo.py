"""The main job on the public Handbook set, whole."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
def test_the_handbook_is_played_from_file_to_report(shared_data: Path, tmp_path: Path) -> None:
    """The set of its authors is promoted, served and verified, and beats the best published."""
    figures = tmp_path / "figures.json"
    words = ["--data", str(shared_data / "handbook"), "--folder", str(tmp_path / "demo")]
    command = [sys.executable, "-m", "mintmark.cli", "demo", *words, "--json", str(figures)]
    subprocess.run(command, check=True, timeout=1200)
    form = json.loads(figures.read_text())
    assert form["verdict"] == "PROMOTE"
    assert form["parity"] == {"compared": 20_000, "mismatches": 0}
    assert form["served"]["errors"] == 0
    assert form["evaluation"]["auc_roc"] >= 0.871
    assert form["evaluation"]["average_precision"] >= 0.658
    assert form["evaluation"]["card_precision_100"] >= 0.291
