"""Export: a trained model as a bundle folder of plain files, whole or not there.

    <parent>/<first 12 hex of the digest>/   model.txt or model.json, calibration.json,
                                             plan.json, policy.json, bundle.json

The folder is named by the digest of its content and moved into place by one rename, after every
byte is on disk.  A run that is killed leaves a hidden folder that the next run removes; a run that
is repeated finds its own bundle there and leaves it alone.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mintmark.ground import (
    canonical,
    digest_bytes,
    disk_watch,
    short,
    sync_folder,
    write_atomic,
)
from mintmark.registry.bundle import Bundle
from mintmark.train.fit import Fitted

FORMAT = 1


def bundle_files(
    fitted: Fitted, *, plan: Mapping[str, Any], policy: Mapping[str, Any], about: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return the files of a model bundle by name.

    Parameters
    ----------
    fitted : Fitted
        The model.
    plan, policy : mapping
        Canonical forms of what computes its inputs and of what its score leads to.
    about : mapping
        What else ``bundle.json`` should say: the model's name, digests of dataset and plan.
    """
    files = {
        fitted.file: fitted.content,
        "calibration.json": canonical(fitted.calibration.form()),
        "plan.json": canonical(plan),
        "policy.json": canonical(policy),
    }
    described = {
        **about,
        "format": FORMAT,
        "learner": fitted.kind,
        "inputs": list(fitted.names),
        "digests": {name: digest_bytes(content) for name, content in files.items()},
    }
    return {**files, "bundle.json": canonical(described)}


def write_bundle(parent: Path, files: Mapping[str, bytes]) -> tuple[Path, str]:
    """Write a bundle into `parent` and return its folder and its digest.

    Raises
    ------
    GroundError
        ``ground.disk.full``; nothing of the bundle remains then.
    """
    named = Bundle(files).digest
    folder = parent / short(named)
    with disk_watch(parent):
        parent.mkdir(parents=True, exist_ok=True)
    _sweep(parent)
    if folder.is_dir() and _same(folder, files):
        return folder, named
    beside = parent / f".{folder.name}.{os.getpid()}.tmp"
    aside = parent / f".{folder.name}.old.{os.getpid()}.tmp"
    try:
        with disk_watch(beside):
            beside.mkdir()
            for name, content in files.items():
                write_atomic(beside / name, content)
            sync_folder(beside)
            if folder.exists():  # bytes under this name that are not this bundle's: damaged
                folder.rename(aside)
            beside.rename(folder)
            sync_folder(parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
    return folder, named


def _same(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Tell whether a folder holds exactly these files."""
    names = {entry.name for entry in folder.iterdir()}
    return names == set(files) and all(
        (folder / name).read_bytes() == content for name, content in files.items()
    )


def _sweep(parent: Path) -> None:
    """Remove what killed runs left: hidden folders of processes that are no more."""
    for left in parent.glob(".*.tmp"):
        pid = left.name.split(".")[-2]
        if not pid.isdigit() or not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    """Tell whether a process of this number runs; one of another user counts as running."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
