"""The command line: one verb for each method of the hall, and nothing of its own."""

from mintmark.cli.main import main

__all__ = ["main"]
