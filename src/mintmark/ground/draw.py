"""Randomness, all of it: seeded generators, keyed draws and secrets.

Every random number of Mintmark comes from a seed and a named stream, so that two runs agree and two
uses never share numbers. NumPy is loaded only when a generator is asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from mintmark.ground.digest import canonical

if TYPE_CHECKING:
    import numpy


def generator(seed: int, *stream: str | int) -> numpy.random.Generator:
    """Return a generator of the numbers of one named stream of a seed.

    Parameters
    ----------
    seed : int
        Any integer.
    *stream : str or int
        The name of the stream: `generator(7, "bootstrap", 3)`.

    Source
    ------
    Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox), keyed by SHA-256.

    Examples
    --------
    >>> float(generator(7, "a").random()) == float(generator(7, "a").random())
    True
    """
    import numpy

    name = canonical([seed, *stream])
    key = int.from_bytes(hashlib.sha256(name).digest()[:16], "little")
    return numpy.random.Generator(numpy.random.Philox(key=key))


def unit_draw(key: bytes, text: str) -> float:
    """Return a number in [0, 1) that the key and the text alone decide.

    Cost: one HMAC-SHA256. The 53 highest bits make the number, so every value is exact.

    Examples
    --------
    >>> 0.0 <= unit_draw(b"key", "payment-1") < 1.0
    True
    """
    code = hmac.digest(key, text.encode("utf-8"), "sha256")
    return (int.from_bytes(code[:8], "big") >> 11) / 2.0**53


def secret(length: int = 32) -> bytes:
    """Return bytes that nobody can foresee, from the operating system."""
    return secrets.token_bytes(length)
