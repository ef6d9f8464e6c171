"""A worker of a sharded replay: `python -m mintmark.flow.worker` reads tasks and does them.

One line of JSON is one task, and one line is its answer; it ends when its input does, so it never
outlives the driver by more than a task.
"""

from __future__ import annotations

import json
import os
import sys

from mintmark.flow.shard_work import attempt


def main() -> None:
    """Answer every task that comes in."""
    # What a library prints must not stand among the answers.
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            answers.write(json.dumps(attempt(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
