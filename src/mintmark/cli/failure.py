"""Errors at the door: an exit code and words for each kind, and never a traceback.

0 done, 1 your input, 2 a gate said no, 3 the world failed.
"""

import json
import sys

from mintmark.ground import MintmarkError

EXIT_CODES = {"input": 1, "refused": 2, "world": 3}


def tell(error: MintmarkError, *, as_json: bool) -> int:
    """Print an error for people on standard error, or as JSON, and return its exit code."""
    if as_json:
        print(json.dumps({"error": error.to_json()}, ensure_ascii=False))
    else:
        print(error.render(), file=sys.stderr)
    return EXIT_CODES[error.kind]
