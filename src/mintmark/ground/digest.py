"""One canonical form of plain values, and the SHA-256 that names it.

Canonical form: JSON in UTF-8, keys sorted by code point, no spaces, floats as their shortest exact
text. It is a close relative of RFC 8785 that keeps integers of any size exact.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

from mintmark.ground.errors import GroundError

_PREFIX = "sha256:"


def canonical(value: object) -> bytes:
    """Return the canonical JSON of a plain value.

    Parameters
    ----------
    value : None, bool, int, float, str, list, tuple or mapping of str
        A tuple is written as a list. NaN and the infinities have no form.

    Raises
    ------
    GroundError
        `ground.digest.not_a_value` with the JSON path of what has no canonical form.

    Examples
    --------
    >>> canonical({"b": 1, "a": [True, None, 0.1]})
    b'{"a":[true,null,0.1],"b":1}'
    """
    text = json.dumps(_plain(value, "$"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise _unwritable("$", "text that is not Unicode") from None


def digest(value: object) -> str:
    """Return "sha256:" and 64 hex digits of the canonical form of a plain value.

    Examples
    --------
    >>> digest({"a": 1}) == digest_bytes(b'{"a":1}')
    True
    """
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes | memoryview) -> str:
    """Return "sha256:" and 64 hex digits of bytes."""
    return _PREFIX + hashlib.sha256(data).hexdigest()


def digest_file(path: str | Path) -> str:
    """Return "sha256:" and 64 hex digits of a file's bytes, read in blocks."""
    with open(path, "rb") as file:
        return _PREFIX + hashlib.file_digest(file, "sha256").hexdigest()


def short(digest: str) -> str:
    """Return the first twelve hex digits of a digest, for people.

    Examples
    --------
    >>> short("sha256:0123456789abcdef")
    '0123456789ab'
    """
    return digest.removeprefix(_PREFIX)[:12]


def _plain(value: object, path: str) -> object:
    # A strict copy: json would write keys that are not text, and NaN, without a word.
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _unwritable(path, repr(value))
        return float(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise _unwritable(path, f"a key of type {type(key).__name__}")
        return {key: _plain(item, f"{path}.{key}") for key, item in value.items()}
    raise _unwritable(path, f"a value of type {type(value).__name__}")


def _unwritable(path: str, got: str) -> GroundError:
    return GroundError(
        "a value has no canonical form",
        at=path,
        got=got,
        want="null, flag, integer, finite float, text, list or mapping",
        code="ground.digest.not_a_value",
    )
