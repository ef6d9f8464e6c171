"""Datasets: what was known at the cut-off, no label before its time, a digest of every row."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from mintmark.ground import DAY_US, TrainError
from mintmark.train import History
from train.history import LABEL, NAMES, history_of

DAY = DAY_US


def _history(labels: list[tuple[int, int, int, bool]]) -> History:
    """Three payments on days 0, 5 and 9; labels as (day known, payment, revision, fraud)."""
    payments = pa.table({
        "mm_seq": [0, 1, 2], "mm_at": [0, 5 * DAY, 9 * DAY], "mm_known_at": [0, 5 * DAY, 9 * DAY],
        "mm_revision": [0, 0, 0], "payment_id": [1, 2, 3],
    })  # fmt: skip
    told = pa.table({
        "mm_seq": pa.array([10 + i for i in range(len(labels))], pa.int64()),
        "mm_known_at": pa.array([day * DAY for day, *_ in labels], pa.int64()),
        "mm_revision": pa.array([revision for *_, revision, _ in labels], pa.int64()),
        "payment_id": pa.array([payment for _, payment, *_ in labels], pa.int64()),
        "fraud": pa.array([fraud for *_, fraud in labels], pa.bool_()),
    })  # fmt: skip
    features = np.zeros((3, len(NAMES)))
    return History(payments, told, features, NAMES, LABEL, "log-1", "sha256:plan")


@pytest.mark.parametrize(
    ("cutoff_day", "value"),
    [
        # payments  day 0 ···· 5 ···· 9        labels mature after 7 days
        (6, [-1, -1]),  #      |6: none mature
        (7, [0, -1]),  #        |7: the first just matured, unreported
        (11, [0, -1, -1]),  #       |11: the second reported on day 8, yet not mature
        (12, [0, 1, -1]),  #         |12: the second mature
        (16, [0, 1, 0]),
    ],
)
def test_a_label_is_used_once_it_is_mature(cutoff_day: int, value: list[int]) -> None:
    """Immature is unknown, never genuine, and an early chargeback does not jump the queue."""
    dataset = _history([(8, 2, 0, True)]).cut(cutoff_day * DAY)
    assert dataset.value.tolist() == value
    assert dataset.requests.num_rows == len(value)


def test_a_request_after_the_cut_off_is_not_in_the_dataset() -> None:
    """Rows known later than the cut-off do not exist yet."""
    dataset = _history([]).cut(5 * DAY)
    assert dataset.requests.column("payment_id").to_pylist() == [1, 2]
    assert len(_history([]).cut(5 * DAY - 1).value) == 1


def test_the_newest_revision_known_by_the_cut_off_counts() -> None:
    """A reversed chargeback clears the payment, from the day the reversal is known."""
    history = _history([(3, 1, 0, True), (20, 1, 1, False)])
    assert history.cut(19 * DAY).value.tolist() == [1, 0, 0]
    assert history.cut(20 * DAY).value.tolist() == [0, 0, 0]


def test_nothing_known_later_moves_a_dataset() -> None:
    """The same cut-off gives the same dataset whatever the log learns afterwards."""
    before = _history([(3, 1, 0, True)]).cut(15 * DAY)
    after = _history([(3, 1, 0, True), (16, 2, 0, True), (16, 1, 1, False)]).cut(15 * DAY)
    assert before.digest == after.digest


def test_the_digest_names_every_row() -> None:
    """Another label, value, time or feature name is another dataset; the same rows are the same."""
    history = history_of(20)
    digest = history.cut(18 * DAY).digest
    assert history_of(20).cut(18 * DAY).digest == digest
    changed = history.features.copy()
    changed[3, 1] = np.nextafter(changed[3, 1], 9)
    others = [
        dataclasses.replace(history, features=changed).cut(18 * DAY),
        dataclasses.replace(history, names=("a", *NAMES[1:])).cut(18 * DAY),
        history.cut(17 * DAY),
        history_of(20, seed=2).cut(18 * DAY),
    ]
    assert len({digest, *(other.digest for other in others)}) == 5


def test_the_digest_does_not_depend_on_memory_layout() -> None:
    """Column-major features are the same rows."""
    history = history_of(20)
    turned = dataclasses.replace(history, features=np.asfortranarray(history.features))
    assert turned.cut(18 * DAY).digest == history.cut(18 * DAY).digest


def test_the_body_counts_what_was_known() -> None:
    """The record says log version, plan, cut-off and how many rows of each kind."""
    body = _history([(8, 2, 0, True)]).cut(12 * DAY).body()
    assert body["rows"] == {"all": 3, "mature": 2, "immature": 1, "fraud": 1}
    assert (body["log_version"], body["plan"]) == ("log-1", "sha256:plan")
    assert body["cutoff"] == "1970-01-13T00:00:00Z"


def test_rows_between_are_those_of_known_label() -> None:
    """A window hands out no row whose label is unknown."""
    dataset = _history([]).cut(12 * DAY)
    assert dataset.rows_between(0, end_at=99 * DAY).tolist() == [0, 1]
    assert dataset.rows_between(1, end_at=5 * DAY).tolist() == []


def test_features_of_another_replay_are_refused() -> None:
    """As many rows of features as requests, or nothing."""
    history = history_of(3)
    with pytest.raises(TrainError) as caught:
        dataclasses.replace(history, features=history.features[1:])
    assert caught.value.code == "train.dataset.misaligned"


def test_a_missing_column_is_named() -> None:
    """An error says which column was asked for and which there are."""
    history = history_of(3)
    bare = dataclasses.replace(history, requests=history.requests.drop_columns(["mm_known_at"]))
    with pytest.raises(TrainError) as caught:
        bare.cut(DAY)
    assert caught.value.code == "train.dataset.column"
