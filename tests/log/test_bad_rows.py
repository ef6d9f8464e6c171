"""Bad input: each bad row goes to quarantine with its reason, and nothing is lost."""

import json
from pathlib import Path

import polars as pl
import pytest

import mintmark.define as mm
from log.worked import (
    DAY,
    EVENTS,
    KEY,
    PAN,
    START,
    charged,
    csv,
    ids,
    ingest,
    paid,
    parquet,
    raw,
    refused,
)
from mintmark.ground import LogError, token
from mintmark.log import Log

GOOD = paid("good")


def quarantined(log: Log, folder: Path, *rows: dict[str, object]) -> list[tuple[str, str, int]]:
    """Import some rows behind a good one, which must stay; return what was refused."""
    done = ingest(log, folder, [GOOD, *rows])
    assert ids(log) == ["good"]
    assert done.read == done.added + done.same + sum(done.quarantined.values())
    return refused(log)


def of_csv(log: Log, folder: Path, *lines: str) -> list[tuple[str, str, int]]:
    """Import some CSV lines behind a good one, which must stay; return what was refused."""
    good = "good,2018-08-01T00:00:00Z,card_1,t_1,12.34,BE,50.85"
    done = log.ingest({"payment": csv(folder / "p.csv", "\n".join([good, *lines, ""]))})
    assert ids(log) == ["good"]
    assert done.read == len(lines) + 1 == done.added + sum(done.quarantined.values())
    return refused(log)


def test_a_file_without_a_column(log: Log, tmp_path: Path) -> None:
    """A file that lacks a declared column is an error that names it, and nothing is written."""
    file = parquet(tmp_path / "a.parquet", [{"payment_id": "a", "paid_at": START, "amount": 1.0}])
    with pytest.raises(LogError) as error:
        log.ingest({"payment": file})
    assert error.value.code == "log.source.missing_column"
    assert '"card"' in str(error.value)
    assert log.position().seq == 0


def test_a_file_without_an_optional_role(log: Log, tmp_path: Path) -> None:
    """A role that an event may lack may be missing from the file: it is null then."""
    row = {name: value for name, value in GOOD.items() if name != "terminal"}
    ingest(log, tmp_path, [row])
    assert log.read("payment")["terminal"].to_pylist() == [None]


def test_a_column_of_a_wrong_type(log: Log, tmp_path: Path) -> None:
    """A column that could not be right in any row is an error of the file."""
    for name, value in (("card", 5), ("amount", True), ("paid_at", 1.5), ("country", [1])):
        file = parquet(tmp_path / f"{name}.parquet", [GOOD | {name: value}])
        with pytest.raises(LogError) as error:
            log.ingest({"payment": file})
        assert error.value.code == "log.source.wrong_type"


def test_a_value_of_a_wrong_type(log: Log, tmp_path: Path) -> None:
    """A text that is no number is refused with its row and column."""
    lines = ["a,2018-08-01T00:00:00Z,c,t,twelve,BE,50", "b,2018-08-01T00:00:00Z,c,t,1,BE,north"]
    assert of_csv(log, tmp_path, *lines) == [("type", "amount", 3), ("type", "lat", 4)]


def test_a_null_in_a_required_key(log: Log, tmp_path: Path) -> None:
    """A null or empty id, time or required key is refused; an optional one may be null."""
    rows = [paid("a", card=None), paid("b", card=""), paid("", 1), paid("c", paid_at=None)]
    want = [
        ("null", name, n)
        for name, n in zip(("card", "card", "payment_id", "paid_at"), range(2, 6), strict=True)
    ]
    assert quarantined(log, tmp_path, *rows) == want


def test_times_that_cannot_be_read(log: Log, tmp_path: Path) -> None:
    """An unparsable time, one without a zone and one of a day that is none are refused."""
    times = (
        "yesterday",
        "2018-08-01 10:00:00",
        "2018-02-30T00:00:00Z",
        "2018-08-01T23:59:60Z",
        "1533081600000000",
        "20180801",
    )
    lines = [f"a{i},{at},c,t,1,BE,50" for i, at in enumerate(times)]
    reasons = [reason for reason, _, _ in of_csv(log, tmp_path, *lines)]
    assert reasons == ["time", "naive", "time", "time", "time", "time"]


def test_a_zone_that_is_declared_is_used(tmp_path: Path) -> None:
    """A naive time counts in the event's zone; an hour that the clocks skip is refused."""
    event = mm.Event("tick", id="id", at="at", zone="Europe/Brussels", fields={})
    log = Log.create(tmp_path / "log", [event])
    file = tmp_path / "tick.csv"
    file.write_text("id,at\na,2018-07-01 02:00:00\nb,2018-03-25 02:30:00\nc,2018-10-28 02:30:00\n")
    done = log.ingest({"tick": file})
    assert done.quarantined == {"time": 1}
    got = dict(zip(*(log.read("tick")[name].to_pylist() for name in ("id", "mm_at")), strict=True))
    assert got["a"] == 1530403200_000000  # 2018-07-01T00:00:00Z
    assert got["c"] == 1540686600_000000  # the first of the two: 2018-10-28T00:30:00Z


def test_a_naive_parquet_column_without_a_zone(log: Log, tmp_path: Path) -> None:
    """A naive column where no zone is declared is an error of the file, with the way out."""
    times = pl.Series([START]).cast(pl.Datetime("us"))
    pl.DataFrame([GOOD]).with_columns(times.alias("paid_at")).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(LogError) as error:
        log.ingest({"payment": tmp_path / "a.parquet"})
    assert error.value.code == "log.source.naive"
    assert 'zone="UTC"' in error.value.hint


def test_times_outside_the_declared_range(log: Log, tmp_path: Path) -> None:
    """The epoch itself and the last microsecond of 2199 are allowed, those beyond are not."""
    last = 7258118400_000000 - 1
    rows = [paid("a", paid_at=-1), paid("b", paid_at=last + 1)]
    assert quarantined(log, tmp_path, *rows) == [
        ("outside", "paid_at", 2),
        ("outside", "paid_at", 3),
    ]
    other = Log.create(tmp_path / "other", EVENTS)
    done = ingest(other, tmp_path, [paid("a", paid_at=0), paid("b", paid_at=last)])
    assert (done.added, done.quarantined) == (2, {})


def test_fractional_minor_units(log: Log, tmp_path: Path) -> None:
    """An amount of fractional cents is refused, as a float and as text; noise of a sum is not."""
    rows = [paid("a", amount=12.345), paid("b", amount=0.001), paid("c", amount=12345.675)]
    assert [r for r, _, _ in quarantined(log, tmp_path, *rows)] == ["fractional"] * 3
    other = Log.create(tmp_path / "other", EVENTS)
    ingest(other, tmp_path, [paid("a", amount=0.1 + 0.2), paid("b", amount=99999999.99)])
    assert other.read("payment")["amount"].to_pylist() == [30, 9999999999]


def test_fractional_minor_units_of_csv(log: Log, tmp_path: Path) -> None:
    """CSV amounts are read exactly: one digit too many is refused, zeros behind are not."""
    lines = ["a,2018-08-01T00:00:00Z,c,t,0.005,BE,50", "b,2018-08-01T00:00:00Z,c,t,1e2,BE,50"]
    assert of_csv(log, tmp_path, *lines) == [("fractional", "amount", 3), ("type", "amount", 4)]
    other = Log.create(tmp_path / "other", EVENTS)
    amounts = ("12.3400", "0.29", "99999999999.99", "7", "+1.5", ".5")
    lines = [f"{i},2018-08-01T00:00:00Z,c,t,{a},BE,1.23456750" for i, a in enumerate(amounts)]
    done = other.ingest({"payment": csv(tmp_path / "q.csv", "\n".join(lines))})
    assert other.read("payment")["amount"].to_pylist() == [1234, 29, 9999999999999, 700, 150]
    assert done.quarantined == {"type": 1}
    assert set(other.read("payment")["lat"].to_pylist()) == {1234568}


def test_a_negative_amount(log: Log, tmp_path: Path) -> None:
    """A negative amount is refused where the field forbids it, and kept where it does not."""
    rows = [paid("a", amount=-0.01)]
    assert quarantined(log, tmp_path, *rows) == [("negative", "amount", 2)]
    event = mm.Event("refund", id="id", at="at", fields={"amount": mm.Money("EUR", negative=True)})
    other = Log.create(tmp_path / "other", [event])
    file = parquet(tmp_path / "r.parquet", [{"id": "a", "at": START, "amount": -0.01}])
    other.ingest({"refund": file})
    assert other.read("refund")["amount"].to_pylist() == [-1]


def test_an_amount_out_of_range(log: Log, tmp_path: Path) -> None:
    """An amount beyond 10^13 minor units and one that is no number are refused."""
    rows = [paid("a", amount=1e12), paid("b", amount=float("inf")), paid("c", amount=float("nan"))]
    want = [("range", "amount", 2), ("type", "amount", 3), ("type", "amount", 4)]
    assert quarantined(log, tmp_path, *rows) == want


def test_currencies(tmp_path: Path) -> None:
    """A currency other than the field's, an unknown one and none at all are refused."""
    fields = {"amount": mm.Money("EUR", stated_in="currency", unit="minor")}
    event = mm.Event("payment", id="id", at="at", fields=fields)
    log = Log.create(tmp_path / "log", [event])
    rows = [
        {"id": str(i), "at": START, "amount": 100, "currency": currency}
        for i, currency in enumerate(("EUR", "USD", "XXQ", None))
    ]
    done = log.ingest({"payment": parquet(tmp_path / "p.parquet", rows)})
    assert (done.added, done.quarantined) == (1, {"currency": 2, "null": 1})
    assert log.read("payment")["amount"].to_pylist() == [100]


@pytest.mark.parametrize(
    "pan", [PAN, "4111-1111 1111 1111", "pay 378282246310005", "5555555555554444"]
)
@pytest.mark.parametrize("column", ["payment_id", "card", "terminal", "country"])
def test_a_card_number_where_a_token_is_expected(
    log: Log, tmp_path: Path, pan: str, column: str
) -> None:
    """It is refused, and no file of the log holds it: not the quarantine, not the error."""
    assert quarantined(log, tmp_path, paid("a") | {column: pan}) == [("pan", column, 2)]
    assert pan not in json.dumps(raw(log))
    _never(tmp_path / "log", pan)


def test_a_card_number_in_a_column_that_nobody_declared(log: Log, tmp_path: Path) -> None:
    """It is left out with its column; if the row is refused for another reason, it is masked."""
    rows = [paid("a", amount=-1.0, note=f"card {PAN} please", extra=int(PAN))]
    assert quarantined(log, tmp_path, *rows) == [("negative", "amount", 2)]
    assert raw(log)["note"] == "card 411111******1111 please"
    assert raw(log)["extra"] == "411111******1111"
    _never(tmp_path / "log", PAN)


def test_a_card_number_in_a_declared_field_becomes_a_token(tmp_path: Path) -> None:
    """`mm.Pan()` stores the keyed token of every way to write a number; a token stays."""
    event = mm.Event("auth", id="id", at="at", fields={"number": mm.Pan()})
    log = Log.create(tmp_path / "log", [event])
    want = token(PAN, KEY)
    numbers = (PAN, "4111 1111 1111 1111", want, None, "4111111111111112", "hello")
    rows = [{"id": str(i), "at": START, "number": number} for i, number in enumerate(numbers)]
    done = log.ingest({"auth": parquet(tmp_path / "auth.parquet", rows)}, token_key=KEY)
    assert done.quarantined == {"card": 2}
    assert log.read("auth")["number"].to_pylist() == [want, want, want, None]
    assert raw(log)["number"] == "************1112"
    (tmp_path / "auth.parquet").unlink()
    _never(tmp_path, PAN)


def test_a_ragged_line(log: Log, tmp_path: Path) -> None:
    """A line with too many or too few columns is refused with its line, the others are read."""
    lines = ["a,2018-08-01T00:00:00Z,c,t,1,BE", "b,2018-08-01T00:00:00Z,c,t,1,BE,50,more", PAN]
    want = [("ragged", "", 3), ("ragged", "", 4), ("ragged", "", 5)]
    assert of_csv(log, tmp_path, *lines) == want
    rows = log.quarantine().to_pylist()
    assert rows[0]["source"].endswith("p.csv:3")
    assert json.loads(rows[1]["raw"])["line"] == lines[1]
    (tmp_path / "p.csv").unlink()
    _never(tmp_path, PAN)


def test_a_line_that_is_not_text(log: Log, tmp_path: Path) -> None:
    """A line that is not UTF-8 is refused, the others are read."""
    file = csv(tmp_path / "p.csv", "good,2018-08-01T00:00:00Z,c,t,1,é,50\n")
    file.write_bytes(file.read_bytes() + b"bad,2018-08-01T00:00:00Z,c,t,1,\xff\xfe,50\n")
    done = log.ingest({"payment": file})
    assert (done.added, done.quarantined) == (1, {"encoding": 1})
    assert log.read("payment")["country"].to_pylist() == ["é"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_empty_file(log: Log, tmp_path: Path, suffix: str) -> None:
    """A file without a byte is an error, and nothing of the files beside it is written."""
    file = tmp_path / f"empty.{suffix}"
    file.write_bytes(b"")
    good = parquet(tmp_path / "good.parquet", [GOOD])
    with pytest.raises(LogError) as error:
        log.ingest({"payment": [good, file]})
    assert error.value.code == "log.source.empty"
    assert log.position().seq == 0


def test_a_file_of_blank_lines_and_one_without_rows(log: Log, tmp_path: Path) -> None:
    """Blank lines are no header; a header without rows adds nothing."""
    blank = tmp_path / "blank.csv"
    blank.write_text("\n\r\n\n")
    with pytest.raises(LogError) as error:
        log.ingest({"payment": blank})
    assert error.value.code == "log.source.empty"
    assert log.ingest({"payment": csv(tmp_path / "none.csv", "")}).read == 0


def test_a_truncated_parquet_file(log: Log, tmp_path: Path) -> None:
    """A file that was cut off anywhere is an error, and nothing of it is written."""
    whole = parquet(tmp_path / "p.parquet", [paid(str(i)) for i in range(1000)]).read_bytes()
    for size in (1, 4, len(whole) // 2, len(whole) - 1):
        (tmp_path / "p.parquet").write_bytes(whole[:size])
        with pytest.raises(LogError) as error:
            log.ingest({"payment": tmp_path / "p.parquet"})
        assert error.value.code == "log.source.unreadable"
    assert log.position().seq == 0
    assert not list((tmp_path / "log" / "events").iterdir())


def test_paths_that_are_not_there(log: Log, tmp_path: Path) -> None:
    """A missing file, an unknown format and a folder without data are errors that say so."""
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    for name, code in (
        ("nothing.csv", "log.source.not_found"),
        ("x.txt", "log.source.format"),
        ("folder", "log.source.empty_folder"),
    ):
        with pytest.raises(LogError) as error:
            log.ingest({"payment": tmp_path / name})
        assert error.value.code == code


def test_a_label_of_an_unknown_payment(log: Log, tmp_path: Path) -> None:
    """It is stored and counted, not refused."""
    done = ingest(log, tmp_path, [], [charged("x", "nobody", 1)])
    assert (done.added, done.parked, done.quarantined) == (1, 1, {})


def test_a_row_after_repair_enters(log: Log, tmp_path: Path) -> None:
    """What was refused does not stand in the way of the same id with sound content."""
    ingest(log, tmp_path, [paid("a", amount=-5.0), paid("b", DAY / DAY)])
    done = ingest(log, tmp_path, [paid("a", 1, amount=5.0)])
    assert done.added == 1


def _never(folder: Path, secret: str) -> None:
    """No file below a folder holds a text, as Parquet pages are read back or as it is."""
    for file in folder.rglob("*"):
        if file.suffix == ".parquet" and file.parent != folder:
            text = str(pl.read_parquet(file).to_dicts())
        else:
            text = file.read_bytes().decode("utf-8", "replace") if file.is_file() else ""
        assert secret not in text, file
