"""Charts as SVG text: axes that choose round steps, lines, bars and bands, and nothing to load.

A chart is drawn once, on the server's side, as plain SVG with classes; the page's style gives the
colours, so the same picture follows a light or a dark screen. Every mark carries a <title>, which
a browser shows on hover and a screen reader reads.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 16, 44

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A series of points joined by a line; `tone` picks its colour (1 to 5)."""

    name: str
    points: Sequence[Point]
    tone: int = 1
    dashed: bool = False
    dots: bool = False
    joined: bool = True


@dataclass(frozen=True)
class Bars:
    """A series of bars over [low, high) intervals; `tone` picks its colour (1 to 5)."""

    name: str
    bars: Sequence[tuple[float, float, float]]
    tone: int = 1


@dataclass(frozen=True)
class Frame:
    """The frame of a chart: its words and the ranges of its axes."""

    title: str
    x_label: str
    y_label: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_log: bool = False
    y_log: bool = False


def chart(frame: Frame, series: Sequence[Line | Bars]) -> str:
    """Draw series in a frame.

    Returns
    -------
    str
        One ``<figure>`` with an SVG of 560 by 300 units that scales with the page.

    Examples
    --------
    >>> frame = Frame("A", "x", "y", (0.0, 1.0), (0.0, 1.0))
    >>> chart(frame, [Line("model", [(0.0, 0.0), (1.0, 1.0)])]).startswith("<figure")
    True
    """
    parts = [_axes(frame)]
    for one in series:
        parts.append(_line(frame, one) if isinstance(one, Line) else _bars(frame, one))
    body = "".join(parts)
    return (
        f'<figure class="chart"><figcaption>{escape(frame.title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(frame.title)}">'
        f"{body}</svg>{_legend(series)}</figure>"
    )


def horizontal_bars(title: str, rows: Sequence[tuple[str, float, str, int]]) -> str:
    """Draw one horizontal bar a row: (name, length >= 0, words at its end, tone)."""
    longest = max((length for _, length, _, _ in rows), default=0.0) or 1.0
    step, label_width = 22, 190
    height = step * len(rows) + 8
    parts = []
    for index, (name, length, words, tone) in enumerate(rows):
        y = 4 + index * step
        width = (WIDTH - label_width - 90) * length / longest
        parts.append(
            f'<text class="tick" x="{label_width - 8}" y="{y + 14}" text-anchor="end">'
            f"{escape(name)}</text>"
            f'<rect class="bar t{tone}" x="{label_width}" y="{y + 3}" height="14" '
            f'width="{max(width, 1):.1f}" rx="2"><title>{escape(f"{name}: {words}")}</title></rect>'
            f'<text class="tick" x="{label_width + width + 6:.1f}" y="{y + 14}">'
            f"{escape(words)}</text>"
        )
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg></figure>"
    )


def round_steps(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, near `about` of them.

    Examples
    --------
    >>> round_steps(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        return [low]
    raw = (high - low) / about
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(m * scale for m in (1, 2, 2.5, 5, 10) if m * scale >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _place_x(frame: Frame, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * _share(value, frame.x, log=frame.x_log)


def _place_y(frame: Frame, value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * _share(value, frame.y, log=frame.y_log)


def _share(value: float, bounds: tuple[float, float], *, log: bool) -> float:
    low, high = bounds
    if log:
        value, low, high = (math.log10(max(v, 1e-12)) for v in (value, low, high))
    if high <= low:
        return 0.0
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _ticks(bounds: tuple[float, float], *, log: bool) -> list[float]:
    if not log:
        return round_steps(*bounds)
    first, last = (round(math.log10(max(b, 1e-12))) for b in bounds)
    return [10.0**power for power in range(first, last + 1)]


def _words(value: float) -> str:
    if value and abs(value) < 0.001:
        return f"{value:.0e}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:g}"


def _axes(frame: Frame) -> str:
    parts = []
    for value in _ticks(frame.y, log=frame.y_log):
        y = _place_y(frame, value)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">'
            f"{_words(value)}</text>"
        )
    for value in _ticks(frame.x, log=frame.x_log):
        x = _place_x(frame, value)
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">'
            f"{_words(value)}</text>"
        )
    middle_x, middle_y = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text class="label" x="{middle_x}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(frame.x_label)}</text>"
        f'<text class="label" transform="translate(13 {middle_y}) rotate(-90)" '
        f'text-anchor="middle">{escape(frame.y_label)}</text>'
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
        f'y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>'
    )
    return "".join(parts)


def _line(frame: Frame, line: Line) -> str:
    places = [(_place_x(frame, x), _place_y(frame, y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dashed = " dashed" if line.dashed else ""
    drawn = (
        f'<polyline class="line t{line.tone}{dashed}" points="{path}">'
        f"<title>{escape(line.name)}</title></polyline>"
    )
    if not line.joined:
        drawn = ""
    if not line.dots:
        return drawn
    dots = "".join(
        f'<circle class="dot t{line.tone}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"><title>'
        f"{escape(f'{line.name}: {px:g}, {py:.4g}')}</title></circle>"
        for (x, y), (px, py) in zip(places, line.points, strict=True)
    )
    return drawn + dots


def _bars(frame: Frame, bars: Bars) -> str:
    floor = HEIGHT - BOTTOM
    parts = []
    for low, high, value in bars.bars:
        left, right, top = _place_x(frame, low), _place_x(frame, high), _place_y(frame, value)
        parts.append(
            f'<rect class="bar t{bars.tone}" x="{left + 0.5:.1f}" y="{top:.1f}" '
            f'width="{max(right - left - 1, 0.8):.1f}" height="{max(floor - top, 0):.1f}"><title>'
            f"{escape(f'{bars.name}: {low:g} to {high:g}: {value:g}')}</title></rect>"
        )
    return "".join(parts)


def _legend(series: Sequence[Line | Bars]) -> str:
    items = "".join(
        f'<span class="key"><i class="t{one.tone}"></i>{escape(one.name)}</span>'
        for one in series
        if one.name
    )
    return f'<div class="legend">{items}</div>' if items else ""
