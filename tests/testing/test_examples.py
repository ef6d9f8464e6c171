"""The two examples say the same about the fourteen columns that they share."""

from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_both_examples_hold_the_same_fourteen() -> None:
    """`fourteen.py` is one file, byte for byte, in both examples."""
    files = [EXAMPLES / n / "definitions" / "fourteen.py" for n in ("card_fraud", "handbook")]
    assert files[0].read_bytes() == files[1].read_bytes()
