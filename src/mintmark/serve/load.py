"""Loading: from a signed release and a log to a cell's material.

    release folder → verify every byte → plan, policy, model → die
    log → take the lock, recover the tail → a kept state and the rows after it → live state

The order matters: nothing of a release is read before its signature holds, and the log is folded
only once its lock is ours, so nobody appends behind the fold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mintmark.engine.kernel import load as load_kernel
from mintmark.engine.policy import PolicyTable
from mintmark.engine.predict import Scorer
from mintmark.engine.strike import Die
from mintmark.ground import Clock, Progress, SenderClock, SystemClock
from mintmark.log import Log, Tail
from mintmark.plan import Plan
from mintmark.registry.release import Release, open_release
from mintmark.serve.cell import Material, Seals
from mintmark.serve.declared import events_of
from mintmark.serve.kept import started


@dataclass(frozen=True)
class Source:
    """Where a cell's material lies.

    log, release : folders;  public : the 32 bytes of the key that must have signed the release;
    token_key : key of the tokens for account numbers, or None;  clock : whose time it is.
    """

    log: Path
    release: Path
    public: bytes
    token_key: bytes | None = None
    clock: Literal["system", "sender"] = "system"


def load(source: Source, progress: Progress | None = None) -> Material:
    """Load, verify and fold; what is returned holds the log's lock until its tail is closed.

    Raises
    ------
    RegistryError
        registry.release.* where the release is not what was signed.
    LogError
        log.open.*, log.locked, log.tail.damaged

    Cost
    ----
    3 s for a log of 500,000 payments and 50 features that is folded whole; from a kept state 0.5 s
    for the known ids, and what `kept.started` says. 10 s more where the kernel is not compiled for
    this machine yet.
    """
    release = open_release(source.release, source.public)
    plan = Plan.from_form(json.loads(release.read("plan.json")))
    policy = PolicyTable.from_form(json.loads(release.read("policy.json")))
    load_kernel(progress)
    die = Die(Scorer.load(source.release), policy, plan.names)
    events = events_of(plan)
    clock: Clock = SenderClock() if source.clock == "sender" else SystemClock()
    log = Log.open(source.log, events.values())
    tail = Tail.open(log, events.values(), clock, token_key=source.token_key)
    try:
        tail.load()
        state = started(log, plan, progress=progress)
    except BaseException:
        tail.close()
        raise
    _warm(die)
    return Material(
        die=die,
        seals=_seals(release, plan),
        request=plan.request,
        events=events,
        live=state.live,
        log=log,
        tail=tail,
        epoch=state.epoch,
        clock=clock,
        kept_seq=state.kept_seq,
        origin=state.origin,
    )


def _seals(release: Release, plan: Plan) -> Seals:
    return Seals(
        release=release.digest,
        model=release.model,
        plan=plan.digest,
        policy=release.digests["policy"],
    )


def _warm(die: Die) -> None:
    """Strike once for nothing: the first request must not be the one that loads a library."""
    vector = np.zeros(len(die.outputs))
    die.strike(vector, 0.0)
    die.reasons(vector)
