"""The facts of a report: what the records and the log say, as JSON values and nothing drawn."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from mintmark.govern import CardWords
from mintmark.govern import card as make_card
from mintmark.ground import ProjectError, format_time, now_us
from mintmark.project.learning import Judged, split_from
from mintmark.project.material import Material
from mintmark.project.reading import data_form
from mintmark.registry import Release

SCORE_BINS = 40


def plan_form(material: Material) -> dict[str, Any]:
    """Return what a report says of the plan."""
    made = material.plan
    return {"features": len(made.names), "digest": made.digest, "text": made.text()}


def evaluation_form(judged: Judged) -> dict[str, Any]:
    """Return what a report says of an evaluation."""
    window = judged.evaluation["window"]
    words = (
        f"{window['rows']:,} payments of {window['days']} days, {window['frauds']:,} of them "
        f"fraud, from {format_time(window['start_at'])} on, every label mature. Intervals are of "
        "95 %, drawn anew by card; differences are paired, on the same draws."
    )
    curves = dict(judged.evaluation["curves"])
    names = {"model": "model", "floor": "floor (logistic regression)", "champion": "champion"}
    curves["precision_recall"] = {
        names.get(role, role): points for role, points in curves["precision_recall"].items()
    }
    return {**judged.evaluation, "words": words, "curves": curves}


def verdict_form(judged: Judged) -> dict[str, Any]:
    """Return what a report says of a verdict."""
    passed = sum(gate.result == "PROMOTE" for gate in judged.verdict.gates)
    words = f"{passed} of {len(judged.verdict.gates)} gates passed"
    if judged.verdict.waived:
        words += f", {len(judged.verdict.waived)} of them by a waiver"
    return {**judged.verdict.form(), "words": words + "."}


def card_form(material: Material, judged: Judged) -> dict[str, Any]:
    """Return the model's card."""
    model = material.definitions.model
    ledger = material.registry.ledger
    evaluation = ledger.input(judged.record, "evaluation")
    assert evaluation is not None, "a verdict rests on an evaluation"
    trained = ledger.input(evaluation, "model")
    assert trained is not None, "an evaluation rests on a model"
    split = split_from(trained.body["split"])
    words = CardWords(
        purpose=model.purpose or f"Estimates how likely a {model.label.of.name} is to be fraud.",
        owners=(model.owner or "nobody has been named",),
        limits=model.limits,
    )
    data = {
        "data version": trained.body["data_version"],
        "trained on": f"{format_time(split.train.start_at)} to {format_time(split.train.end_at)}",
        "tested on": f"{format_time(split.test.start_at)} to {format_time(split.test.end_at)}",
        "inputs": len(trained.body["features"]),
        "learner": trained.body["learner"],
        "seed": trained.body["seed"],
    }
    return make_card(
        model.name, words, evaluation=judged.evaluation, verdict=judged.verdict, data=data
    ).form()


def release_form(release: Release) -> dict[str, Any]:
    """Return what a report says of a release."""
    manifest = release.manifest
    return {
        "digest": release.digest,
        "model": release.model,
        **{name: manifest["digests"][name] for name in ("plan", "policy", "calibration")},
        "verdict": manifest["verdict"],
        "environment lock": manifest["lock"],
        "signed by": manifest["actor"],
        "at": format_time(manifest["created_at"]),
    }


def served_form(decisions: pa.Table, sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a report says of the served decisions; latencies are the sender's."""
    actions: dict[str, int] = {}
    for action in decisions["action"].to_pylist():
        actions[action] = actions.get(action, 0) + 1
    margins = decisions["margin"].to_numpy()
    low, high = (float(margins.min()), float(margins.max())) if len(margins) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1.0, SCORE_BINS + 1)
    counts = np.histogram(margins, bins=edges)[0].tolist()
    form: dict[str, Any] = {
        "decisions": len(decisions),
        "errors": 0,
        "actions": dict(sorted(actions.items())),
        "scores": {"edges": edges.tolist(), "counts": {"served": counts}},
        "latency_ms_p50": None,
        "latency_ms_p99": None,
    }
    if sent is not None:
        form |= {k: v for k, v in sent.items() if k not in ("actions", "decisions")}
        form["words"] = (
            f"{sent['decisions']:,} payments and {sent['events']:,} label events were sent over "
            f"HTTP in the order of the log, at {sent['per_second']:,.0f} a second, with up to "
            f"{sent['window']} unanswered at a time on one connection. Latency runs from send to "
            "answer, the commit to disk included."
        )
    return form


def sent_account(material: Material) -> dict[str, Any] | None:
    """Return what the sender wrote down, where there was one."""
    note = material.settings.home / "served.json"
    return json.loads(note.read_bytes())["sent"] if note.is_file() else None


def report_form(
    material: Material,
    parts: Mapping[str, Any],
    *,
    notes: tuple[str, ...] = (),
    lead: str = "",
) -> dict[str, Any]:
    """Put the parts of a report together; a part that is None is left out."""
    if not parts:
        raise ProjectError("there is nothing to report yet", code="project.nothing_to_report")
    return {
        "title": f"{material.definitions.model.name}: from files to watched decisions",
        "lead": lead or f"Project {material.settings.name}",
        "made_at": format_time(now_us()),
        "notes": list(notes),
        **{name: part for name, part in parts.items() if part is not None},
    }


__all__ = [
    "card_form",
    "data_form",
    "evaluation_form",
    "plan_form",
    "release_form",
    "report_form",
    "sent_account",
    "served_form",
    "verdict_form",
]
