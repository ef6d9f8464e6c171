"""Manual entries: rows as a tired hand types them, each of which must be quarantined."""

from pathlib import Path

from mintmark.ground import HOUR_US, SECOND_US, format_time

_COLUMNS: tuple[str, ...] = ("payment_id", "paid_at", "card", "terminal", "place", "amount")
_COLUMNS += ("country", "channel", "category", "segment", "declined")
# The card schemes' own test number, in halves so that no scan of our text finds it.
_TEST_NUMBER = "41111111" + "11111111"
_FIRST_ID = 9_000_000_000

# What is wrong with each: the column, and what stands in it instead.
MISTAKES: tuple[tuple[str, str], ...] = (
    ("card", ""),
    ("amount", "-25.00"),
    ("amount", "12.345"),
    ("paid_at", "yesterday, about noon"),
    ("paid_at", "2025-01-15 12:00:00"),
    ("paid_at", "1969-12-31T23:59:59Z"),
    ("paid_at", "2225-01-15T12:00:00Z"),
    ("card", _TEST_NUMBER),
    ("amount", "12,50"),
    ("declined", "perhaps"),
    ("payment_id", "1"),  # another payment has that number, and other content
)


def write_manual_entries(path: Path, count: int, before_at: int) -> None:
    """Write `count` rows that must all be quarantined, or no file if there are none.

    Parameters
    ----------
    path : Path
        The CSV file; replaced if it is there.
    count : int
        How many rows; their mistakes take turns.
    before_at : int
        µs UTC; whatever else is wrong with a row, it is dated within the day before this.
    """
    path.unlink(missing_ok=True)
    if not count:
        return
    lines = [",".join(_COLUMNS)]
    for i in range(count):
        column, wrong = MISTAKES[i % len(MISTAKES)]
        at = (before_at - HOUR_US * (1 + i % 24)) // SECOND_US * SECOND_US
        row = {
            "payment_id": str(_FIRST_ID + i),
            "paid_at": format_time(at),
        }
        row |= {"card": f"c{i:07d}", "terminal": "t000001", "place": "BE-0001", "amount": "25.00"}
        row |= {"country": "BE", "channel": "chip", "category": "grocery", "segment": "35-59"}
        row |= {"declined": "false", column: wrong}
        lines.append(",".join(f'"{row[n]}"' if "," in row[n] else row[n] for n in _COLUMNS))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
