"""Pages for people: each is drawn from its JSON twin and opens offline, with nothing to fetch."""

from mintmark.console.report import render_report
from mintmark.console.story import render_story

__all__ = ["render_report", "render_story"]
