"""The frozen nouns that a user writes: entity, event, feature, label, model, policy, gates.

Each has a canonical form and a digest. Nothing here reads data.
"""

# ruff: noqa: I001, RUF022 (one name a line would not fit a door of sixty lines)
# fmt: off
from mintmark.define.array import Array
from mintmark.define.catalogue import AggregateKind, aggregate_kind
from mintmark.define.definitions import Definitions
from mintmark.define.event import Entity, Event, Optional, count
from mintmark.define.expr import Aggregate, Expr
from mintmark.define.feature_rules import kinds_of, nodes_of, values_of
from mintmark.define.features import Features
from mintmark.define.field import (
    MONEY_MAX, Category, Field, Fixed, Flag, Integer, Money, Pan, Text, Time,
)
from mintmark.define.gates import Bound, Gates, Waiver, at_least, at_most
from mintmark.define.kind import CALENDAR
from mintmark.define.label import Label, Outcome
from mintmark.define.load import check, load
from mintmark.define.model import Learner, LightGBM, Logistic, Model
from mintmark.define.places import distance_km
from mintmark.define.policy import Cost, Policy
from mintmark.define.row import greatest, least, ref, where
from mintmark.define.split import Split
from mintmark.define.table import Lookup, Rates, Table, tables_of
from mintmark.define.window import Window, reach_us, window_words
from mintmark.define.wording import parameter_words, role_words, words

__all__ = [
    "Aggregate", "AggregateKind", "Array", "Bound", "CALENDAR", "Category", "Cost", "Definitions",
    "Entity", "Event", "Expr", "Features", "Field", "Fixed", "Flag", "Gates", "Integer", "Label",
    "Learner", "LightGBM", "Logistic", "Lookup", "MONEY_MAX", "Model", "Money", "Optional",
    "Outcome", "Pan", "Policy", "Rates", "Split", "Table", "Text", "Time", "Waiver", "Window",
    "aggregate_kind", "at_least", "at_most", "check", "count", "distance_km", "greatest",
    "kinds_of", "least", "load", "nodes_of", "parameter_words", "reach_us", "ref", "role_words",
    "tables_of", "values_of", "where", "window_words", "words",
]
# fmt: on
