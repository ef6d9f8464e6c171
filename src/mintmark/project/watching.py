"""Verify, explain and watch: what the log says of the decisions that were made."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mintmark.engine import Replay, replay
from mintmark.engine.policy import PolicyTable
from mintmark.engine.predict import Scorer
from mintmark.engine.strike import Die
from mintmark.engine.truth import truth_at
from mintmark.ground import DAY_US, ProjectError, format_time
from mintmark.log import Log
from mintmark.monitor import Mismatch, Parity, Reference, Struck, Watched, compare, strike
from mintmark.monitor import watch as watch_decisions
from mintmark.plan import Plan
from mintmark.project.learning import split_from
from mintmark.project.material import Material
from mintmark.registry import Release, open_release, release_record

REFERENCE_US = 28 * DAY_US


@dataclass(frozen=True)
class Striker:
    """A release, ready to strike its decisions again."""

    release: Release
    plan: Plan
    die: Die


def striker_of(material: Material, release_digest: str) -> Striker:
    """Open a release of the ledger by its digest."""
    record = release_record(material.registry.ledger, release_digest)
    folder = material.registry.lay_out(record)
    release = open_release(folder, material.signing_key().public)
    plan = Plan.from_form(json.loads(release.read("plan.json")))
    policy = PolicyTable.from_form(json.loads(release.read("policy.json")))
    return Striker(release, plan, Die(Scorer.load(folder), policy, plan.names))


def decided_log(material: Material) -> tuple[Log, pa.Table]:
    """Return the log that was served from, and its decisions.

    Raises
    ------
    ProjectError
        ``project.nothing_served``.
    """
    log = material.log(material.live_folder)
    decisions = log.decisions()
    if not len(decisions):
        raise ProjectError(
            "no decision has been served yet",
            hint="say: mintmark serve",
            code="project.nothing_served",
        )
    return log, decisions


def served_anything(material: Material) -> bool:
    """Tell whether any decision stands in the log that is served from."""
    return len(material.log(material.live_folder).decisions()) > 0


def verify_all(material: Material) -> Parity:
    """Compare every served vector with replay over the log, release by release."""
    log, decisions = decided_log(material)
    compared, mismatches = 0, 0
    first: list[Mismatch] = []
    for digest in pc.unique(decisions["release"]).to_pylist():
        striker = striker_of(material, digest)
        made = _replayed(material, log, striker.plan)
        its = decisions.filter(pc.equal(decisions["release"], digest))
        parity = compare(its, made.seq, made.features, made.names)
        compared, mismatches = compared + parity.compared, mismatches + parity.mismatches
        first += parity.first
    return Parity(compared, mismatches, tuple(first[:10]))


def _replayed(material: Material, log: Log, plan: Plan) -> Replay:
    if plan.digest == material.plan.digest:
        return material.features(log)[1]
    return replay(plan, material.tables(log), progress=material.progress)


def decision_row(decisions: pa.Table, decision_id: str) -> dict[str, Any]:
    """Return one decision by its id, or by a beginning of it that only one has.

    Raises
    ------
    ProjectError
        ``project.decision.unknown``.
    """
    found = decisions.filter(pc.starts_with(decisions["decision_id"], pattern=decision_id))
    if len(found) != 1 or not decision_id:
        raise ProjectError(
            "no single decision has this id" if len(found) else "no decision has this id",
            got=decision_id,
            hint="the id stands in the answer that the server gave, such as d0-484179",
            code="project.decision.unknown",
        )
    row: dict[str, Any] = found.to_pylist()[0]
    for name in ("costs", "reasons"):
        row[name] = json.loads(row[name])
    return row


def verify_one(material: Material, decision_id: str) -> Struck:
    """Strike one decision again from the log."""
    log, decisions = decided_log(material)
    row = decision_row(decisions, decision_id)
    striker = striker_of(material, row["release"])
    return strike(row, striker.plan, material.tables(log), striker.die)


def explain(material: Material, decision_id: str) -> dict[str, Any]:
    """Return the story of one decision as facts."""
    log, decisions = decided_log(material)
    row = decision_row(decisions, decision_id)
    striker = striker_of(material, row["release"])
    vector = np.frombuffer(row["features"], dtype="<f8")
    return {
        **{k: row[k] for k in ("decision_id", "event_id", "epoch", "seq", "action", "costs")},
        "margin": row["margin"],
        "probability": row["probability"],
        "at": format_time(row["at"]),
        "known_at": format_time(row["known_at"]),
        "reasons": [{"feature": f, "contribution": c, "value": v} for f, c, v in row["reasons"]],
        "features": {
            name: None if np.isnan(value) else float(value)
            for name, value in zip(striker.plan.names, vector, strict=True)
        },
        **{k: row[k] for k in ("release", "model", "plan", "policy")},
        "label": _label_words(material, log, row),
    }


def _label_words(material: Material, log: Log, row: Mapping[str, Any]) -> str:
    tables = material.tables(log)
    payments = tables[material.plan.request]
    payment = payments.filter(pc.equal(payments["mm_seq"], row["seq"]))
    now = material.as_of(log)
    truth = truth_at(material.truth, payment, tables[material.truth["event"]], known_by_us=now)
    if truth.reported[0]:
        return "reported as fraud" if truth.value[0] == 1 else "reported, and taken back"
    return "no fraud reported, and the label is mature" if truth.mature[0] else "not known yet"


def watch(material: Material) -> Watched:
    """Look over the served decisions with every label that the served log knows."""
    log, decisions = decided_log(material)
    tables = material.tables(log)
    newest = decisions["release"][len(decisions) - 1].as_py()
    its = decisions.filter(pc.equal(decisions["release"], newest))
    now = max(int(t["mm_known_at"][-1].as_py()) for t in tables.values() if len(t))
    return watch_decisions(
        its,
        tables,
        material.truth,
        reference=_reference(material, newest),
        now_us=max(now, material.served_until(log)),
    )


def _reference(material: Material, release_digest: str) -> Reference:
    """Return the features of the window that the released model was trained on."""
    ledger = material.registry.ledger
    record = release_record(ledger, release_digest)
    model = ledger.input(record, "model")
    assert model is not None, "every release rests on a model"
    window = split_from(model.body["split"]).train
    tables, made = material.features(material.log())
    at = tables[material.plan.request]["mm_at"].to_numpy()
    # The last days of the window: its first ones saw windows that history had not filled yet.
    start_at = max(window.start_at, window.end_at - REFERENCE_US)
    inside = (at >= start_at) & (at < window.end_at)
    return Reference(made.names, made.features[inside])
