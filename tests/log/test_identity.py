"""Ids: found exactly, in the tables and in the tail."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

import mintmark.define as mm
from log.worked import payment
from mintmark.log.identity import History, Identities, hash_id, hash_ids
from mintmark.log.rule import shape_of

TEXT = st.text(max_size=80)


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT), st.integers(0, 3))
def test_a_text_hashes_alone_as_in_its_column(texts: list[str], skipped: int) -> None:
    """Alone, in a column, or in a slice of one: a text has one hash."""
    column = pa.array(texts, pa.string())
    assert [hash_id(text) for text in texts] == hash_ids(column).tolist()
    assert hash_ids(column[skipped:]).tolist() == hash_ids(column).tolist()[skipped:]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_an_integer_hashes_alone_as_in_its_column(numbers: list[int]) -> None:
    """The same for integers of any sign."""
    assert [hash_id(n) for n in numbers] == hash_ids(pa.array(numbers, pa.int64())).tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TEXT, st.integers(0, 2)), unique=True), st.lists(TEXT))
def test_an_index_equals_a_dictionary(known: list[tuple[str, int]], asked: list[str]) -> None:
    """It finds every revision of every id that is there, and nothing else."""
    event = mm.Event("tick", id="id", at="at", revision="revision", fields={})
    rows = [
        {"mm_seq": i, "mm_at": 0, "mm_known_at": 0, "mm_revision": revision, "id": id}
        for i, (id, revision) in enumerate(known)
    ]
    schema = pa.schema([(n, pa.int64()) for n in ("mm_seq", "mm_at", "mm_known_at", "mm_revision")])
    table = pa.Table.from_pylist(rows, schema=schema.append(pa.field("id", pa.string())))
    ids = Identities(shape_of(event), lambda: table)
    for text in [*asked, *(id for id, _ in known)]:
        assert ids.known(text) == any(id == text for id, _ in known)
        for revision in range(3):
            want = [row for row in rows if (row["id"], row["mm_revision"]) == (text, revision)]
            assert ids.find(text, revision) == (want[0] if want else None)


def test_two_ids_of_one_hash_are_told_apart() -> None:
    """A hash that is found is only a place to look: the id itself decides."""
    shape = shape_of(payment)
    columns = {"payment_id": ["a", "b"], "mm_revision": [0, 0], "mm_seq": [1, 2]}
    history = History(pa.table(columns), shape)
    history._hashes = memoryview(bytes(16)).cast("Q")
    zero = {name: hash_id(name) for name in ("a", "b")}
    assert all(zero.values())
    assert history.revisions("a") == []
