"""One canonical form of a value, one digest of it."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.ground import GroundError, canonical, digest, digest_bytes, digest_file, short

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcé", max_size=3), inner),
    max_leaves=12,
)


@given(PLAIN)
def test_a_value_is_read_back_from_its_form(value: object) -> None:
    """The canonical form is JSON of the value itself, floats to the last bit."""
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers()))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    """Two mappings with the same items have the same bytes."""
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_kinds_of_value_are_told_apart() -> None:
    """1, 1.0, True and "1" have four digests."""
    assert len({digest(v) for v in (1, 1.0, True, "1")}) == 4


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1: 2}, {"a": {True: 1}}, b"x", {1}, object(), "\ud800"]
)
def test_values_without_a_form(value: object) -> None:
    """What JSON has no word for is an error, wherever it is hidden."""
    with pytest.raises(GroundError) as caught:
        canonical({"deep": [value]})
    assert caught.value.code == "ground.digest.not_a_value"


def test_digests(tmp_path: Path) -> None:
    """A digest names its function, and is the same for a value, its bytes and its file."""
    path = tmp_path / "value.json"
    path.write_bytes(canonical({"a": 1}))
    expected = "sha256:" + hashlib.sha256(b'{"a":1}').hexdigest()
    assert digest({"a": 1}) == digest_bytes(b'{"a":1}') == digest_file(path) == expected
    assert short(expected) == expected[7:19]
