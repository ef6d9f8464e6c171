"""Write the Handbook set's table as two sources, payments and chargebacks.

python prepare.py FOLDER_OF_THE_SET FOLDER_TO_WRITE
"""

import sys
from pathlib import Path

from mintmark.testing import write_handbook


def main() -> None:
    """Read the two folders from the command line."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    done = write_handbook(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{done.payments:,} payments and {done.chargebacks:,} chargebacks in {done.folder}")


if __name__ == "__main__":
    main()
