"""Group commit: nothing is told before it is on disk, and many share one commit."""

import asyncio
import threading

import uvloop

from mintmark.ground import LogError
from mintmark.serve.commit import Committer


class Disk:
    """A tail whose commit takes as long as the test wants."""

    def __init__(self):
        self.appended, self.committed, self.commits = [], [], 0
        self.gate = threading.Event()
        self.gate.set()
        self.failure = None

    def commit(self):
        taken, self.appended = self.appended, []
        self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.committed += taken
        self.commits += 1


def test_nothing_is_told_before_its_commit_and_many_share_one():
    """While one commit runs, all that comes waits for the next, and is told in order."""

    async def run():
        disk, told = Disk(), []
        committer = Committer(disk.commit, failed=lambda error: None)
        disk.gate.clear()
        for number in range(50):
            disk.appended.append(number)
            committer.after(lambda n=number: told.append((n, n in disk.committed)), appended=True)
            await asyncio.sleep(0.0005)
        assert told == []
        disk.gate.set()
        while len(told) < 50:
            await asyncio.sleep(0.001)
        assert told == [(number, True) for number in range(50)]
        assert disk.commits <= 3
        committer.close()

    uvloop.run(run())


def test_what_wrote_nothing_waits_only_for_what_is_under_way():
    """An answer about something uncommitted waits with it; otherwise it leaves at once."""

    async def run():
        disk, told = Disk(), []
        committer = Committer(disk.commit, failed=lambda error: None)
        committer.after(lambda: told.append("at once"), appended=False)
        assert told == ["at once"]
        disk.gate.clear()
        disk.appended.append(1)
        committer.after(lambda: told.append("writer"), appended=True)
        committer.after(lambda: told.append("reader"), appended=False)
        assert told == ["at once"]
        disk.gate.set()
        while len(told) < 3:
            await asyncio.sleep(0.001)
        assert told == ["at once", "writer", "reader"]
        committer.close()

    uvloop.run(run())


def test_after_a_failed_commit_nothing_is_acknowledged():
    """A failure is told once, and whoever waited hears nothing more."""

    async def run():
        disk, told, failures = Disk(), [], []
        disk.failure = LogError("the disk failed", code="log.disk.failed", kind="world")
        committer = Committer(disk.commit, failed=failures.append)
        for number in range(3):
            disk.appended.append(number)
            committer.after(lambda: told.append("told"), appended=True)
            await asyncio.sleep(0.005)
        assert told == []
        assert failures == [disk.failure]
        committer.close()

    uvloop.run(run())


def test_closing_commits_what_is_left():
    """What was appended before the end is on disk, and told, after it."""

    async def run():
        disk, told = Disk(), []
        committer = Committer(disk.commit, failed=lambda error: None)
        disk.appended.append(1)
        committer.after(lambda: told.append(1), appended=True)
        committer.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (disk.committed, told) == ([1], [1])

    uvloop.run(run())
