"""HTTP as the cell needs it: in order, bounded, and unmoved by hostile clients."""

import asyncio
import json

import pytest
import uvloop

from mintmark.serve.http import Answer, Limits, Listener, bind

SMALL = Limits(
    head_bytes=2_000,
    body_bytes=1_000,
    in_flight=4,
    connections=2,
    request_seconds=0.3,
    idle_seconds=0.3,
    linger_seconds=0.3,
)
GET = b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n"


def answer_at_once(request, reply):
    """Echo what was asked."""
    form = {"path": request.path, "method": request.method, "bytes": len(request.body)}
    reply(Answer(200, json.dumps(form).encode()))


class Withheld:
    """A handler that keeps its answers back until it is told to give them."""

    def __init__(self):
        self.replies = {}

    def __call__(self, request, reply):
        self.replies[request.path] = lambda: reply(Answer(200, b'"%s"' % request.path.encode()))


async def opened(handler, limits=None):
    listener = Listener(handler, limits)
    port = await listener.open(bind("127.0.0.1", 0))
    return listener, port


async def answer_from(reader):
    """Read one answer: status, headers, body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return int(head[0].split()[1]), headers, body


async def exchange(data, *, handler=answer_at_once, limits=SMALL, eof=True):
    """Send bytes to a fresh listener and return everything that it sends before it closes."""
    listener, port = await opened(handler, limits)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if eof:
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        await listener.drain(1)


def statuses(received):
    return [int(part.split(b" ")[0]) for part in received.split(b"HTTP/1.1 ")[1:]]


def test_pipelined_answers_leave_in_the_order_of_the_requests():
    """Answers that become ready in the wrong order wait for those before them."""

    async def run():
        handler = Withheld()
        listener, port = await opened(handler)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(GET % i for i in range(3)))
        while len(handler.replies) < 3:
            await asyncio.sleep(0.001)
        handler.replies["/2"]()
        handler.replies["/1"]()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        handler.replies["/0"]()
        bodies = [(await answer_from(reader))[2] for _ in range(3)]
        assert bodies == [b'"/0"', b'"/1"', b'"/2"']
        writer.close()
        await listener.drain(1)

    uvloop.run(run())


def test_bytes_that_come_one_by_one_make_the_same_request():
    """A request is what was sent, however it was cut on its way."""

    async def run():
        listener, port = await opened(answer_at_once)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in b"POST /a/b?c=d HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello":
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        status, _, body = await answer_from(reader)
        assert status == 200
        assert json.loads(body) == {"path": "/a/b", "method": "POST", "bytes": 5}
        writer.close()
        await listener.drain(1)

    uvloop.run(run())


def test_a_chunked_body_is_put_together():
    """Transfer coding is undone before the handler sees the body."""
    request = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert b'"bytes": 5' in uvloop.run(exchange(request + chunks))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/9.9\r\nhost: x\r\n\r\n", 400),
        (b"BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nho st: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 1001\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001, 413),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 2_001 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"h%d: x\r\n" % i for i in range(500)) + b"\r\n", 431),
    ],
)
def test_what_is_not_a_request_is_refused_in_our_form(data, expected):
    """Every refusal has a status, an error body of our form, and closes the connection."""
    received = uvloop.run(exchange(data))
    assert expected in statuses(received)
    head, body = received.rsplit(b"\r\n\r\n", 1)
    assert b"connection: close" in head
    assert json.loads(body)["error"]["code"] == f"serve.http.status_{expected}"


def test_a_head_without_an_end_is_refused():
    """A header that never ends is cut off although the parser reports nothing of it."""

    async def run():
        listener, port = await opened(answer_at_once, SMALL)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nx: ")
        for _ in range(5):
            writer.write(b"a" * 900)
            await asyncio.sleep(0.01)
        status, _, _ = await asyncio.wait_for(answer_from(reader), 2)
        assert status == 431
        writer.close()
        await listener.drain(1)

    uvloop.run(run())


def test_a_long_pipeline_is_no_long_head():
    """The limit of a head counts one request, not all that came in one read."""
    many = b"".join(GET % i for i in range(500))
    received = uvloop.run(exchange(many + b"GET /last HTTP/1.1\r\nhost: x\r\n\r\n"))
    assert statuses(received) == [200] * 501


def test_what_came_before_a_broken_request_is_answered():
    """A refusal takes its place behind the answers that were due."""
    received = uvloop.run(exchange(GET % 1 + b"rubbish\r\n\r\n" + GET % 2))
    assert statuses(received) == [200, 400]


def test_a_slow_request_ends():
    """A client that sends a head for ever is cut off."""

    async def run():
        listener, port = await opened(answer_at_once, SMALL)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")
        status, _, _ = await asyncio.wait_for(answer_from(reader), 3)
        assert status == 408
        writer.close()
        await listener.drain(1)

    uvloop.run(run())


def test_an_idle_connection_is_closed():
    """A connection that asks nothing is not kept for ever."""
    assert uvloop.run(exchange(b"", eof=False)) == b""


def test_too_many_connections_are_turned_away():
    """One connection over the limit gets 503, and the others are not touched."""

    async def run():
        listener, port = await opened(answer_at_once, SMALL)
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await answer_from(reader))[0] == 503
        kept[0][1].write(GET % 1)
        assert (await answer_from(kept[0][0]))[0] == 200
        for _, other in [*kept, (reader, writer)]:
            other.close()
        await listener.drain(1)

    uvloop.run(run())


def test_reading_stops_while_too_much_is_in_flight():
    """A sender cannot queue requests without bound; all of them are answered in the end."""

    async def run():
        handler = Withheld()
        listener, port = await opened(handler, SMALL)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for i in range(12):
            writer.write(GET % i)
            await asyncio.sleep(0.005)
        assert len(handler.replies) < 12
        for i in range(12):
            while f"/{i}" not in handler.replies:
                await asyncio.sleep(0.001)
            handler.replies[f"/{i}"]()
        assert [(await answer_from(reader))[0] for _ in range(12)] == [200] * 12
        writer.close()
        await listener.drain(1)

    uvloop.run(run())


def test_http_1_0_and_close_end_the_connection():
    """A client that wants no second answer gets a closed connection, and no second answer."""
    for first in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"):
        assert statuses(uvloop.run(exchange(first + GET % 2))) == [200]


def test_head_has_no_body():
    """An answer to HEAD says how long it would be, and sends nothing of it."""
    received = uvloop.run(exchange(b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n"))
    assert received.endswith(b"\r\n\r\n")
    assert b"content-length: 4" in received


def test_a_client_that_asks_first_is_invited():
    """`expect: 100-continue` is answered before the body is sent."""

    async def run():
        listener, port = await opened(answer_at_once)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ab")
        assert (await answer_from(reader))[0] == 200
        writer.close()
        await listener.drain(1)

    uvloop.run(run())


def test_a_fault_of_ours_is_a_500_and_is_told(capsys):
    """A handler that fails neither hangs its client nor hides what happened."""

    def fails(request, reply):
        raise ValueError("a fault of ours")

    received = uvloop.run(exchange(GET % 1 + GET % 2, handler=fails))
    assert statuses(received) == [500]
    assert b"a fault of ours" not in received
    assert "ValueError: a fault of ours" in capsys.readouterr().err


def test_a_drain_answers_what_is_in_flight():
    """Draining takes no new connection, answers what was asked, and then closes."""

    async def run():
        handler = Withheld()
        listener, port = await opened(handler)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET % 1)
        while not handler.replies:
            await asyncio.sleep(0.001)
        draining = asyncio.ensure_future(listener.drain(5))
        await asyncio.sleep(0.02)
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        handler.replies["/1"]()
        status, headers, _ = await answer_from(reader)
        assert (status, headers["connection"]) == (200, "close")
        writer.close()
        await asyncio.wait_for(draining, 2)

    uvloop.run(run())
