"""A small registry that tests build: a bundle's files, and the records that lead to a verdict."""

from pathlib import Path

from mintmark.ground import SigningKey, load_signing_key, make_keys
from mintmark.registry import Ledger, Record, Registry, Seal, bundle_digest, migrate

AT = 1_533_686_400_000_000
LOCK = "sha256:" + "1" * 64


def open_registry(folder: Path) -> Registry:
    """Set up and open a registry in a folder of a test."""
    url = f"sqlite:///{folder}/ledger.db"
    migrate(url)
    return Registry.open(url, folder)


def make_bundle(folder: Path, model: str = "tree\nversion=v4\n") -> Path:
    """Write a model bundle as training leaves it."""
    folder.mkdir(parents=True)
    files = {
        "model.txt": model,
        "calibration.json": '{"kind":"isotonic","x":[-1.0,1.0],"y":[0.0,1.0]}',
        "plan.json": '{"request":"payment"}',
        "policy.json": '{"approve":{"if_fraud":1}}',
        "bundle.json": '{"inputs":["amount"]}',
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def judged(ledger: Ledger, bundle: Path, result: str = "PROMOTE", *, at: int = AT) -> Record:
    """Record plan, dataset, model, evaluation and a verdict on a bundle."""
    model = bundle_digest(bundle)

    def record(kind: str, body: dict[str, object]) -> Record:
        return ledger.record(kind, body, actor="ada", at=at)

    plan = record("plan", {"digest": "sha256:b1a2"})
    inputs = {"plan": plan.digest}
    dataset = record(
        "dataset", {"digest": "sha256:d0", "log_version": "sha256:10", "inputs": inputs}
    )
    inputs = {"plan": plan.digest, "dataset": dataset.digest}
    trained = record("model", {"digest": model, "inputs": inputs})
    measured = record("evaluation", {"model": model, "inputs": {"model": trained.digest}})
    inputs = {"evaluation": measured.digest}
    return record("verdict", {"result": result, "model": model, "inputs": inputs})


def seal(folder: Path, *, at: int = AT) -> Seal:
    """Return what a release is sealed with, its key made on first use."""
    return Seal(key=signing_key(folder), actor="ada", at=at, lock=LOCK)


def signing_key(folder: Path) -> SigningKey:
    """Return the test's own signing key."""
    make_keys(folder / "keys")
    return load_signing_key(folder / "keys")
