"""The sender: plays a script to a server over HTTP, in order, from a process of its own.

One connection, pipelined: up to `window` requests are unanswered at a time, so order is kept while
the server commits many at once. Each latency runs from the moment before a request's bytes are
handed to the socket to the moment its answer is read; waiting in the window's own queue on the
server counts. It is a closed loop: a slow server is asked less often, so these are the latencies
at the rate that is reported with them, and not those at a rate that somebody else sets.

Where the connection breaks, everything unanswered is sent again, in order. The event's id is the
idempotency key, so what the server had already done is answered with the same bytes.

    python -m mintmark.serve.sender SCRIPT --port 8620 --result sent.json
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httptools
import msgspec

from mintmark.ground import MintmarkError, ServeError, monotonic_ns, write_atomic
from mintmark.serve.script import Step, read_script

TOLD_EVERY = 500
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999)
HISTOGRAM_BINS = 40


@dataclass(frozen=True)
class Line:
    """How to reach a server and how to talk to it.

    window : unanswered requests at most;  patience_seconds : how long to go on without an answer;
    moves_clock : whether the server takes its time from the sender.
    """

    port: int
    host: str = "127.0.0.1"
    window: int = 4
    patience_seconds: float = 30.0
    moves_clock: bool = True


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a script; latencies are of decisions alone, in milliseconds."""

    decisions: int
    events: int
    errors: int
    resent: int
    seconds: float
    per_second: float
    latency_ms_p50: float | None
    latency_ms_p99: float | None
    latency_ms_p999: float | None
    latency_ms_max: float | None
    latency_ms_by_quantile: list[tuple[float, float | None]]
    latency_histogram: list[tuple[float, float, int]]
    window: int
    actions: dict[str, int]
    first_errors: list[str]


class _Answered(msgspec.Struct):
    """The part of an answer that the sender counts."""

    action: str | None = None


class Due:
    """A request that waits for its answer; `counts` says as what it enters the account."""

    __slots__ = ("content", "counts", "sent_ns")

    def __init__(self, content: bytes, counts: Literal["decision", "event", "nothing"]) -> None:
        self.content = content
        self.counts = counts
        self.sent_ns = 0


class Sender:
    """Sends requests in order over one connection and keeps account of the answers."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._due: deque[Due] = deque()
        self._latencies_ns: list[int] = []
        self._actions: Counter[str] = Counter()
        self._events = 0
        self._errors = 0
        self._resent = 0
        self._first_errors: list[str] = []
        self._answer = msgspec.json.Decoder(_Answered)
        self._body: list[bytes] = []
        self._patience_ns = int(line.patience_seconds * 1e9)
        self._give_up_ns = monotonic_ns() + self._patience_ns
        self._socket = self._connect()

    def send(self, requests: Iterable[Due]) -> None:
        """Send all requests and wait for all answers.

        Raises
        ------
        ServeError
            serve.sender.unreachable (kind world) where nothing was answered for too long.
        """
        waiting = iter(requests)
        more = True
        while more or self._due:
            fresh: list[Due] = []
            while more and len(self._due) + len(fresh) < self._line.window:
                due = next(waiting, None)
                if due is None:
                    more = False
                else:
                    fresh.append(due)
            self._due.extend(fresh)
            try:
                self._hand_over(fresh)
                if self._due:
                    self._read()
            except (OSError, httptools.HttpParserError) as error:
                self._start_again(error)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def account(self, seconds: float) -> Sent:
        """Return what was sent and answered so far."""
        ordered = sorted(self._latencies_ns)
        decisions = len(ordered)
        return Sent(
            decisions=decisions,
            events=self._events,
            errors=self._errors,
            resent=self._resent,
            seconds=round(seconds, 3),
            per_second=round((decisions + self._events) / seconds, 1) if seconds else 0.0,
            latency_ms_p50=_quantile_ms(ordered, 0.5),
            latency_ms_p99=_quantile_ms(ordered, 0.99),
            latency_ms_p999=_quantile_ms(ordered, 0.999),
            latency_ms_max=_quantile_ms(ordered, 1.0),
            latency_ms_by_quantile=[(q, _quantile_ms(ordered, q)) for q in QUANTILES],
            latency_histogram=_histogram_ms(ordered),
            window=self._line.window,
            actions=dict(sorted(self._actions.items())),
            first_errors=self._first_errors,
        )

    # -- httptools calls these while it parses

    def on_body(self, part: bytes) -> None:
        """Take a part of an answer's body."""
        self._body.append(part)

    def on_message_complete(self) -> None:
        """Account for one answer."""
        now_ns = monotonic_ns()
        self._give_up_ns = now_ns + self._patience_ns
        due = self._due.popleft()
        body, self._body = b"".join(self._body), []
        status = self._parser.get_status_code()
        if status != 200:
            self._errors += 1
            if len(self._first_errors) < 5:
                self._first_errors.append(f"{status} {body.decode(errors='replace')[:500]}")
        elif due.counts == "decision":
            self._latencies_ns.append(now_ns - due.sent_ns)
            self._actions[self._answer.decode(body).action or ""] += 1
        elif due.counts == "event":
            self._events += 1

    def _hand_over(self, fresh: list[Due]) -> None:
        if not fresh:
            return
        now_ns = monotonic_ns()
        for due in fresh:
            due.sent_ns = due.sent_ns or now_ns
        self._socket.sendall(b"".join(due.content for due in fresh))

    def _read(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._parser.feed_data(data)

    def _start_again(self, error: Exception) -> None:
        """Reach the server anew and send whatever it has not answered, in the same order."""
        self._socket.close()
        if monotonic_ns() > self._give_up_ns:
            raise self._unreachable(error)
        self._socket = self._connect()
        self._resent += len(self._due)
        try:
            self._hand_over(list(self._due))
        except OSError:
            return

    def _connect(self) -> socket.socket:
        self._parser = httptools.HttpResponseParser(self)
        self._body = []
        while True:
            try:
                made = socket.create_connection((self._line.host, self._line.port), timeout=30)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return made
            except OSError as error:
                if monotonic_ns() > self._give_up_ns:
                    raise self._unreachable(error) from None
                time.sleep(0.02)

    def _unreachable(self, error: Exception) -> ServeError:
        return ServeError(
            "the server does not answer",
            at=f"{self._line.host}:{self._line.port}",
            got=getattr(error, "strerror", None) or str(error),
            hint="start it, or give the sender more patience",
            code="serve.sender.unreachable",
            kind="world",
        )


def play(script: Path, line: Line, *, told: bool = False) -> Sent:
    """Send a script's steps in order, then move the clock to where the script ends.

    Parameters
    ----------
    script : Path
        A file of `write_script`.
    line : Line
        How to reach the server.
    told : bool
        Whether to print, every few hundred requests, how many were answered.
    """
    head, steps = read_script(script)
    sender = Sender(line)
    began_ns = monotonic_ns()
    sender.send(_dues(steps, line, told=told))
    seconds = (monotonic_ns() - began_ns) / 1e9
    if line.moves_clock:
        body = b'{"to":%d}' % head.until
        sender.send([Due(_request(b"/v1/clock", b"", body), "nothing")])
    sender.close()
    return sender.account(seconds)


def _dues(steps: list[Step], line: Line, *, told: bool) -> Iterator[Due]:
    for place, step in enumerate(steps, 1):
        clock = b"mintmark-clock: %d\r\n" % step.known_at if line.moves_clock else b""
        path = b"/v1/decide" if step.decide else b"/v1/events/" + step.stream.encode()
        counts: Literal["decision", "event"] = "decision" if step.decide else "event"
        yield Due(_request(path, clock, bytes(step.event)), counts)
        if told and (place % TOLD_EVERY == 0 or place == len(steps)):
            print(f"sent {place} of {len(steps)}", flush=True)


def _request(path: bytes, header: bytes, body: bytes) -> bytes:
    head = b"POST %b HTTP/1.1\r\nhost: mintmark\r\n%bcontent-length: %d\r\n\r\n"
    return head % (path, header, len(body)) + body


def _quantile_ms(ordered_ns: list[int], share: float) -> float | None:
    """Nearest rank; None where nothing was measured."""
    if not ordered_ns:
        return None
    rank = max(0, -int(-share * len(ordered_ns) // 1) - 1)
    return round(ordered_ns[rank] / 1e6, 3)


def _histogram_ms(ordered_ns: list[int]) -> list[tuple[float, float, int]]:
    """Counts of latencies in equal steps up to the 99.5th of a hundred, the rest in the last."""
    top_ms = _quantile_ms(ordered_ns, 0.995)
    if not top_ms:
        return []
    step_ms = top_ms / HISTOGRAM_BINS
    counts = [0] * HISTOGRAM_BINS
    for taken_ns in ordered_ns:
        counts[min(int(taken_ns / 1e6 / step_ms), HISTOGRAM_BINS - 1)] += 1
    return [
        (round(place * step_ms, 4), round((place + 1) * step_ms, 4), count)
        for place, count in enumerate(counts)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Play a script from the command line; return 0, or 3 if the server cannot be reached."""
    parser = argparse.ArgumentParser(prog="mintmark.serve.sender", description=main.__doc__)
    parser.add_argument("script", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--window", type=int, default=4)
    parser.add_argument("--own-clock", action="store_true", help="leave the server's clock alone")
    parser.add_argument("--result", type=Path, help="where to write the account as JSON")
    options = parser.parse_args(arguments)
    line = Line(
        port=options.port,
        host=options.host,
        window=options.window,
        moves_clock=not options.own_clock,
    )
    try:
        sent = play(options.script, line, told=True)
    except MintmarkError as error:
        print(error.render(), file=sys.stderr)
        return 3 if error.kind == "world" else 1
    content = msgspec.json.encode(sent)
    if options.result:
        write_atomic(options.result, content)
    else:
        print(content.decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
