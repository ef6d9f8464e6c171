"""Frames: a scan believes what was written whole, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.log import frame
from mintmark.log.frame import HEADER_BYTES, Place

EVENT, REFUSAL = 1, 2
SIZE = 4096
COMMITS = st.lists(
    st.lists(st.tuples(st.sampled_from([EVENT, REFUSAL]), st.binary(max_size=60)), min_size=1),
    max_size=5,
)


def written(commits: list[list[tuple[int, bytes]]]) -> tuple[bytearray, list[int], list[bytes]]:
    """A segment that holds some commits; where each commit ends, and all payloads."""
    data = bytearray(frame.header(Place(0, 0, 0)).ljust(SIZE, b"\0"))
    offset, seq, ends, payloads = HEADER_BYTES, 0, [], []
    for commit in commits:
        base = offset
        for kind, payload in commit:
            seq += kind == EVENT
            packed = frame.pack(kind, payload, seq=seq, base=base)
            if offset + len(packed) > SIZE:
                return data, ends, payloads
            data[offset : offset + len(packed)] = packed
            offset += len(packed)
            payloads.append(payload)
        ends.append(offset)
    return data, ends, payloads


def scanned(data: bytearray) -> tuple[frame.Scan, list[bytes]]:
    """What a scan finds in a segment."""
    view = memoryview(bytes(data))
    found = frame.scan(view, after_seq=0)
    return found, [bytes(view[one.start : one.stop]) for one in found.frames]


@settings(max_examples=100, deadline=None)
@given(COMMITS)
def test_what_was_written_is_found(commits: list[list[tuple[int, bytes]]]) -> None:
    """A whole segment gives back every payload, and is neither torn nor damaged."""
    data, _, payloads = written(commits)
    found, got = scanned(data)
    assert got == payloads
    assert (found.torn, found.damaged) == (False, False)


@settings(max_examples=200, deadline=None)
@given(COMMITS.filter(bool), st.data())
def test_a_torn_last_commit_is_cut_and_never_called_damage(
    commits: list[list[tuple[int, bytes]]], draw: st.DataObject
) -> None:
    """However the last write was torn, all commits before it are found and it is not damage.

    | commit | commit | to|n  st |
    """
    data, ends, payloads = written(commits)
    start = ends[-2] if len(ends) > 1 else HEADER_BYTES
    if not ends or start >= ends[-1]:
        return
    lost = draw.draw(st.lists(st.integers(start // 8, ends[-1] // 8 - 1), min_size=1))
    before = bytes(data)
    for block in lost:
        data[8 * block : 8 * block + 8] = bytes(8)
    found, got = scanned(data)
    kept = sum(1 for one in scanned(bytearray(before))[0].frames if one.start < start)
    assert got == payloads[: len(got)]
    assert len(got) >= kept
    assert not found.damaged


@settings(max_examples=200, deadline=None)
@given(COMMITS.filter(lambda commits: len(commits) > 1), st.data())
def test_damage_to_what_was_acknowledged_is_told(
    commits: list[list[tuple[int, bytes]]], draw: st.DataObject
) -> None:
    """A changed byte in any commit but the last is damage: later commits prove it was on disk."""
    data, ends, payloads = written(commits)
    if len(ends) < 2:
        return
    place = draw.draw(st.integers(HEADER_BYTES, ends[-2] - 1))
    data[place] ^= draw.draw(st.integers(1, 255))
    found, got = scanned(data)
    assert got == payloads[: len(got)]
    if len(got) < len(payloads):
        assert found.damaged


def test_a_header_that_is_not_sound() -> None:
    """A header with another magic, a wrong checksum or too few bytes is none."""
    head = frame.header(Place(7, 1, 99))
    assert frame.read_header(head) == Place(7, 1, 99)
    assert frame.read_header(head[:20]) is None
    assert frame.read_header(bytes(64)) is None
    assert frame.read_header(head[:9] + b"\1" + head[10:]) is None
