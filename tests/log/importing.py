"""A process that imports, and that may be told to die just before a file gets its name.

python importing.py LOG SOURCE [N]     dies at the N-th `os.replace`
"""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from log.worked import EVENTS
from mintmark.ground import LogError
from mintmark.log import Log


def main(folder: str, source: str, dies_at: int) -> None:
    """Open the log, or make it, and import."""
    count = 0
    replace = os.replace

    def counted(old: str, new: str) -> None:
        nonlocal count
        count += 1
        if count == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(old, new)

    os.replace = counted  # type: ignore[assignment]
    try:
        log = Log.open(folder, EVENTS)
    except LogError:
        log = Log.create(folder, EVENTS)
    print("begins", flush=True)
    log.ingest(source)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
