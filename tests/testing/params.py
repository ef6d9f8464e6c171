"""The parameters with which each built-in kind of aggregate is tried; most kinds have none."""

from __future__ import annotations

PARAMS: dict[str, tuple[tuple[int, ...], ...]] = {
    "quantile": ((0,), (500_000,), (990_000,)),
    "rate": ((1,), (3_600_000_000,)),
    **dict.fromkeys(("nth", "lag", "top", "bottom", "mode"), ((1,), (2,), (5,))),
    **dict.fromkeys(("decay_count", "decay_sum", "decay_mean"), ((64, 2), (1000, 31))),
}
