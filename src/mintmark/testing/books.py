"""Writes a world's rows to its files, one run behind the drawing, and counts them."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from mintmark.ground import parse_span
from mintmark.testing.cases import Cases, cases, gather
from mintmark.testing.chance import Draws, Ints
from mintmark.testing.columns import Names, case_table, payment_table, truth_table
from mintmark.testing.files import FileWriter, write_file
from mintmark.testing.manual import write_manual_entries
from mintmark.testing.population import Population
from mintmark.testing.schemes import FRAUDS, SCHEMES, Rows
from mintmark.testing.settings import WorldSettings, WorldSummary

_SECOND_US = 1_000_000


class Books:
    """The open files of a world that is being written.

    Parameters
    ----------
    folder : Path
        Where the files go.
    settings : WorldSettings
        What world it is.
    people : Population
        Whose payments they are.
    start_s : int
        Second of day 0, since 1970.
    """

    def __init__(
        self, folder: Path, settings: WorldSettings, people: Population, start_s: int
    ) -> None:
        self._folder, self._settings, self._start_s = folder, settings, start_s
        self._names = Names.of(people)
        self._first_live = settings.payments - settings.live + 1
        self._hand = ThreadPoolExecutor(max_workers=1, thread_name_prefix="world")
        self._pending: Future[None] | None = None
        self._writers: dict[str, FileWriter] = {}
        self._cases: list[Cases] = []
        self._frauds: list[tuple[Ints, Ints]] = []
        self._declined = 0
        self._seconds: dict[str, int] = {}

    def __enter__(self) -> "Books":
        """Open the two files of payments."""
        for part in ("history", "live"):
            target = self._folder / part / "payment" / f"payments.{self._settings.form}"
            self._writers[part] = FileWriter(target, self._names.schema)
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what is under way and close the files, also after an error."""
        self._hand.shutdown()
        for writer in self._writers.values():
            writer.close()

    def enter(self, first: int, rows: Rows) -> None:
        """Take a run of payments, the first of which has the number `first`, to be written."""
        if self._pending is not None:
            self._pending.result()
        self._pending = self._hand.submit(self._write, first, rows)

    def _write(self, first: int, rows: Rows) -> None:
        seed = self._settings.seed
        self._cases.append(cases(Draws(seed, "cases", first), rows, first))
        fraud = np.flatnonzero(np.isin(rows.scheme, FRAUDS) & ~rows.declined)
        self._frauds.append((first + fraud, rows.scheme[fraud].astype(np.int64)))
        self._declined += int(rows.declined.sum())
        self._remember(first, rows)
        channel = Draws(seed, "channel", first).quarters(len(rows))
        table = payment_table(self._names, rows, channel, first=first, start_s=self._start_s)
        cut = min(max(self._first_live - first, 0), len(rows))
        for part, piece in (("history", table[:cut]), ("live", table[cut:])):
            if piece.num_rows:
                self._writers[part].write(piece)

    def _remember(self, first: int, rows: Rows) -> None:
        """Keep the times on which the summary and the cut of the reports hang."""
        payments, live = self._settings.payments, self._settings.live
        wanted = {"first": 1, "live": self._first_live, "half": payments - live // 2}
        wanted["last"] = payments
        for name, number in wanted.items():
            if first <= number < first + len(rows):
                self._seconds[name] = int(rows.second[number - first])

    def close(self) -> WorldSummary:
        """Write the reports, the truth and the manual entries, and sum up."""
        if self._pending is not None:
            self._pending.result()
        settings, seconds = self._settings, self._seconds
        mature = seconds["half"] + parse_span(settings.mature_after) // _SECOND_US
        live_from = seconds.get("live", mature + 1)  # no live payments: all is history
        every = gather(self._cases).until(mature)
        table = case_table(every, self._start_s)
        cut = int(np.searchsorted(every.second, live_from))
        for part, piece in (("history", table[:cut]), ("live", table[cut:])):
            write_file(self._folder / part / "chargeback" / f"chargebacks.{settings.form}", piece)
        frauds = [np.concatenate(column) for column in zip(*self._frauds, strict=True)]
        write_file(self._folder / "truth.parquet", truth_table(frauds[0], frauds[1]))
        manual = self._folder / "history" / "payment" / "manual_entries.csv"
        write_manual_entries(manual, settings.bad_rows, self._at("live", "last"))
        by_scheme = {SCHEMES[s]: int((frauds[1] == s).sum()) for s in FRAUDS}
        return WorldSummary(
            folder=self._folder,
            payments=settings.payments,
            frauds=len(frauds[0]),
            declined=self._declined,
            reported=int((every.revision == 1).sum()),
            reversed=int((every.revision > 1).sum()),
            history_payments=settings.payments - settings.live,
            history_reports=cut,
            live_payments=settings.live,
            live_reports=len(every) - cut,
            bad_rows=settings.bad_rows,
            first_at=self._at("first"),
            live_from_at=self._at("live", "last"),
            last_at=self._at("last"),
            mature_at=(mature + self._start_s) * _SECOND_US,
            frauds_by_scheme=by_scheme,
        )

    def _at(self, *names: str) -> int:
        """Time of the first of these marks that there is, µs."""
        second = next(self._seconds[n] for n in names if n in self._seconds)
        return (second + self._start_s) * _SECOND_US
