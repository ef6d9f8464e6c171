"""The server process: binds, loads, says that it is ready, serves, drains.

    python -m mintmark.serve --project DIR --log DIR --release DIR

It ends with 0 after SIGTERM or SIGINT, with 1 where what it was given is wrong, and with 3 where
the world failed: the port is taken, the log is locked, the disk is full. After any end, `kill -9`
included, the same command goes on where the acknowledged log ends.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

import uvloop

from mintmark.ground import MintmarkError, ServeError, monotonic_ns, short
from mintmark.serve.cell import Cell, Material
from mintmark.serve.commit import Committer
from mintmark.serve.follow import Follower
from mintmark.serve.http import Limits, Listener, bind
from mintmark.serve.load import Source, load
from mintmark.serve.routes import Routes

DRAIN_SECONDS = 5.0
SEAL_SECONDS = 60.0
KEEP_SECONDS = 60.0
KEEP_ROWS = 50_000
"""How many rows make it worth keeping the state again: a start folds them in about a second."""


@dataclass(frozen=True)
class Door:
    """Where a server is reached.

    port : 0 takes any that is free;  exposed : whether an address that is not loopback is meant.
    """

    host: str = "127.0.0.1"
    port: int = 8620
    exposed: bool = False
    limits: Limits = Limits()  # noqa: RUF009 - frozen


def serve(source: Source, door: Door, *, tell: Callable[[str], None] = print) -> None:
    """Serve a release until SIGTERM or SIGINT; returns when all is answered and on disk.

    Parameters
    ----------
    source : Source
        What is served.
    door : Door
        Where.
    tell : callable
        Is told one line when the server takes requests, and one when it ends.

    Raises
    ------
    ServeError
        serve.door.exposed, serve.door.sender_clock, serve.port.*
    RegistryError, LogError
        As `load`; LogError also where the disk failed a commit.
    """
    _check_door(source, door)
    bound = bind(door.host, door.port)
    try:
        began_ns = monotonic_ns()
        material = load(source)
        try:
            seconds = (monotonic_ns() - began_ns) / 1e9
            process = _Process(material, door, bound, tell)
            uvloop.run(process.run(seconds, Follower(source)))
        finally:
            material.tail.close()
    finally:
        bound.close()


class _Process:
    """One run of the loop: from ready to drained."""

    def __init__(
        self, material: Material, door: Door, bound: socket.socket, tell: Callable[[str], None]
    ) -> None:
        self._material = material
        self._door = door
        self._bound = bound
        self._tell = tell

    async def run(self, loaded_seconds: float, follower: Follower) -> None:
        """Serve until told to stop, or until log and state may have come apart."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[BaseException | None] = loop.create_future()

        def end(error: BaseException | None = None) -> None:
            if not ended.done():
                ended.set_result(error)

        committer = Committer(self._material.tail.commit, failed=end)
        cell = Cell(self._material, committer, failed=end)
        listener: Listener
        routes = Routes(cell, ready=lambda: not listener.draining)
        listener = Listener(routes, self._door.limits)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        _settle_memory()
        port = await listener.open(self._bound)
        self._tell(self._ready_line(port, loaded_seconds))
        beside = [
            loop.create_task(self._seal_now_and_then(cell, end)),
            loop.create_task(self._keep_now_and_then(follower)),
        ]
        error = await ended
        for task in beside:
            task.cancel()
        follower.stop()
        await listener.drain(DRAIN_SECONDS if error is None else 0.0)
        committer.close()
        # A disk that fails a commit fails the requests after it too: the first cause is told.
        error = committer.failure or error
        if error is not None:
            raise error
        self._material.tail.seal(rotate=True)
        self._tell("stopped; everything acknowledged is in the log")

    async def _seal_now_and_then(
        self, cell: Cell, end: Callable[[BaseException | None], None]
    ) -> None:
        """Move closed segments into the tables in a thread, so that the tail stays short."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SEAL_SECONDS)
            try:
                if await loop.run_in_executor(None, self._material.tail.seal):
                    cell.forget(self._material.log.store.head().epoch.seq)
            except MintmarkError as error:
                end(error)
                return

    async def _keep_now_and_then(self, follower: Follower) -> None:
        """Have the state kept once many rows are acknowledged that no file holds."""
        loop = asyncio.get_running_loop()
        kept_seq = self._material.kept_seq
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            until = self._material.tail.committed_seq
            if until - kept_seq < KEEP_ROWS:
                continue
            try:
                await loop.run_in_executor(None, follower.keep, until)
                kept_seq = until
            except MintmarkError as error:
                self._tell(f"{error.what}; serving goes on: {error.got}")

    def _ready_line(self, port: int, seconds: float) -> str:
        host = f"[{self._door.host}]" if ":" in self._door.host else self._door.host
        return (
            f"serving on http://{host}:{port}  release {short(self._material.seals.release)}"
            f"  log at seq {self._material.tail.seq:,}  loaded in {seconds:.1f} s"
            f" from {self._material.origin}"
        )


def _check_door(source: Source, door: Door) -> None:
    """Refuse to be reached from outside by accident, or ever with a clock that others move."""
    if _loopback(door.host):
        return
    sender = source.clock == "sender"
    if sender or not door.exposed:
        raise ServeError(
            "a clock that the sender moves is for loopback only"
            if sender
            else "this address can be reached from outside",
            at=f"host {door.host}",
            want="127.0.0.1 or ::1",
            hint='clock = "system" in mintmark.toml' if sender else "if it is meant: --exposed",
            code="serve.door.sender_clock" if sender else "serve.door.exposed",
        )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _settle_memory() -> None:
    """Take what was loaded out of the collector's sight: it lives as long as the process."""
    gc.collect()
    gc.freeze()


def ending(error: MintmarkError) -> int:
    """Tell an error and return the exit code of a process that ends with it."""
    print(error.render(), file=sys.stderr, flush=True)
    return {"input": 1, "refused": 2, "world": 3}[error.kind]
