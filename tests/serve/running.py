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
KEEPING = """
import sys
from mintmark.serve import server
from mintmark.serve.__main__ import main
server.KEEP_SECONDS, server.KEEP_ROWS = 0.05, 20
sys.exit(main())
"""
"""A server that has its state kept again and again, as one of a busy month would."""


@dataclass
class Running:
    """A server process that has said it is ready."""

    process: subprocess.Popen[str]
    line: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return port_in(self.line)

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


def start(
    town: Town, log: Path, *more: str, release: Path | None = None, keeping: bool = False
) -> subprocess.Popen[str]:
    """Start a server process of a log, on any free port unless told otherwise."""
    project = log.parent / "project"
    project.mkdir(exist_ok=True)
    (project / "mintmark.toml").write_text(f'keys_dir = "{town.folder / "keys"}"\n')
    words = ["--project", str(project), "--log", str(log), "--clock", "sender", "--port", "0"]
    words += ["--release", str(release or town.release.folder), *more]
    return subprocess.Popen(
        [sys.executable, *(("-c", KEEPING) if keeping else ("-m", "mintmark.serve")), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


@contextmanager
def running(town: Town, log: Path, *more: str, keeping: bool = False) -> Iterator[Running]:
    """Run a server process and wait until it is ready; it is gone afterwards."""
    process = start(town, log, *more, keeping=keeping)
    try:
        yield Running(process, line_of(process))
    finally:
        process.kill()
        process.communicate()


def port_of(process: subprocess.Popen[str]) -> int:
    """Wait until a server is ready and say where it listens."""
    return port_in(line_of(process))


def line_of(process: subprocess.Popen[str]) -> str:
    """Wait for the line that says where a server listens."""
    assert process.stdout is not None
    began = time.monotonic()
    line = process.stdout.readline()
    assert line.startswith("serving on http://"), process.stderr and process.stderr.read()
    assert time.monotonic() - began < READY_SECONDS
    return line


def port_in(line: str) -> int:
    """The port in a server's first line."""
    return int(line.split()[2].rsplit(":", 1)[1])
