"""Served vectors against replay."""

import numpy as np
import pyarrow as pa
import pytest

from mintmark.ground import MonitorError
from mintmark.monitor.parity import compare


def _decisions(vectors: list[list[float]], seqs: list[int]) -> pa.Table:
    raw = [np.array(v, dtype="<f8").tobytes() for v in vectors]
    ids = [f"d{s}" for s in seqs]
    return pa.table(
        {
            "decision_id": ids,
            "seq": pa.array(seqs, pa.int64()),
            "features": pa.array(raw, pa.binary()),
        }
    )


def test_equal_bits_are_no_mismatch_though_nan_is_not_equal_to_itself() -> None:
    """Null (NaN) features with the same bits are equal."""
    vectors = [[1.0, np.nan], [0.1 + 0.2, 3.0]]
    parity = compare(
        _decisions(vectors, [4, 9]), np.array([1, 4, 9]), np.array([[0, 0], *vectors]), ("a", "b")
    )
    assert (parity.compared, parity.mismatches) == (2, 0)


def test_one_bit_is_a_mismatch_and_is_named() -> None:
    """A value off by its last bit is counted and named with both values."""
    served, replayed = 0.1 + 0.2, 0.3
    parity = compare(_decisions([[served]], [5]), np.array([5]), np.array([[replayed]]), ("a",))
    assert parity.mismatches == 1
    assert parity.first[0].feature == "a"
    assert parity.first[0].served != parity.first[0].replayed


def test_a_decision_without_its_request_is_an_error() -> None:
    """A decision whose request is not in the log is refused, not left out."""
    with pytest.raises(MonitorError) as caught:
        compare(_decisions([[1.0]], [6]), np.array([5]), np.array([[1.0]]), ("a",))
    assert caught.value.code == "monitor.parity.unknown_seq"


def test_a_vector_of_another_length_is_an_error() -> None:
    """A logged vector that is not as long as the plan's is refused."""
    with pytest.raises(MonitorError) as caught:
        compare(_decisions([[1.0, 2.0]], [5]), np.array([5]), np.array([[1.0]]), ("a",))
    assert caught.value.code == "monitor.parity.width"
