"""The events of a release, read back from its plan."""

from pathlib import Path

import mintmark as mm
from mintmark.plan import Plan, compile_plan
from mintmark.serve.declared import events_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "plans" / "tables"


def test_tables_and_rates_come_back_as_they_were() -> None:
    """From the JSON of a plan alone: their kinds, forms and digests."""
    definitions = mm.load(GOLDEN)
    plan = Plan.from_form(compile_plan(definitions.features).form())
    made = events_of(plan)
    assert {name: event.digest for name, event in made.items()} == {
        event.name: event.digest for event in definitions.events
    }
    kinds = {name: type(event) for name, event in made.items()}
    assert kinds == {
        "payment": mm.Event, "merchant": mm.Table, "holder": mm.Table, "rates": mm.Rates,
    }  # fmt: skip
