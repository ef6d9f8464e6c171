"""`python -m mintmark.serve`: one server process, its settings from a project."""

import argparse
import sys
from pathlib import Path

from mintmark.ground import (
    MintmarkError,
    load_settings,
    load_signing_key,
    load_token_key,
)
from mintmark.serve.load import Source
from mintmark.serve.server import Door, ending, serve


def main(arguments: list[str] | None = None) -> int:
    """Serve a release from a log; what is not said is taken from the project's settings."""
    parser = argparse.ArgumentParser(prog="mintmark.serve", description=main.__doc__)
    parser.add_argument("--project", type=Path, default=Path(), help="folder of the project")
    parser.add_argument("--log", type=Path, required=True, help="folder of the log to serve from")
    parser.add_argument("--release", type=Path, required=True, help="folder of the release")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int, help="0 takes any that is free")
    parser.add_argument("--clock", choices=("system", "sender"))
    parser.add_argument("--exposed", action="store_true", help="allow an address off loopback")
    told = parser.parse_args(arguments)
    try:
        settings = load_settings(told.project)
        source = Source(
            log=told.log,
            release=told.release,
            public=load_signing_key(settings.keys_dir).public,
            token_key=load_token_key(settings.keys_dir),
            clock=told.clock or settings.clock,
        )
        door = Door(
            host=told.host or settings.host,
            port=settings.port if told.port is None else told.port,
            exposed=told.exposed,
        )
        serve(source, door, tell=lambda line: print(line, flush=True))
    except MintmarkError as error:
        return ending(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
