"""The routes: which request reaches what, and what is answered.

    POST /v1/decide              one payment                  -> its decision
    POST /v1/events/{stream}     one event or a list          -> what became of each
    POST /v1/clock               {"to": µs}, sender's clock   -> the clock
    GET  /v1/decisions/{id}      -> the decision with its features, costs and reasons
    GET  /v1/release             -> what decides here
    GET  /livez  /readyz         -> 200, or 503 while the cell does not take requests

A request is answered after the commit of what it wrote, errors included: a row in quarantine is
written too. JSON numbers are read as exact decimals, never through a float.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from mintmark.ground import MintmarkError, SenderClock, ServeError
from mintmark.serve.cell import Cell, Taken
from mintmark.serve.http import Answer, Reply, Request
from mintmark.serve.wire import decision_form, encode, error_body, status_of, story_form

CLOCK_HEADER: Final = b"mintmark-clock"
TIME_LOW_US, TIME_HIGH_US = -(2**62), 2**62

DIGITS_MAX: Final = 400
"""Places before or after the point at most: 1e999999999 is short to send and long to write out."""


def _exact(text: str) -> Decimal:
    """Read a JSON number as the decimal that it is written as."""
    number = Decimal(text)
    if abs(number.adjusted()) > DIGITS_MAX:
        raise ValueError("a number is out of all range")
    return number


Row = dict[str, Any]
_row = msgspec.json.Decoder(Row, float_hook=_exact)
_rows = msgspec.json.Decoder(list[Row] | Row, float_hook=_exact)


class ClockForm(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request that moves the clock."""

    to: int


_clock = msgspec.json.Decoder(ClockForm)


class Routes:
    """The handler of a cell's listener.

    Parameters
    ----------
    cell : Cell
        What decides.
    ready : callable
        Whether new requests are wanted; False while draining.
    """

    def __init__(self, cell: Cell, ready: Callable[[], bool]) -> None:
        self._cell = cell
        self._ready = ready
        self._fixed: dict[tuple[str, str], Callable[[Request, Reply], None]] = {
            ("POST", "/v1/decide"): self._decide,
            ("POST", "/v1/clock"): self._move_clock,
            ("GET", "/v1/release"): self._release,
            ("GET", "/livez"): self._live,
            ("GET", "/readyz"): self._readiness,
        }
        self._below: dict[tuple[str, str], Callable[[Request, Reply], None]] = {
            ("POST", "/v1/events/"): self._events,
            ("GET", "/v1/decisions/"): self._decision,
        }
        self._methods = {path: method for method, path in (*self._fixed, *self._below)}

    def __call__(self, request: Request, reply: Reply) -> None:
        """Answer one request, at once or after a commit."""
        try:
            self._find(request)(request, reply)
        except MintmarkError as error:
            self._cell.after_commit(partial(reply, _refusal(error)))

    def _find(self, request: Request) -> Callable[[Request, Reply], None]:
        found = self._fixed.get((request.method, request.path))
        if found is not None:
            return found
        parent = request.path[: request.path.rfind("/") + 1]
        found = self._below.get((request.method, parent))
        if found is not None:
            return found
        known = self._methods.get(request.path) or self._methods.get(parent)
        raise ServeError(
            "this path does not take this method" if known else "there is no such path",
            at=request.path[:100],
            got=request.method,
            want=known,
            hint="POST /v1/decide decides one payment",
            code="serve.route.method" if known else "serve.route.unknown",
        )

    def _decide(self, request: Request, reply: Reply) -> None:
        self._hear_clock(request)
        decision = self._cell.decide(_parsed(_row, request.body))
        self._cell.after_commit(lambda: reply(Answer(200, encode(decision_form(decision)))))

    def _events(self, request: Request, reply: Reply) -> None:
        self._hear_clock(request)
        stream = request.path.rsplit("/", 1)[1]
        body = _parsed(_rows, request.body)
        if isinstance(body, dict):
            form = _taken_form(self._cell.take(stream, body))
            self._cell.after_commit(partial(reply, Answer(200, encode(form | {"durable": True}))))
            return
        results: list[dict[str, Any]] = []
        status = 200
        for row in body:
            try:
                results.append(_taken_form(self._cell.take(stream, row)))
            except MintmarkError as error:
                results.append({"error": error.to_json()})
                status = max(status, status_of(error))
        answer = Answer(status, encode({"events": results, "durable": True}))
        self._cell.after_commit(partial(reply, answer))

    def _move_clock(self, request: Request, reply: Reply) -> None:
        clock = self._sender_clock()
        clock.advance(_in_range(_parsed(_clock, request.body).to, "$.to"))
        reply(Answer(200, encode({"clock": clock.read()})))

    def _decision(self, request: Request, reply: Reply) -> None:
        decision = self._cell.decision(unquote(request.path.rsplit("/", 1)[1]))
        form = story_form(decision, self._cell.names_of(decision))
        self._cell.after_commit(partial(reply, Answer(200, encode(form))))

    def _release(self, request: Request, reply: Reply) -> None:
        reply(Answer(200, encode(self._cell.release_form())))

    def _live(self, request: Request, reply: Reply) -> None:
        reply(Answer(200 if self._cell.whole else 503, encode({"live": self._cell.whole})))

    def _readiness(self, request: Request, reply: Reply) -> None:
        ready = self._cell.whole and self._ready()
        reply(Answer(200 if ready else 503, encode({"ready": ready})))

    def _hear_clock(self, request: Request) -> None:
        """Move the sender's clock on to what the request says, where it says something."""
        said = request.headers.get(CLOCK_HEADER)
        if said is None:
            return
        clock = self._sender_clock()
        try:
            to = int(said)
        except ValueError:
            raise _bad_clock(said.decode("latin-1")[:40], "header mintmark-clock") from None
        clock.advance(_in_range(to, "header mintmark-clock"))

    def _sender_clock(self) -> SenderClock:
        clock = self._cell.clock
        if not isinstance(clock, SenderClock):
            raise ServeError(
                "this server's clock is not the sender's to move",
                at="header mintmark-clock",
                hint='set clock = "sender" in mintmark.toml to serve past payments on loopback',
                code="serve.clock.own",
            )
        return clock


def _parsed(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ServeError(
            "the body is not what this route takes",
            at="body",
            got=str(error)[:200],
            want="JSON in UTF-8",
            code="serve.body.form",
        ) from None


def _in_range(to: int, at: str) -> int:
    if not TIME_LOW_US <= to <= TIME_HIGH_US:
        raise _bad_clock(str(to)[:40], at)
    return to


def _bad_clock(got: str, at: str) -> ServeError:
    return ServeError(
        "a clock cannot be set to this",
        at=at,
        got=got,
        want="µs UTC as a whole number",
        code="serve.clock.value",
    )


def _taken_form(taken: Taken) -> dict[str, Any]:
    return {"verdict": taken.verdict, "seq": taken.seq, "known_at": taken.known_at}


def _refusal(error: MintmarkError) -> Answer:
    return Answer(status_of(error), error_body(error))
