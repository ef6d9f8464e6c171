"""A content store: bytes kept under their own digest, written whole or not at all.

    blobs/ab/ab12...  the bytes whose SHA-256 is ab12...

A name can never come to mean other bytes, so there is nothing to lock, nothing to version and
nothing to overwrite; what was altered on the disk is found when it is read.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from mintmark.ground import RegistryError, digest_bytes, disk_watch, write_atomic

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Store:
    """The content store in one folder, made as it is needed."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Return where the bytes of a digest lie, there or not.

        Raises
        ------
        RegistryError
            ``registry.store.name`` for what is not a digest.
        """
        if not _DIGEST.fullmatch(digest):
            raise RegistryError(
                "this is not the name of stored content",
                got=repr(digest[:80]),
                want="sha256: and 64 hexadecimal digits",
                code="registry.store.name",
            )
        name = digest.removeprefix("sha256:")
        return self.folder / name[:2] / name

    def put(self, content: bytes) -> str:
        """Keep some bytes and return their digest; the same bytes again change nothing.

        Bytes that lie there altered are put right.

        Cost: one fsync of the file and one of its folder; for bytes already there, one read.
        """
        digest = digest_bytes(content)
        path = self.path(digest)
        try:
            if path.read_bytes() == content:
                return digest
        except FileNotFoundError:
            with disk_watch(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest, verified.

        Raises
        ------
        RegistryError
            ``registry.store.missing``; ``registry.store.altered`` where other bytes lie there.
        """
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise RegistryError(
                "stored content is missing",
                at=str(path),
                got="no file",
                want=digest,
                hint="restore the store's folder from a copy",
                code="registry.store.missing",
            ) from None
        found = digest_bytes(content)
        if found != digest:
            raise RegistryError(
                "stored content was altered",
                at=str(path),
                got=found,
                want=digest,
                hint="restore the file from a copy, or put the same bytes again",
                code="registry.store.altered",
            )
        return content

    def holds(self, digest: str) -> bool:
        """Whether there are bytes under a digest; whether they are the right ones, `get` says."""
        return self.path(digest).is_file()
