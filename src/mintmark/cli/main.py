"""The process: runs a verb, maps what went wrong to words and an exit code."""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.main import get_command

from mintmark.cli.failure import tell
from mintmark.cli.verbs import app
from mintmark.ground import GroundError, MintmarkError

# Typer carries its own Click; what both call a usage error is the parent of this one.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    0 done, 1 your input, 2 a gate said no, 3 the world failed.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(words or ["--help"]))


def _run(words: list[str]) -> int:
    as_json = "--json" in words and words[0] != "demo"  # there it names a file
    command = get_command(app)
    try:
        result = command.main(args=words, prog_name="mintmark", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except MintmarkError as error:
        return tell(error, as_json=as_json)
    except typer.Exit as leave:
        return leave.exit_code
    except UsageError as error:
        return tell(_usage(error), as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        print("stopped; what was finished is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except MemoryError:
        return tell(_world("the machine is out of memory", "cli.memory"), as_json=as_json)
    except OSError as error:
        what = error.strerror or "the system refused a file"
        failure = _world(what.lower(), "cli.system", at=str(error.filename or ""))
        return tell(failure, as_json=as_json)


def _usage(error: Any) -> MintmarkError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mintmark"
    return GroundError(
        error.format_message().rstrip(".").lower(),
        at="the command line",
        hint=f"say: {path} --help",
        code="cli.usage",
    )


def _world(what: str, code: str, *, at: str = "") -> MintmarkError:
    return GroundError(what, at=at, code=code, kind="world")
