"""The settings of a project: `mintmark.toml` in its folder, then MINTMARK_* in the environment.

The only file that reads the environment. pydantic is loaded when settings are read, not before.
"""

from __future__ import annotations

import getpass
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mintmark.ground.errors import Faults, GroundError

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

FILE = "mintmark.toml"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Settings:
    """What a project is told about the machine that it runs on.

    `folder` is the project's folder; `home`, `definitions`, `keys_dir` and `cache_dir` are absolute
    paths; `database` is a SQLAlchemy URL; `clock` is "system" or "sender"; `actor` is who records.
    """

    folder: Path
    name: str
    home: Path
    definitions: Path
    database: str
    host: str
    port: int
    clock: Literal["system", "sender"]
    keys_dir: Path
    cache_dir: Path
    actor: str


def load_settings(folder: str | Path = ".") -> Settings:
    """Return the settings of the project in a folder.

    Parameters
    ----------
    folder : path
        Holds `mintmark.toml`; without the file every setting has its default.

    Raises
    ------
    GroundError, Faults
        `ground.settings.unreadable` (the file is not TOML), `ground.settings.unknown`,
        `ground.settings.value`, `ground.settings.sender_clock` (off loopback).
    """
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    root = Path(folder).expanduser().resolve()
    try:
        told = _model()(_toml=str(root / FILE)).model_dump()
    except ValidationError as error:
        raise Faults(_fault(root, dict(part)) for part in error.errors()) from None
    except (SettingsError, ValueError) as error:
        raise GroundError(
            "the settings file cannot be read",
            at=str(root / FILE),
            got=str(error).split("\n")[0],
            want="TOML: port = 8620",
            code="ground.settings.unreadable",
        ) from None
    settings = _resolved(root, told)
    if settings.clock == "sender" and settings.host not in _LOOPBACK:
        raise GroundError(
            "a clock that the sender moves is for loopback only",
            at=str(root / FILE),
            got=f"host {settings.host}",
            want="host 127.0.0.1, or clock system",
            code="ground.settings.sender_clock",
        )
    return settings


def kernel_cache_dir() -> Path:
    """Return the folder of compiled kernels: $MINTMARK_CACHE_DIR or the user's cache, `/kernels`.

    Nothing heavy is loaded for this.
    """
    return _cache_dir() / "kernels"


def _cache_dir() -> Path:
    told = os.environ.get("MINTMARK_CACHE_DIR")
    if told:
        return Path(told).expanduser()
    return _xdg("XDG_CACHE_HOME", ".cache") / "mintmark"


def _xdg(variable: str, default: str) -> Path:
    told = os.environ.get(variable)
    return Path(told) if told and os.path.isabs(told) else Path.home() / default


@cache
def _model() -> Any:
    # Built on first use, so that a command that reads no settings loads no pydantic.
    from pydantic import Field
    from pydantic_settings import BaseSettings, SettingsConfigDict, TomlConfigSettingsSource

    class Told(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="MINTMARK_", extra="forbid")

        name: str = ""
        home: str = ".mintmark"
        definitions: str = "definitions"
        database: str = ""
        host: str = "127.0.0.1"
        port: int = Field(8620, ge=0, le=65535)
        clock: Literal["system", "sender"] = "system"
        keys_dir: str = ""
        cache_dir: str = ""
        actor: str = ""

        def __init__(self, _toml: str) -> None:
            Told._toml = _toml  # type: ignore[attr-defined]
            super().__init__()

        @classmethod
        def settings_customise_sources(  # type: ignore[override]
            cls, settings_cls: type[BaseSettings], **sources: Any
        ) -> tuple[Any, ...]:
            path = Path(cls._toml)  # type: ignore[attr-defined]
            file = TomlConfigSettingsSource(settings_cls, path)
            return sources["env_settings"], file

    return Told


def _resolved(root: Path, told: dict[str, Any]) -> Settings:
    home = root / Path(told["home"]).expanduser()
    name = told["name"] or root.name
    mark = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    keys = told["keys_dir"] or _xdg("XDG_CONFIG_HOME", ".config") / "mintmark/keys" / mark
    return Settings(
        folder=root,
        name=name,
        home=home,
        definitions=root / Path(told["definitions"]).expanduser(),
        database=told["database"] or f"sqlite:///{home / 'ledger.db'}",
        host=told["host"],
        port=told["port"],
        clock=told["clock"],
        keys_dir=root / Path(keys).expanduser(),
        cache_dir=root / (told["cache_dir"] or _cache_dir()),
        actor=told["actor"] or _person(),
    )


def _person() -> str:
    """The name under which the process runs; the number of its user where there is no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _fault(root: Path, part: dict[str, Any]) -> GroundError:
    name = ".".join(str(p) for p in part["loc"])
    if part["type"] == "extra_forbidden":
        return GroundError(
            f'no setting is called "{name}"',
            at=str(root / FILE),
            want="one of " + ", ".join(sorted(_model().model_fields)),
            code="ground.settings.unknown",
        )
    return GroundError(
        f'the setting "{name}" cannot have this value',
        at=f"{root / FILE}   or MINTMARK_{name.upper()}",
        got=repr(part["input"]),
        want=str(part["msg"]).lower(),
        code="ground.settings.value",
    )


def rest_idle_threads() -> None:
    """Let OpenMP's threads rest while they wait; to be called before a library that uses it loads.

    By default they spin, and on a machine whose cores are taken by others that makes a fit of
    seven seconds take minutes.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
