"""Which chart tells which story: the model's quality, what was served, what moved."""

from collections.abc import Mapping, Sequence
from typing import Any

from mintmark.console.chart import Bars, Frame, Line, chart, horizontal_bars

Json = Mapping[str, Any]


def model_charts(evaluation: Json) -> str:
    """Return precision-recall, calibration and score charts of an evaluation's curves."""
    curves = evaluation.get("curves") or {}
    drawn = []
    if pairs := curves.get("precision_recall"):
        named = sorted(pairs.items(), key=lambda pair: pair[0] != "model")
        lines = [
            Line(name, [(r, p) for r, p in points], tone=i, dashed=i > 1)
            for i, (name, points) in enumerate(named, 1)
        ]
        frame = Frame("Precision and recall", "recall", "precision", (0, 1), (0, 1))
        drawn.append(chart(frame, lines))
    if bins := curves.get("calibration"):
        drawn.append(_calibration("Calibration on the test window", bins))
    if scores := curves.get("scores"):
        drawn.append(_scores("Scores of the test window", scores))
    return _grid(drawn)


def served_charts(served: Json) -> str:
    """Return latency and score charts of the served decisions."""
    drawn = []
    if steps := served.get("latency_histogram"):
        top = max(n for _, _, n in steps) or 1
        bars = Bars("answers", [(low, high, n) for low, high, n in steps], tone=3)
        low, high = steps[0][0], steps[-1][1]
        frame = Frame(
            "Latency, from send to answer", "milliseconds", "answers", (low, high), (0, top * 1.05)
        )
        drawn.append(chart(frame, [bars]))
    if quantiles := served.get("latency_ms_by_quantile"):
        points = [(100 * q, ms) for q, ms in quantiles if ms is not None]
        worst = max([ms for _, ms in points], default=1.0)
        frame = Frame(
            "Latency by quantile", "quantile, %", "milliseconds", (0, 100), (0, worst * 1.1 or 1)
        )
        drawn.append(chart(frame, [Line("answers", points, tone=3, dots=True)]))
    if scores := served.get("scores"):
        drawn.append(_scores("Scores of the served payments", scores))
    return _grid(drawn)


def watch_charts(watch: Json) -> str:
    """Return drift by feature, score calibration and daily charts of the served days."""
    drawn = []
    if drift := watch.get("drift"):
        worst = sorted(drift, key=lambda one: -one["psi"])[:18]
        tones = {"good": 1, "warn": 4, "bad": 2}
        rows = [
            (one["feature"], one["psi"], f"{one['psi']:.3f}", tones.get(one.get("tone", ""), 1))
            for one in worst
        ]
        title = "Drift against the training window: population stability index, the 18 largest"
        drawn.append(horizontal_bars(title, rows))
    if bins := watch.get("calibration"):
        drawn.append(_calibration("Calibration on matured labels", bins))
    if days := watch.get("days"):
        drawn.append(_days(days))
    return _grid(drawn)


def seconds_chart(rows: Sequence[tuple[str, float, str, int]]) -> str:
    """Return the seconds of each step as bars."""
    return _grid([horizontal_bars("Seconds by step", rows)])


def _calibration(title: str, bins: Sequence[Json]) -> str:
    points = [(b["predicted"], b["observed"]) for b in bins]
    low = max(min([p for p, _ in points] + [o for _, o in points if o > 0], default=1e-4), 1e-5)
    bounds = (10.0 ** _floor_power(low), 1.0)
    words = ("predicted probability", "observed share of fraud")
    frame = Frame(title, *words, bounds, bounds, x_log=True, y_log=True)
    ideal = Line("ideal", [(bounds[0], bounds[0]), (1.0, 1.0)], tone=5, dashed=True)
    return chart(frame, [ideal, Line("model", points, tone=1, dots=True, joined=False)])


def _floor_power(value: float) -> int:
    power = 0
    while 10.0**power > value and power > -6:
        power -= 1
    return power


def _scores(title: str, scores: Json) -> str:
    edges = scores["edges"]
    series = []
    top = 1.0
    named = sorted(scores["counts"].items(), key=lambda pair: pair[0] == "fraud")
    for tone, (name, counts) in enumerate(named, 1):
        total = sum(counts) or 1
        shares = [n / total for n in counts]
        bars = list(zip(edges[:-1], edges[1:], shares, strict=True))
        series.append(Bars(name, bars, tone=tone))
        top = max(top if tone > 1 else 0.0, *shares)
    bounds = (edges[0], edges[-1])
    frame = Frame(title, "score (log odds)", "share of payments", bounds, (0, top * 1.05))
    return chart(frame, series)


def _days(days: Sequence[Json]) -> str:
    rate = [(i + 1, d["alert_rate"]) for i, d in enumerate(days)]
    known = [(i + 1, d.get("fraud_rate")) for i, d in enumerate(days)]
    fraud = [(day, rate) for day, rate in known if rate is not None]
    top = max([r for _, r in rate] + [f for _, f in fraud] + [0.001])
    frame = Frame(
        "By served day", "day", "share of payments", (1, max(len(days), 2)), (0, top * 1.15)
    )
    lines = [Line("sent to review or declined", rate, tone=2, dots=True)]
    if fraud:
        lines.append(Line("known fraud (matured days)", fraud, tone=1, dots=True))
    return chart(frame, lines)


def _grid(drawn: Sequence[str]) -> str:
    return f'<div class="charts">{"".join(drawn)}</div>' if drawn else ""
