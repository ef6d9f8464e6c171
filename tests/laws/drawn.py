"""Random plans and random logs, small and nasty: what the laws of the engine are tried on."""

from laws.drawn_forms import COUNTRIES, Log, tables_of
from laws.drawn_logs import drawn_log
from laws.drawn_plans import drawn_plan

__all__ = ["COUNTRIES", "Log", "drawn_log", "drawn_plan", "tables_of"]
