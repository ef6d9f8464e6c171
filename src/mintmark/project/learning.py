"""Train and judge: from the log to a recorded model, and from the model to a recorded verdict."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from mintmark.engine import Live, replay
from mintmark.engine.policy import PolicyTable
from mintmark.engine.predict import Scorer
from mintmark.engine.strike import Die
from mintmark.engine.truth import UNKNOWN
from mintmark.govern import Verdict
from mintmark.govern import judge as judge_gates
from mintmark.ground import (
    DAY_US,
    ProjectError,
    digest,
    monotonic_ns,
    now_us,
    short,
)
from mintmark.plan import Plan
from mintmark.project.material import Material
from mintmark.registry import Record, alias_at, open_release, release_record
from mintmark.train import (
    Candidate,
    Dataset,
    Fitted,
    Fold,
    History,
    Protocol,
    Rows,
    Run,
    Split,
    Tested,
    Window,
    bundle_files,
    environment,
    evaluate,
    fit,
    fit_crossed,
    known_compromised,
    split_in_time,
    write_bundle,
)

SEED = 0
TIMED_REQUESTS = 1_000
TIMED_ROUNDS = 3


@dataclass(frozen=True)
class Trained:
    """A trained model and its floor, as recorded."""

    model: Record
    floor: Record
    fresh: bool


def history_of(material: Material) -> History:
    """Return the whole log as one replayed history."""
    log = material.log()
    tables, made = material.features(log)
    label = material.definitions.model.label
    return History(
        requests=tables[material.plan.request],
        labels=tables[label.event.name],
        features=made.features,
        names=made.names,
        label=material.truth,
        log_version=log.version(),
        plan_digest=material.plan.digest,
    )


def split_of(material: Material, history: History) -> Split:
    """Count the split's windows back from the last day whose labels are mature."""
    at = history.requests["mm_at"].to_numpy()
    if not len(at):
        raise ProjectError("the log holds no payment to learn from", code="project.train.empty")
    return split_in_time(
        Window(int(at.min()), int(at.max()) + 1),
        material.definitions.model.split,
        mature_after_us=int(material.truth["mature_after_us"]),
        known_by_us=material.as_of(material.log()),
    )


def train(material: Material) -> Trained:
    """Fit the floor and the model, write their bundles, and record the run.

    The same inputs again are not fitted again: the recorded run is the answer.
    """
    history = history_of(material)
    split = split_of(material, history)
    dataset = history.cut(split.cutoff_at)
    keys = {role: _run_key(material, dataset, split, role) for role in ("model", "floor")}
    recorded = {r.key: r for r in material.registry.ledger.read("model") if r.key}
    if all(_kept(material, recorded.get(key)) for key in keys.values()):
        return Trained(recorded[keys["model"]], recorded[keys["floor"]], True)
    inputs = _record_inputs(material, dataset)
    made = {}
    for role, key in keys.items():
        fitted = _fit(material, dataset, split, role)
        made[role] = _record_run(material, Made(dataset, split, fitted, role), key, inputs)
        material.progress.advance(1)
    return Trained(made["model"], made["floor"], False)


@dataclass(frozen=True)
class Made:
    """One fitted model with what it was made from."""

    dataset: Dataset
    split: Split
    fitted: Fitted
    role: str


def _run_key(material: Material, dataset: Dataset, split: Split, role: str) -> str:
    model = material.definitions.model
    learner = model.learner if role == "model" else model.floor
    inputs = {
        "dataset": dataset.digest,
        "plan": material.plan.digest,
        "split": split.form(),
        "learner": learner.form(),
        "calibrate": model.calibrate,
        "policy": material.definitions.policy.form(),
        "lock": environment()["lock"],
        "seed": SEED,
    }
    return f"train {role} {digest(inputs)}"


def _kept(material: Material, record: Record | None) -> bool:
    return record is not None and bundle_folder(material, record).is_dir()


def bundle_folder(material: Material, record: Record) -> Path:
    """Return the folder of a recorded model's bundle."""
    return material.settings.home / "models" / short(record.body["digest"])


def _record_inputs(material: Material, dataset: Dataset) -> dict[str, str]:
    ledger, plan = material.registry.ledger, material.plan
    actor, at = material.settings.actor, now_us()
    planned = ledger.record(
        "plan",
        {"digest": plan.digest, "form": plan.form()},
        actor=actor,
        at=at,
        key=f"plan {plan.digest}",
    )
    body = {**dataset.body(), "inputs": {"plan": planned.digest}}
    kept = ledger.record(
        "dataset", body, actor=actor, at=at, key=f"dataset {dataset.digest} {planned.digest}"
    )
    return {"plan": planned.digest, "dataset": kept.digest}


def _fit(material: Material, dataset: Dataset, split: Split, role: str) -> Fitted:
    model = material.definitions.model
    learner = model.learner if role == "model" else model.floor
    train_rows = _rows(dataset, split.train, model.names)
    if model.calibrate is None or split.calibration is not None:
        calibration = None
        if model.calibrate is not None and split.calibration is not None:
            calibration = (model.calibrate, _rows(dataset, split.calibration, model.names))
        return fit(
            learner.kind, learner.parameters, train=train_rows, calibration=calibration, seed=SEED
        )
    window = split.train
    places = dataset.rows_between(window.start_at, end_at=window.end_at)
    subjects = dataset.requests[model.split.subject].to_numpy(zero_copy_only=False)[places]
    return fit_crossed(
        learner.kind,
        learner.parameters,
        train=train_rows,
        groups=subjects,
        how=model.calibrate,
        seed=SEED,
    )


def _rows(dataset: Dataset, window: Window, names: tuple[str, ...]) -> Rows:
    places = dataset.rows_between(window.start_at, end_at=window.end_at)
    features = dataset.features[places][:, places_of(names, among=dataset.names)]
    return Rows(features, dataset.value[places] == 1, names)


def places_of(names: tuple[str, ...], *, among: tuple[str, ...]) -> NDArray[np.intp]:
    """Return where each name stands among others."""
    return np.array([among.index(name) for name in names], dtype=np.intp)


def _record_run(material: Material, made: Made, key: str, inputs: Mapping[str, str]) -> Record:
    definitions = material.definitions
    files = bundle_files(
        made.fitted,
        plan=material.plan.form(),
        policy=definitions.policy.form(),
        about={"name": definitions.model.name, "role": made.role},
    )
    _, bundle = write_bundle(material.settings.home / "models", files)
    run = Run(made.dataset, made.split, made.fitted, bundle, {})
    body = {**run.body(), "role": made.role, "inputs": dict(inputs)}
    settings = material.settings
    return material.registry.ledger.record(
        "model", body, actor=settings.actor, at=now_us(), key=key
    )


def last_trained(material: Material) -> Trained:
    """Return the newest trained model and its floor.

    Raises
    ------
    ProjectError
        ``project.nothing_trained``.
    """
    newest: dict[str, Record] = {}
    for record in material.registry.ledger.read("model"):
        newest[record.body["role"]] = record
    if set(newest) < {"model", "floor"}:
        raise ProjectError(
            "nothing has been trained yet",
            hint="say: mintmark train",
            code="project.nothing_trained",
        )
    return Trained(newest["model"], newest["floor"], True)


@dataclass(frozen=True)
class Judged:
    """An evaluation and the verdict on it, as recorded."""

    evaluation: Mapping[str, Any]
    verdict: Verdict
    record: Record


def judge(material: Material) -> Judged:
    """Measure the newest model, its floor and the champion on the test window, and judge."""
    trained = last_trained(material)
    history = history_of(material)
    split = split_from(trained.model.body["split"])
    tested, places = test_rows(material, history, split)
    features = history.features[places]
    latencies = time_decisions(material, bundle_folder(material, trained.model))
    measured = evaluate(
        _candidate(material, trained.model, features, latencies),
        floor=_candidate(material, trained.floor, features, latencies),
        champion=_champion(material, history, places),
        tested=tested,
        protocol=Protocol(
            policy=PolicyTable.from_form(material.definitions.policy.form()),
            alerts_per_day=material.definitions.gates.alerts_per_day,
            seed=SEED,
            against=_rivals(material),
        ),
    )
    return _record_judgement(material, trained, measured)


def _rivals(material: Material) -> dict[str, str]:
    """Return for each gate that names the floor that its difference is to the floor."""
    gates = material.definitions.gates.gates
    return {name: "floor" for name, bound in gates.items() if bound.bound == "floor"}


def _record_judgement(material: Material, trained: Trained, measured: dict[str, Any]) -> Judged:
    ledger, settings, at = material.registry.ledger, material.settings, now_us()
    body = {**measured, "inputs": {"model": trained.model.digest}}
    evaluation = ledger.record("evaluation", body, actor=settings.actor, at=at)
    verdict = judge_gates(material.definitions.gates, measured, at=at)
    said = {**verdict.form(), "inputs": {"evaluation": evaluation.digest}}
    record = ledger.record("verdict", said, actor=settings.actor, at=now_us())
    return Judged(measured, verdict, record)


def split_from(form: Mapping[str, Any]) -> Split:
    """Read a split back from its recorded form."""

    def window(name: str) -> Window | None:
        part = form[name]
        return Window(part["start_at"], part["end_at"]) if part else None

    train_window, test = window("train"), window("test")
    assert train_window is not None, "every split trains"
    assert test is not None, "every split tests"
    return Split(train_window, window("calibration"), test)


def test_rows(
    material: Material, history: History, split: Split
) -> tuple[Tested, NDArray[np.int64]]:
    """Return the test window's rows and their places, known-compromised subjects left out."""
    dataset = history.cut(material.as_of(material.log()))
    places = dataset.rows_between(split.test.start_at, end_at=split.test.end_at)
    declared = material.definitions.model.split
    subjects = dataset.requests[declared.subject].to_numpy(zero_copy_only=False)
    if declared.drop_known:
        # A card that is known to be compromised is blocked by then: scoring it proves nothing.
        delay_days = -(-int(material.truth["mature_after_us"]) // DAY_US)
        fold = Fold(split.train.start_at, delay_days=delay_days)
        fraud = dataset.value == 1
        known = known_compromised(subjects, at=dataset.at, labels=fraud, fold=fold)
        places = places[~known[places]]
    return _tested(material, dataset, subjects, places), places


def _tested(
    material: Material, dataset: Dataset, subjects: NDArray[Any], places: NDArray[np.int64]
) -> Tested:
    requests = dataset.requests
    policy = PolicyTable.from_form(material.definitions.policy.form())
    amounts = np.full(len(places), np.nan)
    if policy.field is not None:
        scale = material.events[material.plan.request].fields[policy.field].scale
        amounts = requests[policy.field].to_numpy().astype(np.float64)[places] / 10.0**scale
    by = next((b.by for b in material.definitions.gates.gates.values() if b.by), None)
    groups = None
    if by is not None and by in requests.column_names:
        groups = requests[by].to_numpy(zero_copy_only=False)[places]
    assert not (dataset.value[places] == UNKNOWN).any(), "only mature rows are tested"
    return Tested(
        labels=dataset.value[places] == 1,
        at=dataset.at[places],
        cards=subjects[places],
        amounts=amounts,
        groups=groups,
    )


def _candidate(
    material: Material,
    record: Record,
    features: NDArray[np.float64],
    latencies: NDArray[np.float64],
) -> Candidate:
    scorer = Scorer.load(bundle_folder(material, record))
    margins = scorer.margins(features[:, places_of(scorer.names, among=material.plan.names)])
    timed = latencies if record.body["role"] == "model" else np.empty(0)
    return Candidate(record.body["digest"], margins, scorer.probability(margins), timed)


def _champion(material: Material, history: History, places: NDArray[np.int64]) -> Candidate | None:
    """Score the champion again on the very same rows; its old figures are never read."""
    ledger = material.registry.ledger
    move = alias_at(ledger, "champion", now_us())
    if move is None:
        return None
    folder = material.registry.lay_out(release_record(ledger, move.release))
    release = open_release(folder, material.signing_key().public)
    plan = Plan.from_form(json.loads(release.read("plan.json")))
    features, names = history.features, history.names
    if plan.digest != material.plan.digest:
        made = replay(plan, material.tables(material.log()))
        features, names = made.features, made.names
    scorer = Scorer.load(folder)
    margins = scorer.margins(features[places][:, places_of(scorer.names, among=names)])
    return Candidate(release.model, margins, scorer.probability(margins))


def time_decisions(material: Material, bundle: Path) -> NDArray[np.float64]:
    """Return milliseconds of the last requests' decisions, in process: state, score, reasons.

    The same requests are decided a few times from the same state, and each request's shortest time
    is the answer: what a neighbour on the machine took from it is not the bundle's.
    """
    tables = material.tables(material.log())
    requests = tables[material.plan.request]
    count = min(TIMED_REQUESTS, len(requests))
    first = requests["mm_seq"][len(requests) - count].as_py()
    before = {n: t.filter(pc.less(t["mm_seq"], first)) for n, t in tables.items()}
    policy = PolicyTable.from_form(json.loads((bundle / "policy.json").read_bytes()))
    die = Die(Scorer.load(bundle), policy, material.plan.names)
    rows = requests.slice(len(requests) - count).to_pylist()
    scale = _amount_scale(material, policy)
    taken = np.empty((TIMED_ROUNDS, len(rows)))
    for number in range(TIMED_ROUNDS):
        live = Live.start(material.plan, before)
        for place, row in enumerate(rows):
            started = monotonic_ns()
            vector = live.decide(row)
            amount = row[policy.field] / scale if policy.field else float("nan")
            die.strike(vector, amount)
            die.reasons(vector)
            taken[number, place] = (monotonic_ns() - started) / 1e6
    shortest: NDArray[np.float64] = taken.min(axis=0)
    return shortest


def _amount_scale(material: Material, policy: PolicyTable) -> float:
    if policy.field is None:
        return 1.0
    return 10.0 ** material.events[material.plan.request].fields[policy.field].scale


def last_judged(material: Material) -> Judged | None:
    """Return the newest evaluation with its verdict, or None where nothing was judged.

    Raises
    ------
    ProjectError
        ``project.gates_moved`` where the gates are others than those it was judged by.
    """
    ledger, newest = material.registry.ledger, None
    for record in ledger.read("verdict"):
        newest = record
    if newest is None:
        return None
    evaluation = ledger.input(newest, "evaluation")
    assert evaluation is not None, "a verdict rests on an evaluation"
    verdict = judge_gates(material.definitions.gates, evaluation.body, at=now_us())
    if verdict.gates_digest != newest.body["gates_digest"]:
        raise ProjectError(
            "the gates have been moved since the model was judged",
            hint="say: mintmark judge",
            code="project.gates_moved",
        )
    return Judged(evaluation.body, verdict, newest)
