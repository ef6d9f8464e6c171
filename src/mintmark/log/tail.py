"""The durable live tail: what it acknowledges survives a `kill -9`, once.

    admit -> (fold, score) -> append -> append -> ... -> commit

A commit writes all appended records at once and waits for one `fdatasync`. When it returns, they
are acknowledged. A commit that fails is the end of this tail: what the disk holds is then not
known, so nothing more is written, and whoever goes on opens the log anew. One thread admits and
appends, and another may commit.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping

from mintmark.define import Event
from mintmark.ground import Clock, LogError
from mintmark.log import disk, frame, sealing, segment
from mintmark.log.decision import Answers, Decision
from mintmark.log.fault import Fault
from mintmark.log.frame import Place
from mintmark.log.log import Log
from mintmark.log.manifest import require_shapes
from mintmark.log.quarantine import raw_row
from mintmark.log.record import Refusal, TailRecord, decode, encode
from mintmark.log.segment import SEGMENT_BYTES, Segment, Spare
from mintmark.log.sequencer import STORED, Admitted, Sequencer
from mintmark.log.store import Store


class Tail:
    """The live end of one log, owned by one process at a time."""

    def __init__(self, store: Store, sequencer: Sequencer, *, segment_bytes: int) -> None:
        self._store = store
        self._sequencer = sequencer
        self._segment_bytes = segment_bytes
        self._spare = Spare(store.tail, segment_bytes)
        self._pending: list[tuple[int, int, bytes]] = []
        self._pending_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._answers = Answers()
        self._descriptor = -1
        self._place = Place(-1, 0, 0)
        self._offset = self._end = 0
        self._committed_seq = 0
        self._failed = False

    @classmethod
    def open(
        cls,
        log: Log,
        events: Iterable[Event],
        clock: Clock,
        *,
        token_key: bytes | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> Tail:
        """Take a log's lock, recover what it acknowledged, and be ready for more.

        Parameters
        ----------
        log : Log
            The log to write to.
        events : iterable of Event
            The events as they are defined now.
        clock : Clock
            What says when an event became known.
        token_key : bytes or None
            Key of the tokens for `mm.Pan()` fields.
        segment_bytes : int
            Size of a segment, 16 MiB unless a test wants less.

        Raises
        ------
        LogError
            `log.locked` when another writer has the log, `log.tail.damaged`, `log.disk.full`.
        """
        store = Store(log.store.folder, events)
        store.lock.acquire()
        try:
            head = store.head()
            require_shapes(head, store.storage(), store.manifest)
            sequencer = Sequencer(store, head.epoch, clock, token_key)
            tail = cls(store, sequencer, segment_bytes=segment_bytes)
            tail.recover()
        except BaseException:
            store.lock.release()
            raise
        return tail

    @property
    def seq(self) -> int:
        """The place of the last event appended, acknowledged or not."""
        return self._sequencer.seq

    @property
    def committed_seq(self) -> int:
        """The place of the last event that is acknowledged."""
        return self._committed_seq

    def load(self) -> None:
        """Read the known ids now, so that no request waits for it: 0.5 s for 500,000."""
        self._sequencer.load()

    def admit(self, stream: str, row: Mapping[str, object]) -> Admitted:
        """Judge one row as it was sent; say which place it would have.

        A row that does not enter the log is put into quarantine with the next commit.

        Parameters
        ----------
        stream : str
            An event's name.
        row : mapping of str to value
            By source column: text, numbers, flags, `Decimal`, `datetime`; times as ISO 8601 or
            whole µs.

        Raises
        ------
        LogError
            `log.row.<reason>` for a row that breaks the schema contract, `log.tail.failed`.

        Cost: 14 µs for a row of eight columns in a tight loop, 40 µs at the median with a commit
        after each.
        """
        self._require_sound()
        stored = self._sequencer.check(stream, row)
        if isinstance(stored, Fault):
            self._refuse(stream, row, reason=stored.reason, column=stored.column)
            raise stored.error(stream)
        admitted = self._sequencer.judge(stream, stored)
        if admitted.verdict not in STORED and admitted.verdict != "same":
            column = self._store.shapes[stream].source_at_fault(admitted.verdict)
            self._refuse(stream, row, reason=admitted.verdict, column=column)
        return admitted

    def append(self, record: TailRecord) -> None:
        """Take one admitted event, with its decision if it has one, into the next commit.

        Raises
        ------
        LogError
            `log.tail.order` when the event was not the one admitted last, `log.tail.failed`.
        """
        self._require_sound()
        kind, payload = encode(record)
        self._sequencer.take(record)
        self._answers.add(record.decision)
        with self._pending_lock:
            self._pending.append((kind, record.seq, payload))

    def commit(self) -> int:
        """Write all appended records and wait until the disk has them; return the last seq.

        Raises
        ------
        LogError
            `log.tail.failed` when the disk failed, `log.disk.full` when it is full; nothing of
            this commit is acknowledged then, and this tail does no further work.

        Cost: one `pwrite` and one `fdatasync`, for any number of records: 0.13 ms at the median in
        one run of `bench/log.py` on a shared machine, 3.9 ms in another.
        """
        with self._commit_lock:
            self._require_sound()
            with self._pending_lock:
                pending, self._pending = self._pending, []
            if pending:
                try:
                    self._write(pending)
                except OSError as error:
                    self._failed = True
                    raise self._failure(error) from error
                except BaseException:
                    self._failed = True
                    raise
                self._committed_seq = pending[-1][1]
            return self._committed_seq

    def decision_of(self, stream: str, event_id: int | str) -> Decision | None:
        """Return the decision that an event was answered with, or None where it had none."""
        found = self._answers.live(stream, event_id)
        version = self._store.head().decisions if found is None else None
        if version is None:
            return found
        table = self._store.table("decisions")
        return self._answers.sealed(stream, event_id, version=version, read=table.read)

    def recover(self) -> int:
        """Read what was acknowledged, cut off what was not; return the number of records.

        `open` does it. A torn end is overwritten with zeros; a damaged record that had been
        acknowledged is an error, never cut off.
        """
        head = self._store.head()
        parts = segment.listed(self._store.tail, number=head.sealed)
        count = 0
        self._place = Place(head.sealed - 1, head.epoch.number, head.epoch.seq)
        for part in parts:
            count += self._restore(part, last=part is parts[-1])
        self._committed_seq = self._sequencer.seq
        self._spare.prepare()
        return count

    def seal(self, *, rotate: bool = False) -> int:
        """Move the closed segments into the tables; return how many records were moved.

        With `rotate` the segment that is written to is closed first, so that everything
        acknowledged so far is moved.
        """
        with self._commit_lock:
            self._require_sound()
            if rotate and self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
                self._end = self._offset
            below = self._place.number + (self._descriptor < 0)
        moved = sealing.seal(self._store, below=below)
        self._answers.forget(self._store.head().epoch.seq)
        return moved

    def close(self) -> None:
        """Give the log back; what was appended and not committed is not in it."""
        self._failed = True
        self._spare.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._store.lock.held:
            self._store.lock.release()

    def __enter__(self) -> Tail:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse(self, stream: str, row: Mapping[str, object], *, reason: str, column: str) -> None:
        raw = raw_row(row, self._store.shapes[stream])
        kind, payload = encode(Refusal(stream, reason, column, "live", 0, raw))
        with self._pending_lock:
            self._pending.append((kind, self._sequencer.seq, payload))

    def _write(self, pending: list[tuple[int, int, bytes]]) -> None:
        """Write the frames of one commit behind the last one, and sync them."""
        need = sum(frame.size(len(payload)) for _, _, payload in pending)
        if self._offset + need > self._end:
            self._rotate(frame.HEADER_BYTES + need)
        base = self._offset
        data = b"".join(
            frame.pack(kind, payload, seq=seq, base=base) for kind, seq, payload in pending
        )
        written = os.pwrite(self._descriptor, data, base)
        if written != len(data):
            raise disk.full(self._store.tail)
        disk.sync_data(self._descriptor)
        self._offset = base + need
        if self._offset > self._end // 2:
            self._spare.prepare()

    def _rotate(self, need: int) -> None:
        """Go on in a new segment that holds at least `need` bytes."""
        head = self._store.head()
        place = Place(self._place.number + 1, head.epoch.number, self._committed_seq)
        path = segment.path_of(self._store.tail, place.number)
        descriptor = self._spare.take(path, frame.header(place), need=need)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._place = descriptor, place
        self._offset, self._end = frame.HEADER_BYTES, max(need, self._segment_bytes)

    def _restore(self, part: Segment, *, last: bool) -> int:
        """Take in one segment's records; the last one is cut to them and written on."""
        data, found = part.read()
        if found.damaged or (found.torn and not last):
            raise segment.damaged(part.path, found.end)
        for one in found.frames:
            record = decode(one.kind, data[one.start : one.stop])
            if isinstance(record, TailRecord):
                self._sequencer.take(record)
                self._answers.add(record.decision)
        if last:
            if found.torn:
                segment.wipe(part.path, found.end)
            self._descriptor = os.open(part.path, os.O_RDWR | os.O_CLOEXEC)
            self._offset, self._end = found.end, len(data)
        self._place = part.place
        return len(found.frames)

    def _require_sound(self) -> None:
        if self._failed:
            raise LogError(
                "this tail does no further work",
                at=str(self._store.tail),
                hint="open the log again: everything it acknowledged is there",
                code="log.tail.failed",
                kind="world",
            )

    def _failure(self, error: OSError) -> LogError:
        return LogError(
            "the disk did not take a commit",
            at=str(self._store.tail),
            got=os.strerror(error.errno) if error.errno else str(error),
            hint="nothing of this commit is acknowledged; open the log again",
            code="log.tail.failed",
            kind="world",
        )
