"""A view of an array that counts no references, for hot compiled code that only looks.

Numba counts a reference, atomically, for every slice; in `engine.step` that cost five times the
work itself.  The caller keeps the array alive for the whole call, so a borrowed view may not leave
the function that borrowed it.  Compiled; imported only by the kernel.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic  # type: ignore[untyped-decorator]
def borrow(typing: Any, array: Any) -> Any:
    """The same array without its owner."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(array)(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()

    return array(array), emit
