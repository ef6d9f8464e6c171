"""How fast the seeded world is drawn and written, against the bar of 500,000 payments a second.

python bench/world.py [--payments 2000000] [--json PATH]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from mintmark.testing import WorldSettings, write_world

sys.path.insert(0, str(Path(__file__).parent))
from table import Row, show, write_json

BAR = 500_000.0


def main() -> None:
    """Write two worlds and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=2_000_000)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    rows = []
    for payments in (500_000, told.payments):
        with tempfile.TemporaryDirectory() as place:
            started = time.perf_counter()
            write_world(Path(place), WorldSettings(payments=payments))
            speed = payments / (time.perf_counter() - started)
        work = f"draw and write {payments:,} payments as Parquet"
        rows.append(Row(work, speed, "payments/s", bar=f">= {BAR:,.0f}", met=speed >= BAR))
    print(show("The seeded world", rows))
    if told.json:
        write_json(told.json, rows)
    sys.exit(0 if all(row.met for row in rows) else 2)


if __name__ == "__main__":
    main()
