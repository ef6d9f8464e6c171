"""Group commit: one fdatasync for all that was appended while the last one ran.

The loop appends and goes on; a thread commits. Whoever must not answer before what it wrote is on
disk hands in a callback, and the callbacks of one commit run on the loop, in order, after it.

    loop    append  append  append | append  append |            callbacks 1-3   callbacks 4-5
    thread  ........[ write + fdatasync 1-3 ][ write + fdatasync 4-5 ]
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeAlias

from mintmark.ground import MintmarkError

Done: TypeAlias = Callable[[], None]
Failed: TypeAlias = Callable[[BaseException], None]


class Committer:
    """Commits a tail in a thread of its own, and tells the loop.

    Parameters
    ----------
    commit : callable
        Makes everything lasting that was appended before it was called.
    failed : callable
        Called on the loop, once, with the error of a commit that failed. Nothing is acknowledged
        after that: what a failed fsync left on disk is not known.

    Attributes
    ----------
    failure : MintmarkError, OSError or None
        Why commits ended, if they did.
    """

    def __init__(self, commit: Callable[[], object], failed: Failed) -> None:
        self._commit = commit
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._work = threading.Semaphore(0)
        self._waiting: list[Done] = []
        self._unsettled = 0
        self._closing = False
        self.failure: MintmarkError | OSError | None = None
        self._thread = threading.Thread(target=self._run, name="mintmark-commit", daemon=True)
        self._thread.start()

    def after(self, done: Done, *, appended: bool) -> None:
        """Call `done` on the loop when all that was appended so far is on disk.

        `appended` says that the caller itself appended. If nothing is under way and nothing was
        appended there is nothing to wait for, and `done` is called at once.
        """
        if not appended and self._unsettled == 0:
            done()
            return
        self._unsettled += 1
        with self._lock:
            self._waiting.append(done)
            first = len(self._waiting) == 1
        if first:
            self._work.release()

    def close(self) -> None:
        """Commit what is left and end the thread; its callbacks still run on the loop."""
        self._closing = True
        self._work.release()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._work.acquire()
            with self._lock:
                waiting, self._waiting = self._waiting, []
            if waiting:
                try:
                    self._commit()
                except (MintmarkError, OSError) as error:
                    self.failure = error
                    self._loop.call_soon_threadsafe(self._failed, error)
                    return
                self._loop.call_soon_threadsafe(self._deliver, waiting)
            elif self._closing:
                return

    def _deliver(self, waiting: list[Done]) -> None:
        self._unsettled -= len(waiting)
        for done in waiting:
            done()
