"""Export: plain files, named by content, whole or not there."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mintmark.engine.predict import Scorer
from mintmark.registry.bundle import bundle_digest
from mintmark.train import bundle_files, fit, write_bundle
from mintmark.train.fit import Fitted
from train.history import NAMES, rows_of


@pytest.fixture(scope="module", params=["lightgbm", "logistic"])
def fitted(request: pytest.FixtureRequest) -> Fitted:
    """A small calibrated model of each kind."""
    parameters = {"num_iterations": 10} if request.param == "lightgbm" else {}
    return fit(
        request.param,
        parameters,
        train=rows_of(2_000),
        calibration=("isotonic", rows_of(2_000, seed=2)),
        seed=1,
    )


def _files(fitted: Fitted) -> dict[str, bytes]:
    return bundle_files(fitted, plan={"p": 1}, policy={"q": 2}, about={"name": "card_fraud"})


def test_a_bundle_scores_as_the_fit_did(fitted: Fitted, tmp_path: Path) -> None:
    """What is loaded from the folder gives the margins and probabilities of training."""
    folder, _ = write_bundle(tmp_path, _files(fitted))
    scorer, rows = Scorer.load(folder), rows_of(300, seed=3).features
    margins = fitted.margins(rows)
    assert scorer.margins(rows).tolist() == margins.tolist()
    assert [scorer.margin(row) for row in rows] == margins.tolist()
    want = fitted.calibration.probability(margins)
    assert scorer.probability(margins).tolist() == want.tolist()


def test_a_bundle_is_plain_text_and_complete(fitted: Fitted, tmp_path: Path) -> None:
    """Text and JSON only, named and digested as the registry does it."""
    folder, digest = write_bundle(tmp_path, _files(fitted))
    assert bundle_digest(folder) == digest
    for path in folder.iterdir():
        path.read_bytes().decode("utf-8")
    described = json.loads((folder / "bundle.json").read_text())
    assert described["inputs"] == list(NAMES)
    assert described["name"] == "card_fraud"
    assert set(described["digests"]) == {p.name for p in folder.iterdir()} - {"bundle.json"}


def test_the_same_bundle_again_moves_nothing(fitted: Fitted, tmp_path: Path) -> None:
    """A repeated run finds its bundle and leaves it alone."""
    folder, digest = write_bundle(tmp_path, _files(fitted))
    stamp = (folder / "bundle.json").stat().st_mtime_ns
    assert write_bundle(tmp_path, _files(fitted)) == (folder, digest)
    assert (folder / "bundle.json").stat().st_mtime_ns == stamp
    assert [p.name for p in tmp_path.iterdir()] == [folder.name]


def test_a_damaged_bundle_is_replaced_whole(fitted: Fitted, tmp_path: Path) -> None:
    """Bytes that are not this bundle's do not survive under its name."""
    folder, _ = write_bundle(tmp_path, _files(fitted))
    (folder / "plan.json").write_text("{")
    (folder / "stray").write_text("x")
    write_bundle(tmp_path, _files(fitted))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == _files(fitted)
    assert [p.name for p in tmp_path.iterdir()] == [folder.name]


_ENDLESS = """
import sys, pathlib
from mintmark.train import write_bundle
parent = pathlib.Path(sys.argv[1])
print("go", flush=True)
n = 0
while True:
    n += 1
    files = {name: b"%d" % n * 200_000 for name in
             ("model.txt", "bundle.json", "plan.json", "policy.json")}
    write_bundle(parent, files)
"""


def test_kill_nine_leaves_whole_bundles_only(tmp_path: Path) -> None:
    """A writer killed at any moment leaves whole folders; the next writer sweeps the rest."""
    for delay in (0.02, 0.05, 0.11, 0.17):
        writer = subprocess.Popen(
            [sys.executable, "-c", _ENDLESS, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        for folder in tmp_path.glob("[!.]*"):
            assert bundle_digest(folder).startswith(f"sha256:{folder.name}")
    files = dict.fromkeys(("model.txt", "bundle.json", "plan.json", "policy.json"), b"last")
    write_bundle(tmp_path, files)
    assert not list(tmp_path.glob(".*"))
