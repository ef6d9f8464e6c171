"""The append-only log: a durable tail that acknowledges, Delta tables behind it, one order."""

from mintmark.log.decision import Decision
from mintmark.log.importer import Ingested
from mintmark.log.lateness import Lateness, Refusals
from mintmark.log.log import Log, Position
from mintmark.log.record import Refusal, TailRecord
from mintmark.log.sequencer import Admitted
from mintmark.log.tail import Tail

__all__ = [
    "Admitted",
    "Decision",
    "Ingested",
    "Lateness",
    "Log",
    "Position",
    "Refusal",
    "Refusals",
    "Tail",
    "TailRecord",
]
