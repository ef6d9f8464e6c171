"""Randomness has a seed and a name."""

import subprocess
import sys

from mintmark.ground import generator, secret, unit_draw


def test_streams_are_named_and_apart() -> None:
    """The same seed and name give the same numbers; any other name gives others."""
    names: list[tuple[str | int, ...]] = [("a",), ("b",), ("a", 1), ("a", "1"), (), ("a", "b")]
    drawn = [tuple(generator(7, *name).integers(2**62, size=4).tolist()) for name in names]
    again = [tuple(generator(7, *name).integers(2**62, size=4).tolist()) for name in names]
    assert drawn == again
    assert len(set(drawn)) == len(names)
    assert drawn[0] != tuple(generator(8, "a").integers(2**62, size=4).tolist())


def test_numbers_are_the_same_in_every_version() -> None:
    """The first numbers of a stream are fixed: worlds and splits must not move under us."""
    assert generator(7, "a").integers(1000, size=4).tolist() == [688, 45, 735, 620]


def test_keyed_draws() -> None:
    """A keyed draw is in [0, 1), depends on key and text alone, and is spread evenly."""
    draws = [unit_draw(b"key", f"payment-{i}") for i in range(4000)]
    assert draws == [unit_draw(b"key", f"payment-{i}") for i in range(4000)]
    assert all(0.0 <= d < 1.0 for d in draws)
    assert abs(sum(draws) / len(draws) - 0.5) < 0.02
    assert unit_draw(b"other", "payment-0") != draws[0]


def test_secrets_differ() -> None:
    """Two secrets are never the same, and have the length that was asked for."""
    assert len(secret(16)) == 16
    assert secret() != secret()


def test_nothing_heavy_is_loaded_with_the_room() -> None:
    """Importing ground loads no NumPy, pydantic or cryptography."""
    code = "import sys, mintmark.ground; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not set(loaded.stdout.split()) & {"numpy", "pydantic", "cryptography", "pyarrow"}
