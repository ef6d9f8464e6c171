"""Machine learning over event streams, built for payments.

`import mintmark as mm` gives the nouns and functions that definitions are written with. They are
loaded when they are first used, so that importing the package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mintmark.define import (
        Category,
        Cost,
        Entity,
        Event,
        Features,
        Fixed,
        Flag,
        Gates,
        Integer,
        Label,
        LightGBM,
        Logistic,
        Model,
        Money,
        Optional,
        Pan,
        Policy,
        Rates,
        Split,
        Table,
        Text,
        Time,
        Waiver,
        at_least,
        at_most,
        check,
        count,
        distance_km,
        greatest,
        least,
        load,
        ref,
        where,
    )

__version__ = "0.1.0"

__all__ = [
    "Category",
    "Cost",
    "Entity",
    "Event",
    "Features",
    "Fixed",
    "Flag",
    "Gates",
    "Integer",
    "Label",
    "LightGBM",
    "Logistic",
    "Model",
    "Money",
    "Optional",
    "Pan",
    "Policy",
    "Rates",
    "Split",
    "Table",
    "Text",
    "Time",
    "Waiver",
    "at_least",
    "at_most",
    "check",
    "count",
    "distance_km",
    "greatest",
    "least",
    "load",
    "ref",
    "where",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        value = globals()[name] = getattr(importlib.import_module("mintmark.define"), name)
        return value
    told = f"module 'mintmark' has no attribute {name!r}"
    if not name.startswith("_"):
        limit = importlib.import_module("mintmark.define.limit")
        told += f": {limit.close(name, __all__)}"
    raise AttributeError(told)


def __dir__() -> list[str]:
    return sorted(__all__)
