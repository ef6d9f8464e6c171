"""The two keys of a project: one signs releases (Ed25519), one makes tokens of account numbers.

They live in a folder of the person who runs Mintmark, mode 0600, outside project, log, bundle and
repository. A key file that others can read is refused. `cryptography` is loaded only when a key is
used.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mintmark.ground.draw import secret
from mintmark.ground.errors import GroundError
from mintmark.ground.files import sync_folder

SIGNING_KEY = "signing.key"
TOKEN_KEY = "token.key"
_BYTES = 32


@dataclass(frozen=True, repr=False)
class SigningKey:
    """An Ed25519 key that signs; `public` are the 32 bytes that verify."""

    seed: bytes
    public: bytes


def make_keys(folder: str | Path, *, project: str | Path | None = None) -> tuple[Path, ...]:
    """Make the signing key and the token key, and leave those alone that are there already.

    Parameters
    ----------
    folder : path
        Made if missing, mode 0700; the files have mode 0600.
    project : path or None
        The project's folder, which must not hold the keys.

    Returns
    -------
    tuple of Path
        The files that were made now.

    Raises
    ------
    GroundError
        `ground.keys.inside` where the folder lies inside the project or inside a repository.
    """
    place = Path(folder).expanduser().resolve()
    _refuse_inside(place, project)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = tuple(place / n for n in (SIGNING_KEY, TOKEN_KEY) if not (place / n).exists())
    for path in made:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret(_BYTES).hex().encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
    sync_folder(place)
    return made


def load_signing_key(folder: str | Path) -> SigningKey:
    """Return the key that signs releases.

    Raises
    ------
    GroundError
        `ground.keys.missing`, `ground.keys.open` (others can read it), `ground.keys.broken`.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = _read(Path(folder).expanduser() / SIGNING_KEY)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKey(seed, private.public_key().public_bytes_raw())


def load_token_key(folder: str | Path) -> bytes:
    """Return the 32 bytes that make tokens of account numbers.

    Raises
    ------
    GroundError
        `ground.keys.missing`, `ground.keys.open` (others can read it), `ground.keys.broken`.
    """
    return _read(Path(folder).expanduser() / TOKEN_KEY)


def sign(data: bytes, key: SigningKey) -> bytes:
    """Return the 64 bytes of an Ed25519 signature (RFC 8032) over data."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(key.seed).sign(data)


def verify(data: bytes, *, signature: bytes, public: bytes) -> bool:
    """Return whether a signature over data was made by the key of these 32 public bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _refuse_inside(place: Path, project: str | Path | None) -> None:
    homes = [p for p in (place, *place.parents) if (p / ".git").exists()]
    if project is not None:
        root = Path(project).expanduser().resolve()
        homes += [root] if place == root or root in place.parents else []
    if homes:
        raise GroundError(
            "keys do not live inside a project or a repository",
            at=str(place),
            want=f"a folder outside {homes[0]}",
            hint="set keys_dir to a folder of your own",
            code="ground.keys.inside",
        )


def _read(path: Path) -> bytes:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise GroundError(
                "a key can be read by others",
                at=str(path),
                got=f"mode {mode:04o}",
                want="mode 0600",
                hint=f"chmod 600 {path}",
                code="ground.keys.open",
            )
        text = path.read_text(encoding="ascii")
        key = bytes.fromhex(text)
    except FileNotFoundError:
        raise GroundError(
            "a key is missing",
            at=str(path),
            hint="`mintmark init` makes the keys of a project",
            code="ground.keys.missing",
        ) from None
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise GroundError(
            "a key file does not hold a key",
            at=str(path),
            want="64 hex digits",
            hint="restore the file from your backup; a new key cannot verify or token the old way",
            code="ground.keys.broken",
        )
    return key
