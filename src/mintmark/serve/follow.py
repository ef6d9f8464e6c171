"""The follower: a process that folds the log once more, so that no server has to stop for a copy.

    server      decides, decides, decides, decides, decides, ...
                  '- starts it, says how far the log is acknowledged
    follower         newest kept state, the rows after it, the next kept state, the end

    python -m mintmark.serve.follow --log DIR --release DIR --public HEX --until SEQ

Folding is deterministic, so what it keeps answers as the server does. It reads only what was
acknowledged, shares no memory with the server, and ends with it: its standard input is held by
the server, and closes when that is gone. Killed at any moment it leaves the files as they were.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mintmark.ground import MintmarkError, ServeError
from mintmark.log import Log
from mintmark.plan import Plan
from mintmark.registry.release import open_release
from mintmark.serve.declared import events_of
from mintmark.serve.kept import keep, started

if TYPE_CHECKING:
    from mintmark.serve.load import Source

NICE = 10
"""How far it stands back: the server is asked first for whatever both want."""
KILLED = 3


class Follower:
    """The followers of one server, one at a time.

    Parameters
    ----------
    source : Source
        What the server serves.
    """

    def __init__(self, source: Source) -> None:
        self._words = [
            *(sys.executable, "-m", "mintmark.serve.follow", "--log", str(source.log)),
            *("--release", str(source.release), "--public", source.public.hex()),
        ]
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def keep(self, until: int) -> None:
        """Have the state kept as it is after an acknowledged row; wait until it is.

        Raises
        ------
        ServeError
            serve.follow.failed, kind "world": what the process told is in it; the files are as
            they were.

        Cost: its own process, and for the caller's others the start of one, 1 ms.
        """
        with self._lock:
            if self._stopped:
                return
            # Its standard input stays open for as long as this process lives.
            process = self._process = subprocess.Popen(
                [*self._words, "--until", str(until)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert process.stdin is not None
        assert process.stderr is not None
        with process, process.stderr, process.stdin:
            told = [line for line in process.stderr.read().splitlines() if line.strip()]
            code = process.wait()
        if code and not self._stopped:
            raise ServeError(
                "the state was not kept",
                got=" | ".join(told[-6:]) or f"exit {code}",
                hint="serving goes on; a start folds what came after the state before it",
                code="serve.follow.failed",
                kind="world",
            )

    def stop(self) -> None:
        """End the process that is under way, and start none any more."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()


def main(arguments: list[str] | None = None) -> int:
    """Keep the state of a release after a row of a log."""
    parser = argparse.ArgumentParser(prog="mintmark.serve.follow", description=main.__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--release", type=Path, required=True)
    parser.add_argument("--public", type=bytes.fromhex, required=True)
    parser.add_argument("--until", type=int, required=True)
    asked = parser.parse_args(arguments)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    os.nice(NICE)
    try:
        release = open_release(asked.release, asked.public)
        plan = Plan.from_form(json.loads(release.read("plan.json")))
        log = Log.open(asked.log, events_of(plan).values())
        keep(log, plan, started(log, plan, up_to_seq=asked.until))
    except (MintmarkError, OSError) as error:
        told = error.render() if isinstance(error, MintmarkError) else str(error)
        print(told, file=sys.stderr, flush=True)
        return 1
    return 0


def _end_with_the_server() -> None:
    """Wait for the end of standard input, then leave at once."""
    sys.stdin.read()
    os._exit(KILLED)


if __name__ == "__main__":
    sys.exit(main())
