"""HTTP/1.1 on the event loop: requests in, answers out in the order of the requests.

This is the whole of what the cell needs of HTTP and no more: parsing is llhttp's (httptools), the
loop is uvloop's. It knows nothing of payments; a `Handler` gets each request with a function to
answer it by, at once or after a commit. Answers leave in the order in which the requests of a
connection came, so a sender may pipeline: order is kept and many requests share one commit, which
a server that takes the next request only after the last answer cannot do.

    bytes → llhttp → Request → handler ─┐     each connection:  [ slot | slot | slot ]
    bytes ← joined answers ← slots ← reply(Answer)       written from the left as they fill

Limits hold for everything that a stranger can make large or slow: head, body, requests in flight,
connections, time.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias, cast

import httptools

from mintmark.ground import ServeError
from mintmark.serve.wire import fault

REASON_PHRASES: Final = {int(status): status.phrase.encode() for status in HTTPStatus}
HEAD: Final = b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n"


@dataclass(frozen=True)
class Limits:
    """What one connection, and all of them together, may take."""

    head_bytes: int = 16_384
    body_bytes: int = 1_048_576
    in_flight: int = 512
    connections: int = 1_024
    request_seconds: float = 10.0
    idle_seconds: float = 120.0
    linger_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its body whole; header names in lower case."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a status and a JSON body."""

    status: int
    body: bytes


Reply: TypeAlias = Callable[[Answer], None]
Handler: TypeAlias = Callable[[Request, Reply], None]


class Refused(Exception):
    """A request that is answered without a handler, and closes its connection."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.answer = Answer(status, fault(what, code=f"serve.http.status_{status}"))


class Slot:
    """The place of one answer in the order of a connection."""

    __slots__ = ("_connection", "answer", "closes", "head_only")

    def __init__(self, connection: Connection, *, closes: bool, head_only: bool) -> None:
        self._connection = connection
        self.answer: Answer | None = None
        self.closes = closes
        self.head_only = head_only

    def reply(self, answer: Answer) -> None:
        """Fill the slot; what is answered from the left on is written."""
        self.answer = answer
        self._connection.flush()

    def encode(self) -> bytes:
        """Return the bytes of a filled slot."""
        assert self.answer is not None
        status, body = self.answer.status, self.answer.body
        closing = b"connection: close\r\n" if self.closes else b""
        values = (status, REASON_PHRASES.get(status, b""), len(body), closing)
        head = HEAD % values
        return head if self.head_only else head + body


class Connection(asyncio.Protocol):
    """One client's connection; httptools calls the `on_` methods while it parses."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._limits = listener.limits
        self._parser = httptools.HttpRequestParser(self)
        self._slots: deque[Slot] = deque()
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._ended = False
        self._writable = True
        self._since: float | None = None
        self._handling: Slot | None = None
        self._messages = 0
        self._clear()

    # -- the transport calls
    # -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or turn it away where there are too many."""
        # uvloop's transports are not of asyncio's class.
        self._transport = cast(asyncio.Transport, transport)
        self._listener.connections.add(self)
        self.busy_at = self._listener.loop.time()
        if len(self._listener.connections) > self._limits.connections:
            self._refuse(Refused(503, "too many connections"))

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection; what was already handed to the handler still takes its course."""
        self._listener.connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Parse what came, and hand on each request that it completes."""
        if self._ended:
            return
        self.busy_at = self._listener.loop.time()
        message = self._messages if self._in_head else None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self._refuse(_refusal(error))
        except (httptools.HttpParserUpgrade, httptools.HttpParserError) as error:
            self._refuse(Refused(400, f"the request is not HTTP/1.1: {type(error).__name__}"))
        if self._in_head and message == self._messages:
            # One header without an end calls nothing: what the parser keeps of it is counted
            # here.
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes:
                self._refuse(Refused(431, "the request's head is too large"))
        self._pace()

    def eof_received(self) -> bool:
        """Keep the half-closed connection open until what is in flight is answered."""
        self._ended = True
        return bool(self._slots)

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read."""
        self._writable = False
        self._pace()

    def resume_writing(self) -> None:
        """Go on when the client has caught up."""
        self._writable = True
        self._pace()

    # -- the parser calls
    # ----------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._clear()
        self._messages += 1
        self._in_head = True
        self._since = self.busy_at

    def on_url(self, part: bytes) -> None:
        """Take the target, or the next part of it."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; a repeated one is joined, as RFC 9110 (5.3) has it."""
        name = name.lower()
        known = self._headers.get(name)
        self._headers[name] = value if known is None else known + b", " + value
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > self._limits.head_bytes:
            raise Refused(431, "the request's head is too large")

    def on_headers_complete(self) -> None:
        """Refuse what is too large before it is sent; invite it where the client asks first."""
        self._in_head = False
        length = self._headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limits.body_bytes:
            raise Refused(413, "the request's body is too large")
        expects = self._headers.get(b"expect", b"").lower() == b"100-continue"
        if expects and not self._slots and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Take the body, or the next part of it."""
        self._body.append(part)
        self._body_bytes += len(part)
        if self._body_bytes > self._limits.body_bytes:
            raise Refused(413, "the request's body is too large")

    def on_message_complete(self) -> None:
        """Hand a whole request to the handler."""
        self._since = None
        if self._ended:
            return
        keeps = self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
        self._ended = not keeps
        method = self._parser.get_method().decode("ascii")
        closes = not keeps or self._listener.draining
        slot = Slot(self, closes=closes, head_only=method == "HEAD")
        self._slots.append(slot)
        path = self._target.split(b"?", 1)[0].decode("latin-1")
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._handling = slot
        self._listener.handler(Request(method, path, self._headers, body), slot.reply)
        self._handling = None

    # -- answers

    def flush(self) -> None:
        """Write every answer that is next in the order."""
        ready: list[bytes] = []
        closes = False
        while self._slots and self._slots[0].answer is not None and not closes:
            slot = self._slots.popleft()
            ready.append(slot.encode())
            closes = slot.closes
        if self._transport is None or not ready:
            return
        self._transport.write(b"".join(ready))
        self.busy_at = self._listener.loop.time()
        if closes:
            self._ended, self._slots = True, deque()
            self._say_goodbye()
        elif self._ended and not self._slots:
            self._transport.close()
        self._pace()

    def expire(self, now: float) -> None:
        """Close what has been idle, or has been sending one request, for too long."""
        if self._since is not None and now - self._since > self._limits.request_seconds:
            self._refuse(Refused(408, "the request took too long to arrive"))
        elif not self._slots:
            limits = self._limits
            if now - self.busy_at > (limits.linger_seconds if self._ended else limits.idle_seconds):
                self.close()

    def drain(self) -> None:
        """Take no more requests, and close after the last answer."""
        self._ended = True
        if self._slots:
            self._slots[-1].closes = True
        else:
            self._say_goodbye()

    def close(self) -> None:
        """Close the connection once what was written has left."""
        self._ended = True
        if self._transport is not None:
            self._transport.close()

    def _say_goodbye(self) -> None:
        """End what we send, and let the client close: it may still be reading our answers.

        Closing with bytes unread would reset the connection, and the answers with it.
        """
        self.busy_at = self._listener.loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def _refuse(self, refused: Refused) -> None:
        if self._ended and self._handling is None:
            return
        self._ended, self._since = True, None
        slot = self._handling
        if slot is None or slot.answer is not None:
            slot = Slot(self, closes=True, head_only=False)
            self._slots.append(slot)
        slot.closes, self._handling = True, None
        slot.reply(refused.answer)

    def _pace(self) -> None:
        """Read only while the client reads and not too much is in flight."""
        if self._transport is None or self._transport.is_closing():
            return
        wanted = self._writable and len(self._slots) < self._limits.in_flight
        if wanted != self._reading:
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _clear(self) -> None:
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._in_head = False


def bind(host: str, port: int) -> socket.socket:
    """Take a port, 0 for any that is free, without listening yet.

    Raises
    ------
    ServeError
        serve.port.taken, serve.port.host (kind world)
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        taken = error.errno == errno.EADDRINUSE
        raise ServeError(
            "the port is in use" if taken else "this address cannot be listened on",
            at=f"{host}:{port}",
            got=error.strerror,
            hint="stop who has it, or choose another: port in mintmark.toml, or --port",
            code="serve.port.taken" if taken else "serve.port.host",
            kind="world",
        ) from None
    return made


class Listener:
    """A listening socket with its connections: opens, watches the time, drains."""

    def __init__(self, handler: Handler, limits: Limits | None = None) -> None:
        self.handler = handler
        self.limits = limits or Limits()
        self.connections: set[Connection] = set()
        self.draining = False
        self.loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._watch: asyncio.TimerHandle | None = None

    async def open(self, bound: socket.socket) -> int:
        """Listen on a bound socket, and return its port."""
        self._server = await self.loop.create_server(
            lambda: Connection(self), sock=bound, backlog=1024
        )
        self._expire()
        return int(bound.getsockname()[1])

    async def drain(self, seconds: float) -> None:
        """Stop listening, let what is in flight be answered for so long, and close."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection.drain()
        end = self.loop.time() + seconds
        while self.connections and self.loop.time() < end:
            await asyncio.sleep(0.005)
        for connection in tuple(self.connections):
            connection.close()
        if self._watch is not None:
            self._watch.cancel()

    def _expire(self) -> None:
        now = self.loop.time()
        for connection in tuple(self.connections):
            connection.expire(now)
        self._watch = self.loop.call_later(1.0, self._expire)


def _refusal(error: httptools.HttpParserCallbackError) -> Refused:
    """What a callback raised: a refusal of ours, or a fault of ours, told and not hidden."""
    cause = error.__context__
    if isinstance(cause, Refused):
        return cause
    traceback.print_exception(cause, file=sys.stderr)
    return Refused(500, "the server failed on this request")
