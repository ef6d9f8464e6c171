"""The server process: it says when it is ready, ends as it should, and starts again anywhere."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from mintmark.ground import LogError, RegistryError, ServeError
from mintmark.log import Log
from mintmark.serve import Door, Source, load, read_script, serve
from mintmark.serve.sender import Line, play
from serve.running import running, start
from serve.town import Town


@pytest.fixture
def steps(town: Town, tmp_path):
    """What the town does next."""
    return read_script(town.script(tmp_path / "script.jsonl"))[1]


def test_the_past_is_played_and_found_in_the_log(town, served_log, tmp_path):
    """Every payment sent is decided and every label taken; after the end all of it is readable."""
    script = town.script(tmp_path / "script.jsonl")
    with running(town, served_log) as server:
        sent = play(script, Line(port=server.port))
        assert server.stop() == 0
    head, steps = read_script(script)
    assert (sent.decisions, sent.events, sent.errors) == (head.payments, head.events, 0)
    assert set(sent.actions) == {"approve", "review", "decline"}
    log = Log.open(served_log, town.events.values())
    decisions = log.decisions()
    assert len(decisions) == head.payments
    served = log.read("payment").slice(len(log.read("payment")) - head.payments)
    sent_ids = [json.loads(bytes(step.event))["payment_id"] for step in steps if step.decide]
    assert served["payment_id"].to_pylist() == sent_ids == decisions["event_id"].to_pylist()
    known = {step.known_at for step in steps if step.decide}
    assert set(served["mm_known_at"].to_pylist()) == known


def test_a_restart_goes_on_where_the_log_ends(town, served_log, steps):
    """After kill -9 the same command answers the old requests with the same bytes, and new ones."""
    first: dict[int, bytes] = {}
    for number in (signal.SIGKILL, signal.SIGTERM):
        with running(town, served_log) as server:
            done = len(first)
            for place, step in enumerate(steps[: done + 20]):
                status, _, received = server.do(step)
                assert status == 200
                assert first.setdefault(place, received) == received or not step.decide
            server.stop(number)


def test_the_port_in_use_is_named(town, served_log):
    """A port that somebody has ends the process with 3, before the log is touched."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        process = start(town, served_log, "--port", str(held.getsockname()[1]))
        _, told = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "code  serve.port.taken" in told


def test_a_log_has_one_server(town, served_log):
    """A second server of the same log is refused, and the first goes on."""
    first = load(town.source(served_log))
    with pytest.raises(LogError) as caught:
        load(town.source(served_log))
    assert (caught.value.code, caught.value.kind) == ("log.locked", "world")
    first.tail.commit()
    first.tail.close()


@pytest.mark.parametrize("name", ["model.txt", "policy.json", "manifest.json", "signature.json"])
def test_an_altered_release_is_not_served(town, served_log, tmp_path, name):
    """One byte that was not signed, and nothing is loaded."""
    source = town.source(served_log)
    with pytest.raises(RegistryError) as caught:
        load(replace(source, release=altered_release(town, tmp_path, name)))
    assert caught.value.code == "registry.release.altered"


def test_the_process_refuses_an_altered_release(town, served_log, tmp_path):
    """What was given is wrong: the process ends with 1 and says which file."""
    process = start(town, served_log, release=altered_release(town, tmp_path, "model.txt"))
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "code  registry.release.altered" in told
    assert "model.txt" in told


def altered_release(town, folder, name):
    """A copy of the release in which one byte of one file is another."""
    altered = shutil.copytree(town.release.folder, folder / "altered")
    content = bytearray((altered / name).read_bytes())
    content[len(content) // 2] ^= 1
    (altered / name).write_bytes(content)
    return altered


def test_a_stop_answers_what_was_taken(town, served_log, steps):
    """SIGTERM while requests are under way: whatever was decided is answered, whole."""
    payments = [step for step in steps if step.decide][:200]
    with running(town, served_log) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            for step in payments:
                connection.sendall(pipelined(step))
            received = connection.recv(1 << 16)
            server.process.send_signal(signal.SIGTERM)
            while part := connection.recv(1 << 16):
                received += part
        assert server.process.wait(20) == 0
    answered = received.count(b"HTTP/1.1 200 OK")
    assert answered == received.count(b'"durable":true}')
    assert answered == len(Log.open(served_log, town.events.values()).decisions()) > 0


def pipelined(step):
    """The bytes of a step's request."""
    body = bytes(step.event)
    clock = b"mintmark-clock: %d\r\n" % step.known_at
    head = b"POST /v1/decide HTTP/1.1\r\nhost: x\r\n%bcontent-length: %d\r\n\r\n"
    return head % (clock, len(body)) + body


@pytest.mark.parametrize(
    ("door", "clock", "code"),
    [
        (Door(host="0.0.0.0"), "system", "serve.door.exposed"),
        (Door(host="0.0.0.0", exposed=True), "sender", "serve.door.sender_clock"),
        (Door(host="::"), "system", "serve.door.exposed"),
    ],
)
def test_a_server_is_not_reached_from_outside_by_accident(town, served_log, door, clock, code):
    """Only loopback is served unless more is said, and a clock that others move never is."""
    source = Source(served_log, town.release.folder, town.public, clock=clock)
    with pytest.raises(ServeError) as caught:
        serve(source, door)
    assert caught.value.code == code


def test_serving_loads_no_training_library():
    """The modules of a server hold nothing that trains, tracks or draws a command line."""
    code = "import mintmark.serve.__main__, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"lightgbm", "sklearn", "scipy", "pandas", "pydantic", "typer", "rich"}


@pytest.fixture
def small_disk(tmp_path):
    """A disk of eight megabytes: too small for a segment of the tail."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs to mount a tmpfs, which this user may not")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_ends_the_server_and_acknowledges_nothing(town, small_disk, steps):
    """A commit without room is answered by nobody; with room the same command goes on."""
    log = town.served_log(small_disk / "served")
    with running(town, log) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(b"".join(pipelined(step) for step in steps[:20] if step.decide))
            assert connection.recv(1 << 16) == b""
        assert server.process.wait(20) == 3
        assert "code  log.disk.full" in server.process.stderr.read()
    roomy = shutil.copytree(log, small_disk.parent / "roomy")
    with running(town, roomy) as server:
        status, form, _ = server.do(steps[0])
        assert (status, form["seq"]) == (200, 1 + log_end(town))


def log_end(town):
    """The last place of the log that ends before the last days."""
    return Log.open(town.folder / "cut", town.events.values()).position().seq
