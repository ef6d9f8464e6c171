"""Canonical JSON and SHA-256 digests: equal values have equal bytes on every machine."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from mintmark.ground.errors import GroundError


def canonical(value: Any) -> bytes:
    """Return a JSON value as its one canonical form: sorted keys, no spaces, UTF-8.

    Raises
    ------
    GroundError
        ``ground.digest.not_a_value`` for NaN, infinities and anything that JSON has no word for.

    Examples
    --------
    >>> canonical({"b": 1, "a": [True, None, "é"]}).decode()
    '{"a":[true,null,"é"],"b":1}'
    """
    _refuse_odd_values(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def digest(value: Any) -> str:
    """Return the digest of a JSON value's canonical form."""
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes | memoryview) -> str:
    """Return ``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_file(path: Path) -> str:
    """Return the digest of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def short(digest_text: str) -> str:
    """Return the first 12 hexadecimal digits of a digest."""
    return digest_text.removeprefix("sha256:")[:12]


def _refuse_odd_values(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                _refuse(key)
            _refuse_odd_values(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _refuse_odd_values(inner)
    elif isinstance(value, float):
        if not math.isfinite(value):
            _refuse(value)
    elif not (value is None or isinstance(value, (str, int, bool))):
        _refuse(value)


def _refuse(value: object) -> None:
    raise GroundError(
        "a value has no canonical form",
        got=repr(value),
        want="text, whole and finite numbers, true, false, null, lists and mappings of text",
        code="ground.digest.not_a_value",
    )
