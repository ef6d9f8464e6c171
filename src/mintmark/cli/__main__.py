"""`python -m mintmark.cli`: the same as the command `mintmark`."""

from mintmark.cli.main import main

main()
