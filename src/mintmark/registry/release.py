"""A release: a model bundle under a signed manifest, and the check that comes before its use.

    releases/0123456789ab/
      model.txt  calibration.json  plan.json  policy.json  bundle.json
      manifest.json    every file's digest and size, the verdict, who and when; its digest is the
                       release's own
      signature.json   Ed25519 over the bytes of manifest.json

The ledger holds manifest and signature, the content store holds the files: the folder is a copy
that `lay_out` makes again, byte for byte. `open_release` needs neither of them, only the folder
and the public key, and parses nothing until all of it is verified.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintmark.ground import RegistryError, canonical, digest_bytes, short, verify
from mintmark.registry.bundle import MANIFEST, SIGNATURE, plain_files

_SIGNATURE = re.compile(
    rb'\{"algorithm":"ed25519","key":"([0-9a-f]{12})","signature":"([0-9a-f]{128})"\}'
)


@dataclass(frozen=True)
class Release:
    """A release whose every byte was verified when it was opened.

    Attributes
    ----------
    digest : str
        Digest of the manifest: the name of the release.
    folder : Path
        Where it lies.
    manifest : mapping
        ``files`` (name to ``sha256`` and ``size``), ``model`` (bundle digest), ``digests``
        (plan, dataset, policy, calibration), ``verdict`` (record hash),
        ``evaluation`` (record digest), ``lock`` (digest of the environment's lock), ``actor``,
        ``created_at`` (µs UTC).
    """

    digest: str
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def model(self) -> str:
        """Digest of the model bundle, the one that was judged."""
        model: str = self.manifest["model"]
        return model

    @property
    def digests(self) -> Mapping[str, str]:
        """Own digests of plan, dataset, policy and calibration."""
        digests: Mapping[str, str] = self.manifest["digests"]
        return digests

    def read(self, name: str) -> bytes:
        """Return a file's bytes, verified once more as they are read.

        Raises
        ------
        RegistryError
            ``registry.release.altered``.
        """
        listed = self.manifest["files"].get(name)
        try:
            content = (self.folder / name).read_bytes() if listed else b""
        except OSError:
            listed = None
        if listed is None:
            raise altered(self.folder / name, "no such file")
        if digest_bytes(content) != listed["sha256"]:
            raise altered(self.folder / name, "other bytes than were signed")
        return content


def altered(path: Path, got: str) -> RegistryError:
    """Return the error for a release that is not what was signed, naming the file."""
    return RegistryError(
        f'the release\'s "{path.name}" is not what was signed',
        at=str(path),
        got=got,
        want="the bytes that were signed",
        hint="do not use it; lay the release out again from the registry",
        code="registry.release.altered",
    )


def signature_text(signature: bytes, public: bytes) -> bytes:
    """Return the one form in which a signature file is written."""
    form = {"algorithm": "ed25519", "key": key_id(public), "signature": signature.hex()}
    return canonical(form)


def key_id(public: bytes) -> str:
    """Return the short name of a public key (32 bytes): twelve hex digits of its digest."""
    return short(digest_bytes(public))


def open_release(folder: Path, public: bytes) -> Release:
    """Verify a release, whole, and only then read its manifest.

    First the signature over the manifest's bytes, then every file's size and digest. A file that
    is missing, altered or not listed is named.

    Parameters
    ----------
    folder : Path
        The release's folder.
    public : bytes
        The 32 bytes of the key that must have signed it.

    Raises
    ------
    RegistryError
        ``registry.release.altered``; ``registry.release.signer`` where another key signed;
        ``registry.bundle.missing``, ``registry.bundle.entry``.

    Cost: one read of every file.
    """
    paths = plain_files(folder)
    signed = _verified_manifest(paths, folder, public)
    manifest = json.loads(signed)
    listed = manifest["files"]
    for name in sorted(paths.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        raise altered(folder / name, "a file that was not signed")
    release = Release(digest_bytes(signed), folder, manifest)
    for name, entry in sorted(listed.items()):
        if name not in paths:
            raise altered(folder / name, "no such file")
        if paths[name].stat().st_size != entry["size"]:
            raise altered(folder / name, f"{paths[name].stat().st_size} bytes")
        release.read(name)
    return release


def _verified_manifest(paths: Mapping[str, Path], folder: Path, public: bytes) -> bytes:
    """Return the bytes of the manifest if the key signed them; nothing is parsed before that."""
    for name in (MANIFEST, SIGNATURE):
        if name not in paths:
            raise altered(folder / name, "no such file")
    signed = paths[MANIFEST].read_bytes()
    found = _SIGNATURE.fullmatch(paths[SIGNATURE].read_bytes())
    if found is None:
        raise altered(paths[SIGNATURE], "not a signature in our form")
    signer, signature = found.group(1).decode(), bytes.fromhex(found.group(2).decode())
    if signer != key_id(public):
        raise RegistryError(
            "another key signed this release",
            at=str(paths[SIGNATURE]),
            got=f"key {signer}",
            want=f"key {key_id(public)}",
            hint="use a release of this project, or trust the other project's public key",
            code="registry.release.signer",
        )
    if not verify(signed, signature=signature, public=public):
        raise altered(paths[MANIFEST], "a signature that does not fit it")
    return signed
