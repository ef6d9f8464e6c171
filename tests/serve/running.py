"""A server process, and a client that asks it one thing at a time."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintmark.serve.script import Step
from serve.town import Town

READY_SECONDS = 60


@dataclass
class Running:
    """A server process that has said it is ready."""

    process: subprocess.Popen[str]
    port: int

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any], bytes]:
        """Ask one thing over a connection of its own; return status, JSON and bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        content = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, content, sent)
        answer = connection.getresponse()
        received = answer.read()
        connection.close()
        return answer.status, json.loads(received), received

    def do(self, step: Step) -> tuple[int, dict[str, Any], bytes]:
        """Ask what a script's step asks."""
        path = "/v1/decide" if step.decide else f"/v1/events/{step.stream}"
        return self.ask("POST", path, bytes(step.event), mintmark_clock=str(step.known_at))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(20)


def start(town: Town, log: Path, *more: str, release: Path | None = None) -> subprocess.Popen[str]:
    """Start a server process of a log, on any free port unless told otherwise."""
    project = log.parent / "project"
    project.mkdir(exist_ok=True)
    (project / "mintmark.toml").write_text(f'keys_dir = "{town.folder / "keys"}"\n')
    words = ["--project", str(project), "--log", str(log), "--clock", "sender", "--port", "0"]
    words += ["--release", str(release or town.release.folder), *more]
    return subprocess.Popen(
        [sys.executable, "-m", "mintmark.serve", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


@contextmanager
def running(town: Town, log: Path, *more: str) -> Iterator[Running]:
    """Run a server process and wait until it is ready; it is gone afterwards."""
    process = start(town, log, *more)
    try:
        yield Running(process, port_of(process))
    finally:
        process.kill()
        process.communicate()


def port_of(process: subprocess.Popen[str]) -> int:
    """Wait for the line that says where a server listens."""
    assert process.stdout is not None
    began = time.monotonic()
    line = process.stdout.readline()
    assert line.startswith("serving on http://"), process.stderr and process.stderr.read()
    assert time.monotonic() - began < READY_SECONDS
    return int(line.split()[2].rsplit(":", 1)[1])
