"""Ingest, plan and replay: from files to the log, and from the log to features."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pyarrow.compute as pc

from mintmark.engine import Live
from mintmark.engine.feature_table import feature_table, write_features
from mintmark.ground import ProjectError, disk_watch, format_time
from mintmark.log import Ingested, Log
from mintmark.plan import feature_memory, memory_text
from mintmark.plan.feature_memory import EVENTS, MOST_EVENTS
from mintmark.project.answer import Answer
from mintmark.project.material import Material


def ingest(material: Material, sources: Sequence[str]) -> Answer:
    """Take files into the log: ``STREAM=FILE`` words, or one folder."""
    return said_of(ingest_files(material, sources_of(sources)))


def ingest_files(material: Material, files: dict[str, list[Path]] | Path) -> Ingested:
    """Take files into the log, which is made where there is none."""
    folder, events = material.log_folder, material.definitions.events
    log = (
        Log.open(folder, events) if (folder / "HEAD.json").exists() else Log.create(folder, events)
    )
    return log.ingest(files, token_key=material.token_key(), progress=material.progress)


def sources_of(words: Sequence[str]) -> dict[str, list[Path]] | Path:
    """Read the words of the command line: one folder, or STREAM=FILE pairs."""
    if len(words) == 1 and Path(words[0]).is_dir():
        return Path(words[0])
    files: dict[str, list[Path]] = {}
    for word in words:
        stream, sign, path = word.partition("=")
        if not sign or not stream or not path:
            raise ProjectError(
                "a source does not say which stream it holds",
                at="the command line",
                got=word,
                want="STREAM=FILE, or one folder that is there",
                hint="say: mintmark ingest payment=payments.parquet",
                code="project.ingest.source",
            )
        files.setdefault(stream, []).append(Path(path))
    return files


def said_of(done: Ingested) -> Answer:
    """Return the answer to an ingest."""
    form: dict[str, Any] = {
        "read": done.read,
        "added": done.added,
        "same": done.same,
        "quarantined": dict(done.quarantined),
        "parked": done.parked,
        "epoch": done.epoch,
        "first_seq": done.first_seq,
        "last_seq": done.last_seq,
        "versions": dict(done.versions),
    }
    lines = [line_of(done)]
    lines += [f"  quarantined {n:>8,}  {why}" for why, n in sorted(done.quarantined.items())]
    return Answer(form, "\n".join(lines))


def line_of(done: Ingested) -> str:
    """Return one line about an ingest."""
    refused = sum(done.quarantined.values())
    told = f"{done.added:,} events added, {done.same:,} known already, {refused:,} quarantined"
    if not done.added:
        return told
    return f"{told} (epoch {done.epoch}, seq {done.first_seq:,} to {done.last_seq:,})"


def inspect(material: Material, *, memory: bool = False, state: Path | None = None) -> Answer:
    """Say what the log holds and how late it came, per stream and source; and what state takes.

    memory : fold all of the log and measure;  state : measure this snapshot instead.
    """
    log = material.log()
    place, told = log.position(), log.lateness()
    form: dict[str, Any] = {
        "version": log.version(),
        "epoch": place.epoch,
        "last_seq": place.seq,
        "lateness": [one.form() for one in told],
    }
    lines = [f"log {form['version']}, epoch {place.epoch}, {place.seq:,} events"]
    lines += [line for one in told for line in one.lines()]
    if memory or state is not None:
        measured = _live(material, log, state).memory()
        form["memory"] = measured.form()
        lines += ["", *measured.lines()]
    return Answer(form, "\n".join(lines))


def _live(material: Material, log: Log, state: Path | None) -> Live:
    """The state that a snapshot holds, else that after all rows of the log."""
    if state is not None:
        return Live.restore(state, material.plan)
    return Live.start(material.plan, material.tables(log), material.progress)


def plan(material: Material, events: int = EVENTS) -> Answer:
    """Return the compiled plan, and what each feature takes of keys with so many events."""
    made = material.plan
    if not 1 <= events <= MOST_EVENTS:
        raise ProjectError(
            "a key of no events takes no memory" if events < 1 else "no key has so many events",
            at="--events",
            got=events,
            want=f"1 to {MOST_EVENTS}",
            code="project.plan.events",
        )
    form = {
        "digest": made.digest,
        "plan": made.form(),
        "bytes_per_key": made.bytes_per_key(),
        "memory": {
            "events": events,
            "features": [one.form() for one in feature_memory(made, events)],
        },
    }
    return Answer(form, f"{made.text()}\n{memory_text(made, events)}")


def replay(material: Material, out: Path | None) -> Answer:
    """Compute the features of every payment, and write them where asked.

    out : a file that is not there yet, as `refuse_taken` has found.
    """
    tables, made = material.features(material.log())
    rows, width = made.features.shape
    form: dict[str, Any] = {"rows": rows, "features": width, "plan": material.plan.digest}
    text = f"{width} features of {rows:,} payments"
    if out is not None:
        identity = material.events[material.plan.request].id
        table = feature_table(made.seq, made.names, made.features)
        table = table.add_column(1, identity, tables[material.plan.request][identity])
        with disk_watch(out):
            write_features(out, table)
        form["out"] = str(out)
        text += f", written to {out}"
    return Answer(form, text)


def refuse_taken(out: Path) -> None:
    """Refuse, before any work, a file that is there already, or cannot be written.

    Raises
    ------
    ProjectError
        ``project.replay.exists``; those of `refuse_unwritable`.
    """
    refuse_unwritable(out)
    if out.exists():
        raise ProjectError(
            "the file is there already",
            at=str(out),
            hint="give another name, or remove it first",
            code="project.replay.exists",
        )


def refuse_unwritable(out: Path) -> None:
    """Refuse, before any work, a file that cannot be written.

    Raises
    ------
    ProjectError
        ``project.out.folder`` for a folder, ``project.out.no_folder`` for a file in none, and
        ``project.out.refused`` where the system lets nothing be written.
    """
    place = out.resolve()
    if place.is_dir():
        raise ProjectError(
            "a folder stands where the file would be written",
            at=str(out),
            hint="name a file in it",
            code="project.out.folder",
        )
    if not place.parent.is_dir():
        raise ProjectError(
            "the folder of the file to write is not there",
            at=str(out),
            hint="make the folder first, or name another file",
            code="project.out.no_folder",
        )
    try:
        with TemporaryFile(dir=place.parent):
            return
    except OSError as error:
        raise ProjectError(
            "nothing can be written into the folder of the file to write",
            at=str(out),
            got=(error.strerror or str(error)).lower(),
            hint="name a file in another folder",
            code="project.out.refused",
        ) from None


def data_form(material: Material, log: Log) -> dict[str, Any]:
    """Return what a report says of a log's data."""
    streams = {}
    tables = material.tables(log)
    for name, table in tables.items():
        ends = pc.min_max(table["mm_at"]).as_py() if len(table) else None
        streams[name] = {
            "rows": len(table),
            "from": format_time(ends["min"]) if ends else "",
            "to": format_time(ends["max"]) if ends else "",
        }
    reasons: dict[str, int] = {}
    for reason in log.quarantine()["reason"].to_pylist():
        reasons[reason] = reasons.get(reason, 0) + 1
    place = log.position()
    return {
        "words": (
            "One sealed set over all streams, in the order in which it became known: "
            f"epoch {place.epoch}, {place.seq:,} events."
        ),
        "ingested": sum(one["rows"] for one in streams.values()),
        "version": log.version(),
        "epoch": place.epoch,
        "last_seq": place.seq,
        "streams": streams,
        "quarantined": reasons,
    }
