"""One aggregate is one small file here: its docstring declares algebra, exactness and source.

`KINDS` names them; the place in the tuple is the code by which the kernel's tables call them.
Additive aggregates read exact parts (`engine.moments`) that windows may add and subtract; the
others read the values of the window themselves.  Importing this package loads no compiler.
"""

KINDS = ("count", "sum", "mean", "std", "min", "max", "last", "distinct", "since_last")

NEEDS = {"count": 0, "sum": 1, "mean": 1, "std": 2}
"""How many powers of the values an additive aggregate needs; kinds not named are not additive."""

CODES = {kind: code for code, kind in enumerate(KINDS)}
