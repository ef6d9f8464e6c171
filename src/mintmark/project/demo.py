"""The main job, played once from files to live, explained, watched decisions.

Two stages can be played on: a seeded payments world of our own, whose last payments are held back
to be sent live; and the public Handbook set, whose first payments of the test week are sent to a
second log that ends where the test week begins.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mintmark.engine import kernel
from mintmark.engine.predict import openmp_missing
from mintmark.flow import Done, Ran, Step, run
from mintmark.ground import (
    Progress,
    ProjectError,
    parse_time,
    short,
    write_atomic,
)
from mintmark.log import Log
from mintmark.project import facts, learning, reading, releasing, serving, watching
from mintmark.project.answer import Answer
from mintmark.project.material import Material
from mintmark.project.setup import lay_out
from mintmark.testing import Drift, WorldSettings, write_handbook, write_world

MARK = ".mintmark-demo"
BAD_ROWS = 40
WINDOW = 4
HANDBOOK_TEST_FROM = "2018-08-08T00:00:00Z"


@dataclass(frozen=True)
class DemoSettings:
    """What to play.

    Parameters
    ----------
    data : Path or None
        The Handbook set's folder; None plays a seeded world.
    payments, served, seed, drift
        Size of the world, how many of its payments are sent live, its seed, and whether habits
        drift on the served days.
    folder : Path
        Where to play; an earlier demo there is replaced, anything else is refused.
    """

    data: Path | None
    payments: int
    served: int
    seed: int
    drift: bool
    folder: Path


@dataclass(frozen=True)
class Stage:
    """What differs between the two stages: the example, its files, and what is sent live."""

    example: str
    lead: str
    write: Callable[[Progress], str]
    sources: Any
    script: Callable[[Material, Path], Any]
    notes: tuple[str, ...] = ()


Work = Callable[[Mapping[str, Any], Progress], Done]
Render = Callable[[Mapping[str, Any]], str]


def play(settings: DemoSettings, progress: Progress, render: Render) -> Answer:
    """Play the main job and return its figures.

    Raises
    ------
    ProjectError
        ``project.demo.folder`` where the folder holds something else, ``project.demo.openmp``.
    """
    if missing := openmp_missing():
        raise ProjectError(
            "LightGBM cannot be loaded: the system lacks an OpenMP library",
            got=missing,
            hint="install it with the system's package manager (Debian: libgomp1; macOS: libomp)",
            code="project.demo.openmp",
            kind="world",
        )
    folder = _cleared(settings.folder)
    stage = _handbook(settings, folder) if settings.data else _world(settings, folder)
    lay_out(folder / "project", example=stage.example, clock="sender")
    material = Material(folder / "project", progress)
    # The data's own days are past: gates and aliases go by the machine's clock all the same.
    scene = Scene(material, stage, folder, settings, render)
    ran = run(scene.steps(), progress)
    form = _form(ran)
    write_atomic(folder / "demo.json", (json.dumps(form, indent=2) + "\n").encode())
    return Answer(form, _last_words(folder, form))


def _cleared(folder: Path) -> Path:
    """Return the folder, emptied of an earlier demo."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise ProjectError(
                "the folder of the demo holds something else",
                at=str(folder),
                hint="give another with --folder",
                code="project.demo.folder",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    return folder.resolve()


def _world(settings: DemoSettings, folder: Path) -> Stage:
    world = WorldSettings(
        seed=settings.seed, payments=settings.payments, live=settings.served, bad_rows=BAD_ROWS
    )
    if settings.drift:
        # From the first served day on, give or take: late enough that training does not see it.
        world = replace(world, drift=Drift(day=world.days - 7))

    def write(progress: Progress) -> str:
        done = write_world(folder / "world", world, progress)
        return f"{done.payments:,} payments, {done.frauds:,} of them fraud, seed {settings.seed}"

    def script(material: Material, path: Path) -> Any:
        # The held-back files become a log of their own only to be checked and put in order.
        held = Log.create(folder / "held", material.definitions.events)
        held.ingest(folder / "world" / "live", token_key=material.token_key())
        return serving.write_past(
            material, path, source=held, after_seq=0, payments=settings.served
        )

    lead = f"{settings.payments:,} payments of a seeded world (seed {settings.seed})"
    return Stage("card_fraud", lead, write, folder / "world" / "history", script)


def _handbook(settings: DemoSettings, folder: Path) -> Stage:
    assert settings.data is not None, "asked for only with a folder"
    data = settings.data

    def write(progress: Progress) -> str:
        done = write_handbook(data, folder / "source", progress)
        return f"{done.payments:,} payments, {done.chargebacks:,} of them fraud, as published"

    def script(material: Material, path: Path) -> Any:
        log = material.log()
        cut_at = parse_time(HANDBOOK_TEST_FROM)
        cut = log.cut(material.settings.home / "live", known_before_us=cut_at)
        after = cut.position().seq
        return serving.write_past(
            material, path, source=log, after_seq=after, payments=settings.served
        )

    note = (
        "The Handbook's test week ends with its data, so the payments that were served, its "
        "first ones, were among those that were judged. They were sent to a second log that "
        f"ends at {HANDBOOK_TEST_FROM}, and nothing later was in it."
    )
    lead = "The public Fraud Detection Handbook set, simulated by its authors"
    return Stage("handbook", lead, write, folder / "source", script, (note,))


@dataclass(frozen=True)
class Scene:
    """The steps of the main job over one project."""

    material: Material
    stage: Stage
    folder: Path
    settings: DemoSettings
    render: Render

    def steps(self) -> tuple[Step, ...]:
        """Return the graph of the main job."""
        return (
            self._step("write", self._write),
            self._step("compile", self._compile),
            self._step("ingest", self._ingest, ("write",)),
            self._step("plan", self._plan),
            self._step("replay", self._replay, ("compile", "ingest", "plan")),
            self._step("train", self._train, ("replay",)),
            self._step("judge", self._judge, ("train",)),
            self._step("release", self._release, ("judge",)),
            self._step("serve", self._serve, ("release",)),
            self._step("verify", self._verify, ("serve",)),
            self._step("watch", self._watch, ("verify",)),
            Step(
                "report", self._report, ("ingest", "judge", "release", "serve", "verify", "watch")
            ),
        )

    def _step(self, name: str, work: Work, needs: tuple[str, ...] = ()) -> Step:
        """Return a step whose work tells its progress to the step's own bar."""

        def told(made: Mapping[str, Any], progress: Progress) -> Done:
            self.material.progress = progress
            return work(made, progress)

        return Step(name, told, needs)

    def _write(self, made: Mapping[str, Any], progress: Progress) -> Done:
        return Done(None, self.stage.write(progress))

    def _compile(self, made: Mapping[str, Any], progress: Progress) -> Done:
        seconds = kernel.load(progress)
        return Done(None, f"the kernel is ready for this machine ({seconds:.1f} s)")

    def _ingest(self, made: Mapping[str, Any], progress: Progress) -> Done:
        done = reading.ingest_files(self.material, self.stage.sources)
        figures = {"ingested": done.added, "quarantined": sum(done.quarantined.values())}
        form = facts.data_form(self.material, self.material.log())
        return Done(form, reading.line_of(done), figures)

    def _plan(self, made: Mapping[str, Any], progress: Progress) -> Done:
        plan = self.material.plan
        line = f"{len(plan.names)} features over {len(plan.groups)} states, {short(plan.digest)}"
        return Done(plan, line)

    def _replay(self, made: Mapping[str, Any], progress: Progress) -> Done:
        _, replayed = self.material.features(self.material.log())
        rows, width = replayed.features.shape
        return Done(None, f"{rows:,} payments x {width} features, each as of its own moment")

    def _train(self, made: Mapping[str, Any], progress: Progress) -> Done:
        progress.start("train", 2)
        trained = learning.train(self.material)
        body = trained.model.body
        line = f"{body['learner']} on {len(body['features'])} inputs, {short(body['digest'])}"
        return Done(trained, line)

    def _judge(self, made: Mapping[str, Any], progress: Progress) -> Done:
        judged = learning.judge(self.material)
        line = f"{judged.verdict.result}: {facts.verdict_form(judged)['words']}"
        against = [gate for gate in judged.verdict.gates if gate.result != "PROMOTE"]
        line += "".join(f" {gate.gate}: {gate.result}, {gate.reason}." for gate in against)
        three = ("auc_roc", "average_precision", "card_precision_100")
        figures = {
            name: {metric: judged.evaluation[name][metric]["value"] for metric in three}
            for name in ("figures", "floor_figures")
        }
        return Done(judged, line, figures | {"verdict": judged.verdict.result})

    def _release(self, made: Mapping[str, Any], progress: Progress) -> Done:
        release = releasing.release(self.material)
        line = f"{short(release.digest)} signed, and champion"
        return Done(release, line, {"digest": release.digest})

    def _serve(self, made: Mapping[str, Any], progress: Progress) -> Done:
        script = self.folder / "script.jsonl"
        head = self.stage.script(self.material, script)
        result = self.folder / "sent.json"
        with serving.server(self.material) as port:
            sent = serving.send(script, port, window=WINDOW, result=result, progress=progress)
        serving.note_served(self.material, until=head.until, sent=sent)
        line = (
            f"{sent['decisions']:,} decisions at {sent['per_second']:,.0f} a second, "
            f"{sent['errors']} errors, p50 {sent['latency_ms_p50']:.2f} ms, "
            f"p99 {sent['latency_ms_p99']:.2f} ms"
        )
        return Done(sent, line, sent)

    def _verify(self, made: Mapping[str, Any], progress: Progress) -> Done:
        parity = watching.verify_all(self.material)
        line = f"{parity.compared:,} served vectors against replay: {parity.mismatches} mismatches"
        figures = {"compared": parity.compared, "mismatches": parity.mismatches}
        return Done(parity, line, figures)

    def _watch(self, made: Mapping[str, Any], progress: Progress) -> Done:
        watched = watching.watch(self.material)
        mature = watched.mature
        line = (
            f"{len(watched.findings)} findings; mature: precision "
            f"{_shown(mature['precision'])}, recall {_shown(mature['recall'])}"
        )
        return Done(watched, line)

    def _report(self, made: Mapping[str, Any], progress: Progress) -> Done:
        _, decisions = watching.decided_log(self.material)
        form = facts.report_form(
            self.material,
            {
                "data": made["ingest"],
                "plan": facts.plan_form(self.material),
                "evaluation": facts.evaluation_form(made["judge"]),
                "verdict": facts.verdict_form(made["judge"]),
                "release": facts.release_form(made["release"]),
                "served": facts.served_form(decisions, made["serve"]),
                "parity": made["verify"].form(),
                "watch": made["watch"].form(),
                "card": facts.card_form(self.material, made["judge"]),
            },
            notes=self.stage.notes,
            lead=self.stage.lead,
        )
        write_report(form, self.folder / "report.html", self.render)
        first = decisions["decision_id"][0].as_py()
        refused = decisions.filter([a != "approve" for a in decisions["action"].to_pylist()])
        shown = refused["decision_id"][0].as_py() if len(refused) else first
        return Done(shown, f"{self.folder / 'report.html'}")


def write_report(form: Mapping[str, Any], path: Path, render: Render) -> None:
    """Write a report as a page, and its JSON twin beside it."""
    write_atomic(path, render(form).encode())
    twin = json.dumps(form, ensure_ascii=False, indent=2) + "\n"
    write_atomic(path.with_suffix(".json"), twin.encode())


def _shown(value: float | None) -> str:
    return "none yet" if value is None else f"{value:.3f}"


def _form(ran: Mapping[str, Ran]) -> dict[str, Any]:
    """Return the figures that the demo promises."""
    judged = ran["judge"].done.figures
    served = ran["serve"].done.figures
    wanted = ("decisions", "errors", "latency_ms_p50", "latency_ms_p99", "per_second")
    seconds = {name: round(one.seconds, 3) for name, one in ran.items()}
    return {
        "rows": dict(ran["ingest"].done.figures),
        "evaluation": judged["figures"],
        "floor": judged["floor_figures"],
        "verdict": judged["verdict"],
        "release": dict(ran["release"].done.figures),
        "served": {name: served[name] for name in wanted},
        "parity": dict(ran["verify"].done.figures),
        "seconds": seconds | {"total": round(sum(one.seconds for one in ran.values()), 3)},
        "decision": ran["report"].done.value,
    }


def _last_words(folder: Path, form: Mapping[str, Any]) -> str:
    project = folder / "project"
    return "\n".join(
        [
            "",
            f"report   {folder / 'report.html'}",
            f"         mintmark explain {form['decision']} --project {project}",
            f"         mintmark verify {form['decision']} --project {project}",
            f"total    {form['seconds']['total']:.1f} s, verdict {form['verdict']}, "
            f"{form['parity']['mismatches']} mismatches, {form['served']['errors']} served errors",
        ]
    )
