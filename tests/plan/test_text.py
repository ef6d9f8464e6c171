"""The text of a plan: golden pairs of definitions and what is printed of them."""

import os
from pathlib import Path

import pytest

import mintmark as mm
from mintmark.plan import compile_plan

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "plans"
PAIRS = sorted(p.name for p in GOLDEN.iterdir() if p.is_dir())


@pytest.mark.parametrize("name", PAIRS)
def test_a_plan_reads_as_its_golden_file(name: str) -> None:
    """Definitions beside `plan.txt` print exactly that; MINTMARK_GOLDEN=write writes it anew."""
    definitions = mm.load(GOLDEN / name)
    labels = [label for label in definitions.labels if label.kind == "flag"]
    plan = compile_plan(definitions.features, label=labels[0] if labels else None)
    file = GOLDEN / name / "plan.txt"
    if os.environ.get("MINTMARK_GOLDEN") == "write":
        file.write_text(plan.text(), encoding="utf-8")
    assert plan.text() == file.read_text(encoding="utf-8")


def test_lines_end_where_a_screen_ends() -> None:
    """No line of the state or the events is longer than 100 columns."""
    for name in PAIRS:
        text = (GOLDEN / name / "plan.txt").read_text(encoding="utf-8")
        above = text.split("\nfeatures\n")[0]
        assert all(len(line) <= 100 for line in above.splitlines())
