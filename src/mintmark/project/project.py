"""The hall: one method for each verb of Mintmark, the same in Python and on the command line."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mintmark.define import check as check_folder
from mintmark.engine import kernel
from mintmark.ground import Faults, Progress, Silent, load_settings, short
from mintmark.monitor import Parity
from mintmark.plan.feature_memory import EVENTS
from mintmark.project import facts, learning, reading, releasing, serving, watching
from mintmark.project.answer import Answer
from mintmark.project.demo import write_report
from mintmark.project.material import Material
from mintmark.project.setup import lay_out
from mintmark.registry import migrate

Render = Callable[[Mapping[str, Any]], str]


class Project:
    """A project folder and what can be done with it.

    Examples
    --------
    >>> Project.open(Path("nowhere")).plan()
    Traceback (most recent call last):
    ...
    mintmark.ground.errors.ProjectError: ProjectError: this folder is not a project
      at    nowhere
      want  a folder with a mintmark.toml
      hint  say: mintmark init DIR, or name the folder with --project
      code  project.none
    """

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._material = Material(folder, progress)

    @classmethod
    def open(cls, folder: Path, progress: Progress | None = None) -> "Project":
        """Return the project in a folder; nothing is read before a verb needs it."""
        return cls(folder, progress or Silent())

    @staticmethod
    def init(folder: Path) -> Answer:
        """Lay out a project that runs."""
        made = lay_out(folder)
        lines = [f"laid out {folder}", *(f"  {name}" for name in made)]
        lines += ["next", f"  cd {folder} && mintmark check && mintmark plan"]
        return Answer({"folder": str(folder), "made": made}, "\n".join(lines))

    @staticmethod
    def check(folder: Path) -> Answer:
        """Report every fault of the definitions at once; raises them together."""
        settings = load_settings(folder)
        faults = check_folder(settings.definitions)
        if faults:
            raise Faults(faults)
        return Answer({"faults": []}, "the definitions are whole: no fault found")

    def migrate(self) -> Answer:
        """Bring the ledger's database to this version."""
        revision = migrate(self._material.settings.database)
        return Answer({"revision": revision}, f"the ledger is at revision {revision}")

    def ingest(self, sources: Sequence[str]) -> Answer:
        """Take files into the log as one sealed set."""
        return reading.ingest(self._material, sources)

    def inspect(self, *, memory: bool = False, state: Path | None = None) -> Answer:
        """Say what the log holds and how late it came.

        memory : say too what the state after all of it takes;  state : a snapshot to say that of.
        """
        return reading.inspect(self._material, memory=memory, state=state)

    def _make_ready(self) -> None:
        """Load the kernel, which may take a minute, once it is known that there is a project."""
        _ = self._material.settings
        kernel.load(self._material.progress)

    def plan(self, events: int = EVENTS) -> Answer:
        """Return the compiled plan, and what each feature takes of keys with so many events."""
        return reading.plan(self._material, events)

    def replay(self, out: Path | None = None) -> Answer:
        """Compute the features of every payment, and write them into a file that is not there."""
        _ = self._material.settings
        if out is not None:
            reading.refuse_taken(out)
        self._make_ready()
        return reading.replay(self._material, out)

    def train(self) -> Answer:
        """Fit the floor and the model and record the run."""
        self._make_ready()
        trained = learning.train(self._material)
        body = trained.model.body
        word = "is up to date" if trained.fresh else "is trained"
        line = f"model {short(body['digest'])} {word}, floor {short(trained.floor.body['digest'])}"
        form = {"model": dict(body), "floor": dict(trained.floor.body), "fresh": trained.fresh}
        return Answer(form, line)

    def judge(self) -> Answer:
        """Measure the newest model and let the gates decide."""
        self._make_ready()
        judged = learning.judge(self._material)
        form = {"verdict": judged.verdict.form(), "evaluation": judged.evaluation}
        return Answer(form, judged.verdict.text(), judged.verdict.result == "PROMOTE")

    def release(self) -> Answer:
        """Sign the judged model and make it champion."""
        made = releasing.release(self._material)
        form = facts.release_form(made) | {"folder": str(made.folder)}
        return Answer(form, f"release {short(made.digest)} is signed and champion: {made.folder}")

    def champion(self, at: str | None = None) -> Answer:
        """Say which release was champion at a moment."""
        form = releasing.champion_form(self._material, at)
        text = (
            f"{short(form['release'])} was champion at {form['asked']}: put there by "
            f"{form['actor']} at {form['since']}, on verdict {short(form['evidence'])}"
        )
        return Answer(form, text)

    def serve(self, port: int | None = None, tell: Callable[[str], None] = print) -> None:
        """Serve the champion on loopback until told to stop; `tell` hears of start and end."""
        serving.serve(self._material, port, tell)

    def verify(self, decision_id: str | None = None) -> Answer:
        """Strike one decision again, or compare every served vector with replay."""
        self._make_ready()
        if decision_id is None:
            return _said_parity(watching.verify_all(self._material))
        struck = watching.verify_one(self._material, decision_id)
        text = f"{struck.decision_id} strikes the same again: features, score, action, reasons"
        if not struck.same:
            changed = [
                f"  {k}: {then!r} -> {now!r}" for k, (then, now) in struck.differences.items()
            ]
            text = "\n".join([f"{struck.decision_id} does not strike the same", *changed])
        return Answer(struck.form(), text, struck.same)

    def explain(self, decision_id: str) -> Answer:
        """Tell the story of one decision; the door draws it from the facts."""
        return Answer(watching.explain(self._material, decision_id), "")

    def watch(self) -> Answer:
        """Look over the served decisions."""
        self._make_ready()
        form = watching.watch(self._material).form()
        lines = [form["words"]]
        lines += [f"  {f['severity']:<5} {f['what']}: {f['detail']}" for f in form["findings"]]
        return Answer(form, "\n".join(lines))

    def report(self, out: Path, render: Render) -> Answer:
        """Write what is known of the project as one page and as JSON."""
        reading.refuse_unwritable(out)
        reading.refuse_unwritable(out.with_suffix(".json"))
        form = self._report_form()
        write_report(form, out, render)
        return Answer(form, f"{out}, and its twin {out.with_suffix('.json')}")

    def _report_form(self) -> dict[str, Any]:
        self._make_ready()
        material, log = self._material, self._material.log()
        judged = learning.last_judged(material)
        released = releasing.champion_release(material)
        parts: dict[str, Any] = {
            "data": facts.data_form(material, log),
            "plan": facts.plan_form(material),
        }
        if judged is not None:
            parts["evaluation"] = facts.evaluation_form(judged)
            parts["verdict"] = facts.verdict_form(judged)
            parts["card"] = facts.card_form(material, judged)
        if released is not None:
            parts["release"] = facts.release_form(released)
        if watching.served_anything(material):
            _, decisions = watching.decided_log(material)
            parts["served"] = facts.served_form(decisions, facts.sent_account(material))
            parts["parity"] = watching.verify_all(material).form()
            parts["watch"] = watching.watch(material).form()
        return facts.report_form(material, parts)


def _said_parity(parity: Parity) -> Answer:
    text = (
        f"{parity.compared:,} served vectors compared with replay over the log, bit for bit: "
        f"{parity.mismatches} mismatches"
    )
    for m in parity.first:
        text += f"\n  {m.decision_id} {m.feature}: {m.served!r} served, {m.replayed!r} replayed"
    return Answer(parity.form(), text, not parity.mismatches)
