"""What the verbs work on, each piece made once: definitions, plan, log, features, ledger."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from mintmark.define import Definitions, Event, load
from mintmark.engine import Replay, replay
from mintmark.ground import (
    DAY_US,
    Progress,
    ProjectError,
    Settings,
    load_settings,
    load_signing_key,
    load_token_key,
)
from mintmark.log import Log
from mintmark.plan import Plan, compile_plan
from mintmark.registry import Registry


class Material:
    """The pieces of one project.

    Parameters
    ----------
    folder : Path
        The project's folder.
    progress : Progress
        Where long work says how far it is.
    """

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.folder = folder
        self.progress = progress
        self._features: dict[str, Replay] = {}

    @cached_property
    def settings(self) -> Settings:
        """The project's settings."""
        if not (self.folder / "mintmark.toml").is_file():
            raise ProjectError(
                "this folder is not a project",
                at=str(self.folder),
                want="a folder with a mintmark.toml",
                hint="say: mintmark init DIR, or name the folder with --project",
                code="project.none",
            )
        return load_settings(self.folder)

    @cached_property
    def definitions(self) -> Definitions:
        """What the user wrote."""
        return load(self.settings.definitions)

    @cached_property
    def events(self) -> Mapping[str, Event]:
        """The declared events by name."""
        return {event.name: event for event in self.definitions.events}

    @cached_property
    def plan(self) -> Plan:
        """The compiled plan of the model's features, or of the only ones without a model."""
        model = self.definitions.parts.model
        return compile_plan(self.definitions.features, label=model.label if model else None)

    @cached_property
    def truth(self) -> dict[str, Any]:
        """The label as `engine.truth` reads it."""
        label = self.definitions.model.label
        return label.form() | {"id": label.of.id, "refers": label.event.refers_by}

    @cached_property
    def registry(self) -> Registry:
        """The ledger, its content store and its releases."""
        return Registry.open(self.settings.database, self.settings.home)

    @property
    def log_folder(self) -> Path:
        """The log that history is ingested into."""
        return self.settings.home / "log"

    @property
    def live_folder(self) -> Path:
        """The log that is served from: a cut of the first where one was made, else the first."""
        cut = self.settings.home / "live"
        return cut if cut.is_dir() else self.log_folder

    def log(self, folder: Path | None = None) -> Log:
        """Open a log of this project.

        Raises
        ------
        ProjectError
            ``project.nothing_ingested`` where there is none yet, or an ingest that failed left one
            in which nothing is.
        """
        place = folder or self.log_folder
        if place.is_dir():
            log = Log.open(place, self.definitions.events)
            if log.position().seq > 0 or len(log.quarantine()):
                return log
        raise ProjectError(
            "nothing has been ingested yet",
            at=str(place),
            hint="say: mintmark ingest STREAM=FILE ...",
            code="project.nothing_ingested",
        )

    def tables(self, log: Log) -> dict[str, pa.Table]:
        """Read every stream of a log."""
        return {name: log.read(name) for name in self.events}

    def features(self, log: Log) -> tuple[dict[str, pa.Table], Replay]:
        """Replay a log, once for each version of it; the two last replays are kept."""
        version = f"{log.version()} {self.plan.digest}"
        tables = self.tables(log)
        if version not in self._features:
            while len(self._features) > 1:
                del self._features[next(iter(self._features))]
            self._features[version] = replay(self.plan, tables, progress=self.progress)
        return tables, self._features[version]

    def as_of(self, log: Log) -> int:
        """The end of the last day of which the log knows anything, µs UTC.

        A log that was read in as one set is read as it stood when its last day was over.
        """
        last = max(
            (int(t["mm_known_at"][-1].as_py()) for t in self.tables(log).values() if len(t)),
            default=0,
        )
        return -(-last // DAY_US) * DAY_US

    def served_until(self, log: Log) -> int:
        """How far the clock of the served log was moved, µs UTC; 0 where nobody wrote it down."""
        note = self.settings.home / "served.json"
        return int(json.loads(note.read_bytes())["until"]) if note.is_file() else 0

    def token_key(self) -> bytes:
        """The key of tokens of account numbers."""
        return load_token_key(self.settings.keys_dir)

    def signing_key(self) -> Any:
        """The key that signs releases."""
        return load_signing_key(self.settings.keys_dir)
