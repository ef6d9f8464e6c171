"""Parquet and CSV files of the world, written so that the same rows give the same bytes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

# Dictionaries for the few-valued columns; steps for what only grows.
_STEPPED = {"payment_id", "paid_at", "case_id", "reported_at"}
_STEPPED |= {"TRANSACTION_ID", "TX_DATETIME", "CASE_ID"}


class FileWriter:
    """One file, written table by table; the name's ending says in which form.

    Parameters
    ----------
    path : Path
        A ``.parquet`` or ``.csv`` file; its folder is made.
    schema : pyarrow.Schema
        Of every table that is written.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        for ending in (".csv", ".parquet"):  # an earlier file of the other form says the same
            path.with_suffix(ending).unlink(missing_ok=True)
        self._csv = path.suffix == ".csv"
        if self._csv:
            self._writer = pa_csv.CSVWriter(str(path), plain(schema))
            return
        stepped = {f.name: "DELTA_BINARY_PACKED" for f in schema if f.name in _STEPPED}
        self._writer = pq.ParquetWriter(
            str(path),
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[f.name for f in schema if pa.types.is_dictionary(f.type)],
            column_encoding=stepped,
            store_schema=False,
            write_page_index=False,
        )

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`."""
        self._writer.write_table(as_text(table) if self._csv else table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def write_file(path: Path, table: pa.Table) -> None:
    """Write one table as one file."""
    writer = FileWriter(path, table.schema)
    writer.write(table)
    writer.close()


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema as a CSV file holds it: times as ISO text, dictionaries as text."""
    text = [
        pa.field(f.name, pa.string())
        if pa.types.is_timestamp(f.type) or pa.types.is_dictionary(f.type)
        else f
        for f in schema
    ]
    return pa.schema(text)


def as_text(table: pa.Table) -> pa.Table:
    """The table as a CSV file holds it."""
    columns = [
        pa.compute.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
        if pa.types.is_timestamp(column.type) and column.type.unit == "s"
        else column.cast(pa.string())
        if pa.types.is_dictionary(column.type)
        else column
        for column in table.columns
    ]
    return pa.table(columns, schema=plain(table.schema))
