"""rows_ever: how many events came since the key began, whether they are still kept or not.

Form: look; positions count since the key began, so the newer edge says it all.
"""

# Numba infers the types of what follows; `engine.units` compiles it by the names of arguments.
# mypy: ignore-errors

from __future__ import annotations

from mintmark.engine.quick import quick

WORDS = ("n",)
FORM = "look"


@quick
def look(high):
    """The newer edge."""
    return (high,)
