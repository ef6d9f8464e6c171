"""How fast the engine is, at history and live, against its peers in the same run.

    python bench/engine.py [--only ROW ...] [--rows N] [--pandas] [--json PATH]

Rows: fourteen, files, sixty, stream, live, cards, start. Everything stays in `build/`. The floor of
the machine is measured first. Peers run in environments of their own, in their quickest documented
form, with as many threads as ours (two); their values are compared with ours first, and how many
differ is printed beside each.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import engine_batch as batch
import engine_doors as doors
import engine_live as live
from engine_batch import Told
from floor import Floor, measure
from table import Row, show, write_json

MEASURES: dict[str, Callable[[Told, Floor], list[Row]]] = {
    "fourteen": batch.fourteen,
    "files": batch.fourteen_files,
    "sixty": batch.sixty,
    "stream": batch.stream,
    "live": live.live,
    "cards": live.cards,
    "start": live.start,
}


def main() -> None:
    """Measure the floor, then every row that is asked for, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(MEASURES), default=list(MEASURES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rows", type=int, help="the first so many Handbook payments alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pandas", action="store_true", help="the book's pandas too: minutes")
    parser.add_argument("--stream", type=int, default=24_000_000, help="payments of the stream")
    parser.add_argument("--cards", type=int, default=1_000_000)
    parser.add_argument("--hot", type=int, default=1_000_000, help="events of the hot key")
    parser.add_argument("--events", type=int, default=200_000, help="live events that are timed")
    asked = vars(parser.parse_args())
    only, path = asked.pop("only"), asked.pop("json")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    doors.warm()
    floor = measure()
    rows = [
        Row(f"floor: bytes moved by a copy, {threads} thread(s)", speed / 1e9, "GB/s")
        for threads, speed in floor.bytes_per_s.items()
    ]
    rows.append(Row("floor: a random line of 64 bytes", floor.line_ns, "ns"))
    for name in only:
        print(name, file=sys.stderr, flush=True)
        rows += MEASURES[name](Told(**asked), floor)
    print(show("The engine", rows))
    if path:
        write_json(path, rows)
    sys.exit(0 if all(row.met is not False for row in rows) else 2)


if __name__ == "__main__":
    main()
