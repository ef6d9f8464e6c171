"""Randomness: every draw has a seed and a name, so that the same seed gives the same bytes."""

import hashlib
import hmac
import os

from numpy.random import Generator, Philox


def generator(seed: int, *stream: str | int) -> Generator:
    """Return a generator of its own for a seed and a named stream.

    Streams are independent: what one draws does not move another.

    Examples
    --------
    >>> generator(7, "cards").integers(100) == generator(7, "cards").integers(100)
    True
    """
    name = "\x1f".join([str(seed), *(str(part) for part in stream)])
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")
    return Generator(Philox(key=key))


def unit_draw(key: bytes, text: str) -> float:
    """Return a number in [0, 1) that depends on a key and a text alone."""
    mac = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return (int.from_bytes(mac[:8], "big") >> 11) / 2.0**53


def secret(length: int) -> bytes:
    """Return `length` bytes that nobody can guess, for keys."""
    return os.urandom(length)
