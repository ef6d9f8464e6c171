"""The server as a process of its own, and a sender in another, as the demo plays them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mintmark.ground import Progress, ProjectError, canonical, now_us, write_atomic
from mintmark.log import Log
from mintmark.project.material import Material
from mintmark.project.releasing import CHAMPION
from mintmark.registry import alias_at, release_record
from mintmark.serve import Door, Head, Selection, Source, script_of_past
from mintmark.serve import serve as serve_here

STOP_SECONDS = 60


def champion_folder(material: Material) -> Path:
    """Return the folder of the release that is champion now.

    Raises
    ------
    ProjectError
        ``project.no_champion``.
    """
    ledger = material.registry.ledger
    move = alias_at(ledger, CHAMPION, now_us())
    if move is None:
        raise ProjectError(
            "there is no champion to serve",
            hint="say: mintmark release",
            code="project.no_champion",
        )
    return material.registry.lay_out(release_record(ledger, move.release))


def serve(material: Material, port: int | None, tell: Callable[[str], None]) -> None:
    """Serve the champion in this process until it is told to stop."""
    settings = material.settings
    source = Source(
        log=material.live_folder,
        release=champion_folder(material),
        public=material.signing_key().public,
        token_key=material.token_key(),
        clock=settings.clock,
    )
    material.log(material.live_folder)
    door = Door(settings.host, settings.port if port is None else port)
    serve_here(source, door, tell=tell)


@contextmanager
def server(material: Material) -> Iterator[int]:
    """Run a server process on a free port of loopback; the body is given the port."""
    words = [
        *(sys.executable, "-m", "mintmark.serve", "--project", str(material.folder)),
        *("--log", str(material.live_folder), "--release", str(champion_folder(material))),
        *("--host", "127.0.0.1", "--port", "0", "--clock", "sender"),
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield _port_of(process)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=STOP_SECONDS)
        if process.returncode:
            raise _failed("the server ended badly", told)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _port_of(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    assert process.stderr is not None
    ready = process.stdout.readline()
    if not ready.startswith("serving on "):
        process.wait(timeout=STOP_SECONDS)
        raise _failed("the server did not start", process.stderr.read())
    return int(ready.split()[2].rsplit(":", 1)[1])


def _failed(what: str, told: str) -> ProjectError:
    last = [line for line in told.strip().split("\n") if line]
    return ProjectError(what, got=" | ".join(last[-4:]), code="project.server", kind="world")


def write_past(
    material: Material, path: Path, *, source: Log, after_seq: int, payments: int
) -> Head:
    """Write what is sent live: payments of a log after a place, and the labels that follow."""
    selection = Selection(
        request=material.plan.request,
        after_seq=after_seq,
        payments=payments,
        mature_after_us=int(material.truth["mature_after_us"]),
    )
    return script_of_past(path, material.tables(source), material.events, selection)


def send(
    script: Path, port: int, *, window: int, result: Path, progress: Progress
) -> dict[str, Any]:
    """Play a script from a process of its own and return its account."""
    words = [
        *(sys.executable, "-m", "mintmark.serve.sender", str(script), "--port", str(port)),
        *("--window", str(window), "--result", str(result)),
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    _follow(process.stdout, progress)
    told = process.stderr.read()
    if process.wait():
        raise _failed("the sender ended badly", told)
    account: dict[str, Any] = json.loads(result.read_bytes())
    return account


def _follow(lines: IO[str], progress: Progress) -> None:
    """Move the bar on with each line ``sent N of M``."""
    sent = 0
    for line in lines:
        words = line.split()
        if len(words) == 4 and words[0] == "sent":
            if not sent:
                progress.start("serve", int(words[3]))
            progress.advance(int(words[1]) - sent)
            sent = int(words[1])


def note_served(material: Material, *, until: int, sent: dict[str, Any]) -> None:
    """Write down how far the sender moved the clock, and its account."""
    body = canonical({"until": until, "sent": sent})
    write_atomic(material.settings.home / "served.json", body)
