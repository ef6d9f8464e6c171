"""The public Handbook set as source files: a stream of payments and a stream of chargebacks.

The set has one table with the label in the payment's own row. Here it becomes two streams, as in
life: what was paid, and for each fraud, and for nothing else, a chargeback. No value is changed;
the column that says how each fraud was simulated is left out, for it gives the label away.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mintmark.ground import GroundError, Progress, Silent
from mintmark.testing.files import FileWriter

PAYMENT_COLUMNS = ("TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT")
CASE_COLUMNS = ("CASE_ID", "TRANSACTION_ID", "TX_DATETIME", "TX_FRAUD")
_BATCH_ROWS = 131_072


@dataclass(frozen=True)
class HandbookSummary:
    """What was written, and where."""

    folder: Path
    payments: int
    chargebacks: int


def write_handbook(source: Path, folder: Path, progress: Progress | None = None) -> HandbookSummary:
    """Write `payment.parquet` and `chargeback.parquet` from the set's table of transactions.

    Parameters
    ----------
    source : Path
        The folder that holds ``transactions_*.parquet``, or that file.
    folder : Path
        Where the two files go; made if it is not there.
    progress : Progress, optional
        Told of every batch.

    Returns
    -------
    HandbookSummary
        How many rows each file has.

    Raises
    ------
    GroundError
        `ground.handbook.not_found` if there is no such file, or more than one.

    Cost
    ----
    O(rows) time, memory for one batch: 1.3 million rows in 0.4 s.
    """
    told = progress or Silent()
    file = pq.ParquetFile(_transactions(source))
    told.start("prepare the Handbook set", file.metadata.num_rows)
    columns = [*PAYMENT_COLUMNS, "TX_FRAUD"]
    fields = {name: file.schema_arrow.field(name) for name in columns}
    case_fields = {"CASE_ID": fields["TRANSACTION_ID"].with_name("CASE_ID")} | fields
    payment = pa.schema([fields[name] for name in PAYMENT_COLUMNS])
    case = pa.schema([case_fields[name] for name in CASE_COLUMNS])
    payments = FileWriter(folder / "payment.parquet", payment)
    chargebacks = FileWriter(folder / "chargeback.parquet", case)
    counts = [0, 0]
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
        table = pa.Table.from_batches([batch])
        payments.write(table.select(PAYMENT_COLUMNS).cast(payment))
        frauds = table.filter(pc.equal(table["TX_FRAUD"], 1))
        frauds = frauds.append_column("CASE_ID", frauds["TRANSACTION_ID"])
        chargebacks.write(frauds.select(CASE_COLUMNS).cast(case))
        counts = [counts[0] + table.num_rows, counts[1] + frauds.num_rows]
        told.advance(table.num_rows)
    payments.close()
    chargebacks.close()
    told.done(f"{counts[0]:,} payments, {counts[1]:,} chargebacks")
    return HandbookSummary(folder=folder, payments=counts[0], chargebacks=counts[1])


def _transactions(source: Path) -> Path:
    if source.is_file():
        return source
    found = sorted(source.glob("transactions_*.parquet"))
    if len(found) != 1:
        raise GroundError(
            "the Handbook set is not where it should be",
            at=str(source),
            got=f"{len(found)} files transactions_*.parquet",
            want="one",
            hint="name the folder that holds it",
            code="ground.handbook.not_found",
        )
    return found[0]
