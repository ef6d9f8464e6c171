"""The Handbook set becomes two sources, and no value changes on the way."""

from pathlib import Path

import polars as pl
import pytest

from mintmark.ground import GroundError
from mintmark.testing import write_handbook
from mintmark.testing.handbook import CASE_COLUMNS, PAYMENT_COLUMNS


def test_payments_and_chargebacks_keep_every_value(tmp_path: Path, shared_data: Path) -> None:
    """Both files hold the set's own values and types; only frauds have a chargeback."""
    source = shared_data / "handbook"
    done = write_handbook(source, tmp_path)
    table = pl.read_parquet(source / "transactions_*.parquet")
    payments = pl.read_parquet(tmp_path / "payment.parquet")
    assert payments.equals(table.select(PAYMENT_COLUMNS))
    assert payments.schema == table.select(PAYMENT_COLUMNS).schema
    frauds = table.filter(pl.col("TX_FRAUD") == 1).with_columns(CASE_ID="TRANSACTION_ID")
    assert pl.read_parquet(tmp_path / "chargeback.parquet").equals(frauds.select(CASE_COLUMNS))
    assert (done.payments, done.chargebacks) == (1_303_778, 10_659)


def test_a_folder_without_the_set_is_refused(tmp_path: Path) -> None:
    """A folder that lacks the table of transactions is an error that names the folder."""
    with pytest.raises(GroundError, match="not where it should be"):
        write_handbook(tmp_path, tmp_path / "out")
