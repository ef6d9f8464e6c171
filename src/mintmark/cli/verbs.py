"""The verbs of the command line, each a method of the hall.

Every verb takes ``--project`` (the folder of the project, here by default) and ``--json``.
"""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mintmark import __version__
from mintmark import project as hall
from mintmark.cli.bar import Bar
from mintmark.console import render_report, render_story

if TYPE_CHECKING:
    from mintmark.project import Answer

app = typer.Typer(
    name="mintmark",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Folder = Annotated[Path, typer.Option("--project", help="Folder of the project.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"mintmark {__version__}")
        raise typer.Exit


@app.callback()
def mintmark(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version)
    ] = False,
) -> None:
    """Machine learning over event streams, built for payments.

    One definition, one kernel for history and for live, every decision struck again.

    Example:  mintmark demo
    """


def _tell(line: str, *, as_json: bool) -> None:
    print(json.dumps({"told": line}) if as_json else line, flush=True)


def _say(answer: "Answer", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer.form, ensure_ascii=False, indent=2))
    elif answer.text:
        print(answer.text)
    if not answer.passed:
        raise typer.Exit(2)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to lay the project out in.")],
    as_json: AsJson = False,
) -> None:
    """Lay out a project that runs: definitions, settings, keys and an empty ledger.

    Example:  mintmark init fraud
    """
    _say(hall.Project.init(folder), as_json=as_json)


@app.command()
def check(project: Folder = Path(), as_json: AsJson = False) -> None:
    """Read the definitions and report every fault at once.

    Example:  mintmark check --project fraud
    """
    _say(hall.Project.check(project), as_json=as_json)


@app.command()
def migrate(project: Folder = Path(), as_json: AsJson = False) -> None:
    """Bring the ledger's database to this version, under a lock.

    Example:  mintmark migrate
    """
    _say(hall.Project.open(project).migrate(), as_json=as_json)


@app.command()
def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="STREAM=FILE for each stream, or one folder with files named by stream."
        ),
    ],
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take Parquet and CSV files into the log as one sealed set.

    Example:  mintmark ingest payment=payments.parquet chargeback=chargebacks.csv
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).ingest(sources)
    _say(answer, as_json=as_json)


@app.command()
def inspect(
    memory: Annotated[
        bool, typer.Option(help="Fold the log and say what the state of each key takes.")
    ] = False,
    state: Annotated[
        Path | None, typer.Option(help="A snapshot of the plan's state to say that of instead.")
    ] = None,
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say what the log holds, how late it came, and what each source brought too late.

    Example:  mintmark inspect --memory
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).inspect(memory=memory, state=state)
    _say(answer, as_json=as_json)


@app.command()
def plan(
    events: Annotated[
        int, typer.Option(help="How many events a key keeps whose memory is told.")
    ] = 1_000,
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Print the plan: every feature, the state and memory of keys and features, and the digest.

    Example:  mintmark plan --events 5000
    """
    _say(hall.Project.open(project).plan(events), as_json=as_json)


@app.command()
def replay(
    out: Annotated[Path | None, typer.Option(help="Parquet file to write the features to.")] = None,
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Compute the features of every payment in the log, each as of its own moment.

    Example:  mintmark replay --out features.parquet
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).replay(out)
    _say(answer, as_json=as_json)


@app.command()
def train(project: Folder = Path(), as_json: AsJson = False) -> None:
    """Fit the floor and the model on matured labels, calibrate, and record the run.

    Example:  mintmark train
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).train()
    _say(answer, as_json=as_json)


@app.command()
def judge(project: Folder = Path(), as_json: AsJson = False) -> None:
    """Measure the last trained model on the test window and let the gates decide.

    Exit code 2 where the verdict is not PROMOTE.

    Example:  mintmark judge
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).judge()
    _say(answer, as_json=as_json)


@app.command()
def release(project: Folder = Path(), as_json: AsJson = False) -> None:
    """Sign the judged model as a release and make it champion.

    Example:  mintmark release
    """
    _say(hall.Project.open(project).release(), as_json=as_json)


@app.command()
def champion(
    at: Annotated[str | None, typer.Option(help="A moment, such as 2026-03-03T14:03Z.")] = None,
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say which release was champion at a moment, who put it there, and on what evidence.

    Example:  mintmark champion --at 2026-03-03T14:03Z
    """
    _say(hall.Project.open(project).champion(at), as_json=as_json)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Serve decisions from the champion over HTTP on loopback, until told to stop.

    Example:  mintmark serve --port 8620
    """
    with Bar() as bar:
        hall.Project.open(project, bar).serve(port, partial(_tell, as_json=as_json))


@app.command()
def verify(
    decision_id: Annotated[
        str | None, typer.Argument(help="One decision; without it, every served vector.")
    ] = None,
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Strike a decision again from the log and compare it bit for bit.

    Example:  mintmark verify
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).verify(decision_id)
    _say(answer, as_json=as_json)


@app.command()
def explain(
    decision_id: Annotated[str, typer.Argument(help="The decision to explain.")],
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell the story of one decision: what was known, why, and at what expected cost.

    Example:  mintmark explain d-5f0c2a91
    """
    answer = hall.Project.open(project).explain(decision_id)
    _say(replace(answer, text=render_story(answer.form)), as_json=as_json)


@app.command()
def watch(project: Folder = Path(), as_json: AsJson = False) -> None:
    """Look over the served decisions: drift, calibration, precision and recall.

    Example:  mintmark watch
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).watch()
    _say(answer, as_json=as_json)


@app.command()
def report(
    out: Annotated[
        Path, typer.Option(help="HTML file to write; its JSON twin stands beside it.")
    ] = Path("report.html"),
    project: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the report of the project as one HTML file that opens offline, and as JSON.

    Example:  mintmark report --out report.html
    """
    with Bar() as bar:
        answer = hall.Project.open(project, bar).report(out, render_report)
    _say(answer, as_json=as_json)


@app.command()
def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the public Handbook set, instead of a seeded world."),
    ] = None,
    payments: Annotated[
        int, typer.Option(min=10_000, help="Payments of the seeded world.")
    ] = 500_000,
    served: Annotated[int, typer.Option(min=100, help="Payments sent to the server.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the world.")] = 7,
    drift: Annotated[bool, typer.Option(help="Let customers' habits drift.")] = False,
    folder: Annotated[
        Path, typer.Option(help="Folder to play in; an earlier demo there is replaced.")
    ] = Path("demo"),
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to PATH.")
    ] = None,
) -> None:
    """Play the whole main job: from files to live, explained, watched decisions.

    A world of fewer than 250,000 payments has few frauds, and the gates may hold its model.

    Example:  mintmark demo --payments 250000
    """
    settings = hall.DemoSettings(data, payments, served, seed, drift, folder)
    with Bar() as bar:
        answer = hall.play(settings, bar, render_report)
    if json_path is not None:
        json_path.write_text(json.dumps(answer.form, ensure_ascii=False, indent=2) + "\n")
    _say(answer, as_json=False)
