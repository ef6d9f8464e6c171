"""One answer from a release: features, score, policy, reasons, all of it durable.

    sender ── HTTP ──► http.py ──► routes.py ──► cell.py ──► log's tail
                       in order    what is asked  one order   committed by commit.py

`load.py` makes a cell from a signed release and a log; `server.py` is the process around it. No
training library is loaded here, and nothing that a user wrote is run. `sender.py` is another
process: it plays the past to a server, and is started as `python -m mintmark.serve.sender`.
"""

from mintmark.serve.cell import Cell, Material, Seals, Taken
from mintmark.serve.http import Limits
from mintmark.serve.load import Source, load
from mintmark.serve.past import Selection, script_of_past
from mintmark.serve.script import Head, Step, read_script, write_script
from mintmark.serve.server import Door, serve

__all__ = [
    "Cell",
    "Door",
    "Head",
    "Limits",
    "Material",
    "Seals",
    "Selection",
    "Source",
    "Step",
    "Taken",
    "load",
    "read_script",
    "script_of_past",
    "serve",
    "write_script",
]
