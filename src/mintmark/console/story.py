"""One decision's story in plain words: what was known, what the model said, what it cost."""

from collections.abc import Mapping
from typing import Any

from mintmark.console.words import number, share

Json = Mapping[str, Any]


def render_story(story: Json) -> str:
    """Return the story of one decision as text for a terminal.

    Parameters
    ----------
    story : mapping
        What ``mintmark explain DECISION_ID --json`` prints.
    """
    lines = [
        f"decision {story['decision_id']}",
        f"  {story['action']}  {share(story['probability'])} likely to be fraud "
        f"(margin {story['margin']!r})",
        f"  payment {story['event_id']} at {story['at']}, known {story['known_at']}, "
        f"seq {story['seq']} of epoch {story['epoch']}",
        "",
        "why the risk was raised",
    ]
    reasons = story.get("reasons") or []
    width = max((len(r["feature"]) for r in reasons), default=0)
    lines += [
        f"  {r['feature']:<{width}}  {number(r['contribution'], 3, signed=True)}"
        f"  with a value of {_value(r['value'])}"
        for r in reasons
    ] or ["  nothing raised it: every feature lowered the risk or left it"]
    lines += ["", "what each action was expected to cost"]
    lines += [
        f"  {'→' if name == story['action'] else ' '} {name:<8}{number(cost, 2):>12}"
        for name, cost in story["costs"].items()
    ]
    lines += ["", "struck by"]
    lines += [f"  {name:<8}{story[name]}" for name in ("release", "model", "plan", "policy")]
    if known := story.get("label"):
        lines += ["", f"what became known since: {known}"]
    return "\n".join(lines)


def _value(value: float | None) -> str:
    return "nothing (null)" if value is None else f"{value:g}"
