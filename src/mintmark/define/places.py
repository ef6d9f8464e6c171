"""Places on the earth: the distance between two, and how far a key has come since its last."""

from __future__ import annotations

import math
from typing import Any

from mintmark.define.derived import By, kept
from mintmark.define.expr import Expr, operand
from mintmark.define.fault import Named, guarded
from mintmark.define.operators import Operand
from mintmark.define.place import user_place

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


@guarded
def distance_km(lat1: Operand, lon1: Operand, lat2: Operand, lon2: Operand) -> Expr:
    """Return the kilometres between two places on the earth, given in degrees (haversine).

    Source: R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68 (1984), on a sphere of
    the earth's mean radius; the arc sine is written by an arc tangent that no rounding can leave.
    """
    place = user_place()
    told = (operand(part, place) for part in (lat1, lon1, lat2, lon2))
    a, b, c, d = (part * (math.pi / 180) for part in told)
    height, width = ((c - a) / 2).sin(), ((d - b) / 2).sin()
    square = height * height + a.cos() * c.cos() * (width * width)
    held = square.clip(0, 1)
    return (held.sqrt() / (1 + (1 - held).sqrt())).atan() * (4 * EARTH_KM)


class Places(Named):
    """What the events of a stream say of where they happened."""

    @guarded
    def distance_from_last(
        self, lat: Any, lon: Any, *, by: By, over: str | None = "lifetime", **window: Any
    ) -> Expr:
        """Return the kilometres from the last place that an event of a key names.

        Parameters
        ----------
        lat, lon : str or Expr
            Fields of latitude and longitude, in degrees.
        by, over, window
            The keys and the window, as `.by(...)` and `.over(...)` take them.
        """
        lat, lon, told = self._place(lat, lon)
        last = [kept(part.last().where(told), by, over, window) for part in (lat, lon)]
        return distance_km(last[0], last[1], lat, lon)

    @guarded
    def speed_from_last(
        self, lat: Any, lon: Any, *, by: By, over: str | None = "lifetime", **window: Any
    ) -> Expr:
        """Return the kilometres an hour from the last place; null where no time has passed."""
        event: Any = self
        _, _, told = self._place(lat, lon)
        seconds = kept(event.at.since_last().where(told), by, over, window)
        distance: Any = event.distance_from_last(lat, lon, by=by, over=over, **window)
        return distance / (seconds / 3600)  # type: ignore[no-any-return]

    def _place(self, lat: Any, lon: Any) -> tuple[Any, Any, Any]:
        event: Any = self
        both = [event[part] if isinstance(part, str) else part for part in (lat, lon)]
        # Half a place is none: both parts must come from one event.
        return both[0], both[1], ~both[0].null() & ~both[1].null()
