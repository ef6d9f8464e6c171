"""The sender keeps order, keeps account, and sends again what a broken connection left open."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import uvloop

from mintmark.ground import ServeError
from mintmark.serve.http import Answer, Listener, bind
from mintmark.serve.script import Head, Step
from mintmark.serve.sender import Line, main, play


class Recorder:
    """A server that notes what it was asked and answers as a cell does."""

    def __init__(self, *, refuses=frozenset(), drops_after=None):
        self.seen = []
        self.refuses = refuses
        self.drops_after = drops_after
        self.listener = None

    def __call__(self, request, reply):
        body = json.loads(request.body)
        self.seen.append((request.path, request.headers.get(b"mintmark-clock"), body))
        if self.drops_after is not None and len(self.seen) == self.drops_after:
            self.drops_after = None
            for connection in tuple(self.listener.connections):
                connection._transport.abort()
            return
        status = 409 if body.get("id") in self.refuses else 200
        reply(Answer(status, b'{"action":"approve"}'))


@contextmanager
def serving(handler) -> Iterator[int]:
    """Run a listener with this handler in a thread; yield its port."""
    port, stop, loop = [], threading.Event(), []
    opened = threading.Event()

    async def run():
        listener = handler.listener = Listener(handler)
        port.append(await listener.open(bind("127.0.0.1", 0)))
        loop.append(asyncio.get_running_loop())
        opened.set()
        while not stop.is_set():
            await asyncio.sleep(0.01)
        await listener.drain(1)

    thread = threading.Thread(target=lambda: uvloop.run(run()))
    thread.start()
    opened.wait()
    try:
        yield port[0]
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Two hundred payments, every tenth followed by a label, ten µs apart."""
    steps = []
    for number in range(200):
        event = msgspec.Raw(json.dumps({"id": number}).encode())
        steps.append(Step(number * 10, "payment", True, event))
        if number % 10 == 9:
            steps.append(Step(number * 10 + 5, "chargeback", False, event))
    lines = [Head(payments=200, events=20, until=9_999), *steps]
    path = tmp_path / "script.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return path


def asked(recorder):
    return [body["id"] for path, _, body in recorder.seen if path == "/v1/decide"]


@pytest.mark.parametrize("window", [1, 16])
def test_steps_are_sent_in_order_with_their_clock(script, window):
    """Every step arrives once, in order, with its own time, and the clock goes on to the end."""
    recorder = Recorder()
    with serving(recorder) as port:
        sent = play(script, Line(port=port, window=window))
    assert asked(recorder) == list(range(200))
    assert [int(clock) for _, clock, _ in recorder.seen[:-1]] == sorted(
        [n * 10 for n in range(200)] + [n * 10 + 5 for n in range(9, 200, 10)]
    )
    assert recorder.seen[-1] == ("/v1/clock", None, {"to": 9_999})
    assert (sent.decisions, sent.events, sent.errors, sent.resent) == (200, 20, 0, 0)
    assert sent.actions == {"approve": 200}
    assert 0 < sent.latency_ms_p50 <= sent.latency_ms_p99 <= sent.latency_ms_max


def test_errors_are_counted_and_the_first_are_kept(script):
    """An answer that is not 200 is an error, and never a latency."""
    with serving(Recorder(refuses={3, 4})) as port:
        sent = play(script, Line(port=port))
    assert (sent.decisions, sent.errors) == (198, 2)
    assert sent.first_errors[0].startswith("409 ")


def test_what_a_broken_connection_left_open_is_sent_again(script):
    """After a break the unanswered requests are sent again first, in the same order."""
    recorder = Recorder(drops_after=50)
    with serving(recorder) as port:
        sent = play(script, Line(port=port, window=8))
    assert sent.decisions == 200
    assert sent.resent >= 1
    assert list(dict.fromkeys(asked(recorder))) == list(range(200))


def test_a_server_that_is_away_is_named(script):
    """Patience ends in an error that says where nobody answered."""
    with serving(Recorder()) as port:
        pass
    with pytest.raises(ServeError) as caught:
        play(script, Line(port=port, patience_seconds=0.1))
    assert caught.value.code == "serve.sender.unreachable"
    assert caught.value.kind == "world"


def test_the_process_writes_its_account(script, tmp_path, capsys):
    """The command tells its progress and leaves the account as JSON."""
    result = tmp_path / "sent.json"
    with serving(Recorder()) as port:
        assert main([str(script), "--port", str(port), "--result", str(result)]) == 0
    assert json.loads(result.read_bytes())["decisions"] == 200
    assert "sent 220 of 220" in capsys.readouterr().out


def test_a_script_that_is_none_is_named(tmp_path):
    """A file that is missing or is no script is the user's to mend."""
    (tmp_path / "notes").write_text("not a script")
    for name in ("notes", "missing"):
        with pytest.raises(ServeError) as caught:
            play(tmp_path / name, Line(port=1))
        assert caught.value.code == "serve.script.unreadable"
