"""Law 7 on the real process: what a server acknowledged survives `kill -9` at any instant, once.

    start ── answers ── kill -9 ── start ── kill -9 while loading ── start ── answers ── kill -9 ...

A client keeps many requests unanswered on one connection, so a kill hits admission, fold, commit
and answer alike. The same command starts the server again; what was not answered is sent again, and
so is a part of what was. At the end all of it is. Meanwhile followers keep the state (decision
0010): starts go on from it, and kills hit followers as well.
"""

import json
import socket
import time
from pathlib import Path
from random import Random

import httptools
import numpy as np
import pytest

from mintmark.engine import replay
from mintmark.log import Log
from mintmark.serve import Step, read_script
from serve.running import port_of, start
from serve.town import Town, build

KILLS = 5
WINDOW = 32


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The town."""
    return build(tmp_path_factory.mktemp("town"))


class Client:
    """Sends steps in order, many at a time, and keeps every answer that arrived whole."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps
        self.answers: dict[int, bytes] = {}

    def send(self, port: int, places: list[int], *, until: int | None = None) -> int:
        """Send steps until all are answered, `until` are, or the server is gone; say how many."""
        self._due, self._body, self._count = list(places), b"", 0
        self._parser = httptools.HttpResponseParser(self)
        sent = 0
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            while self._count < len(places) and (until is None or self._count < until):
                upto = min(len(places), self._count + WINDOW)
                connection.sendall(b"".join(map(self._request, places[sent:upto])))
                sent = upto
                self._parser.feed_data(connection.recv(1 << 16))
        return self._count

    def on_body(self, part: bytes) -> None:
        """Take a part of an answer."""
        self._body += part

    def on_message_complete(self) -> None:
        """Keep an answer; one to a payment that was answered before is the same, byte for byte."""
        place, body = self._due[self._count], self._body
        self._count, self._body = self._count + 1, b""
        assert self._parser.get_status_code() == 200, body
        before = self.answers.setdefault(place, body)
        if self._steps[place].decide:
            assert body == before
        else:
            assert json.loads(body)["seq"] == json.loads(before)["seq"]

    def _request(self, place: int) -> bytes:
        step = self._steps[place]
        body = bytes(step.event)
        path = b"decide" if step.decide else b"events/" + step.stream.encode()
        head = (
            b"POST /v1/%b HTTP/1.1\r\nhost: x\r\nmintmark-clock: %d\r\ncontent-length: %d\r\n\r\n"
        )
        return head % (path, step.known_at, len(body)) + body


def test_what_was_acknowledged_survives_kill_9_once(town: Town, tmp_path: Path) -> None:
    """After any number of kills every acknowledged payment, label and decision is there, once."""
    chance = Random(7)
    log = town.served_log(tmp_path / "served")
    _, steps = read_script(town.script(tmp_path / "script.jsonl"))
    client = Client(steps)
    for number in range(KILLS):
        process = start(town, log, keeping=True)
        try:
            if number % 3 == 2:
                time.sleep(chance.uniform(0.2, 1.5))
            else:
                port = port_of(process)
                under_load(client, port, chance, len(steps))
                if number % 3 == 0:
                    wait_for_a_kept_state(log)
                    under_load(client, port, chance, len(steps))
        finally:
            process.kill()
            process.communicate()
    process = start(town, log, keeping=True)
    try:
        port = port_of(process)
        client.send(port, list(range(len(steps))))
        client.send(port, list(range(len(steps))))
    finally:
        process.terminate()
        process.communicate()
    assert process.returncode == 0
    nothing_lost_nothing_doubled(town, log, steps, client.answers)


def wait_for_a_kept_state(log: Path) -> None:
    """Wait until a follower is done: the next ones are under way when the kill comes."""
    for _ in range(600):
        if list((log / "state").glob("*.state")):
            return
        time.sleep(0.05)
    raise AssertionError("no state was kept beside the answers")


def under_load(client: Client, port: int, chance: Random, total: int) -> None:
    """Send what is open, and some of what is not, until a chosen number of answers has come."""
    answered = sorted(client.answers)
    again = sorted(chance.sample(answered, len(answered) // 4))
    first_open = next((n for n in range(total) if n not in client.answers), total)
    client.send(port, again)
    goal = chance.randrange(1, 60)
    client.send(port, list(range(first_open, total)), until=goal)
    time.sleep(chance.uniform(0, 0.003))


def nothing_lost_nothing_doubled(
    town: Town, folder: Path, steps: list[Step], answers: dict[int, bytes]
) -> None:
    """Compare what clients were told with what the log holds, and the log with its replay."""
    log = Log.open(folder, town.events.values())
    history = len(Log.open(town.folder / "cut", town.events.values()).read("payment"))
    tables = {name: log.read(name) for name in town.events}
    told = [json.loads(answers[n]) for n, step in enumerate(steps) if step.decide]
    live = tables["payment"].slice(history)
    assert live["payment_id"].to_pylist() == [one["event_id"] for one in told]
    assert live["mm_seq"].to_pylist() == [one["seq"] for one in told]
    decisions = log.decisions()
    for name in ("decision_id", "event_id", "seq", "known_at", "margin", "action"):
        assert decisions[name].to_pylist() == [one[name] for one in told]
    cases = tables["chargeback"]["case_id"].to_pylist()
    assert len(cases) == len(set(cases))
    labels = [json.loads(bytes(step.event))["case_id"] for step in steps if not step.decide]
    assert cases[len(cases) - len(labels) :] == labels
    again = replay(town.plan, tables)
    places = np.searchsorted(again.seq, decisions["seq"].to_numpy())
    assert again.features[places].tobytes() == b"".join(decisions["features"].to_pylist())
