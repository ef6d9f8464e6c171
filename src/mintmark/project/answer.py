"""What a verb of the hall answers: a JSON form for machines and the same in words for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """The answer of one verb.

    Parameters
    ----------
    form : mapping
        JSON values; what ``--json`` prints.
    text : str
        The same for people, one line or several.
    passed : bool
        False where a gate said no: the answer stands, and the exit code is 2.
    """

    form: Mapping[str, Any]
    text: str
    passed: bool = True
