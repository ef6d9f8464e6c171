"""The decorator of compiled functions that never allocate: Numba without its reference counts.

Numba counts a reference, atomically, for every slice of an array that a function makes. The fold
makes a few for each window, and the counting cost as much as the work (decision 0002). A function
that allocates nothing needs none of it: whoever calls the kernel keeps the arrays alive. Division
by zero is asked for before, never trapped: a trap in each loop keeps it from being vectorised.

`_nrt` is an option of Numba that is spelt as private; this is the one place that says it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

OPTIONS = {"_nrt": False, "error_model": "numpy"}

_njit: Any = njit
quick: Callable[[Callable[..., Any]], Any] = _njit(**OPTIONS)
