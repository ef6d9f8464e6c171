"""A model bundle: the folder that training leaves, named by the digest of all its bytes.

    model.txt or model.json   the model, in native text
    calibration.json          margin to probability (absent where nothing is calibrated)
    plan.json  policy.json    what computes its inputs, and what its score leads to
    bundle.json               names of the inputs, digests

The digest covers every file, so the model that was judged is, byte for byte, the one released.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mintmark.ground import RegistryError, digest, digest_bytes

MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
_SEALS = frozenset((MANIFEST, SIGNATURE))
_MODELS = frozenset(("model.txt", "model.json"))
_NEEDED = ("bundle.json", "plan.json", "policy.json")


@dataclass(frozen=True)
class Bundle:
    """The files of a model bundle, read once, by name."""

    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """The model's digest: that of every file's name and content."""
        return digest({name: digest_bytes(content) for name, content in self.files.items()})


def plain_files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by name, refusing whatever is not a plain file.

    Raises
    ------
    RegistryError
        ``registry.bundle.missing`` where there is no such folder, ``registry.bundle.entry`` for a
        folder or a link in it.
    """
    if not folder.is_dir():
        raise RegistryError(
            "there is no such folder", at=str(folder), code="registry.bundle.missing"
        )
    entries = sorted(folder.iterdir())
    for entry in entries:
        if entry.is_symlink() or not entry.is_file():
            raise RegistryError(
                "a bundle holds plain files only",
                at=str(entry),
                got="a link" if entry.is_symlink() else "a folder",
                want="a file",
                code="registry.bundle.entry",
            )
    return {entry.name: entry for entry in entries}


def read_bundle(folder: Path) -> Bundle:
    """Read a model bundle whole; the seals of a release, if there are any, are left out.

    Raises
    ------
    RegistryError
        ``registry.bundle.missing``, ``registry.bundle.entry``, ``registry.bundle.incomplete``.
    """
    paths = plain_files(folder)
    files = {name: path.read_bytes() for name, path in paths.items() if name not in _SEALS}
    missing = [name for name in _NEEDED if name not in files]
    if len(_MODELS & files.keys()) != 1:
        missing.insert(0, "model.txt or model.json, one of them")
    if missing:
        raise RegistryError(
            "this is not a whole model bundle",
            at=str(folder),
            got=" ".join(sorted(files)) or "no files",
            want=", ".join(missing),
            hint="run the training again",
            code="registry.bundle.incomplete",
        )
    return Bundle(files)


def bundle_digest(folder: Path) -> str:
    """Return the digest by which a model bundle is evaluated, judged and released."""
    return read_bundle(folder).digest
