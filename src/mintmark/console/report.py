"""The report of one run of the main job, as one HTML file drawn from its JSON twin.

What the page shows is in the JSON, and nothing else: a section whose figures are missing from the
JSON is left out, so the same page serves a run that served nothing yet.
"""

from collections.abc import Mapping
from typing import Any

from mintmark.console import figures
from mintmark.console.page import (
    badge,
    html_table,
    note,
    page,
    preformatted,
    table,
    tiles,
)
from mintmark.console.words import METRICS, count, escape, number, share

Section = tuple[str, str, str]
Json = Mapping[str, Any]


def render_report(report: Json) -> str:
    """Return the report as one HTML page that opens offline.

    Parameters
    ----------
    report : mapping
        What ``mintmark report --json`` prints.

    Examples
    --------
    >>> render_report({"title": "card_fraud", "lead": "a run"}).startswith("<!doctype html>")
    True
    """
    makers = (
        ("overview", "", _overview, "title"),
        ("data", "Data", _data, "data"),
        ("plan", "Plan", _plan, "plan"),
        ("model", "Model", _model, "evaluation"),
        ("verdict", "Verdict", _verdict, "verdict"),
        ("release", "Release", _release, "release"),
        ("served", "Served decisions", _served, "served"),
        ("watch", "Watch", _watch, "watch"),
        ("card", "Model card", _card, "card"),
        ("time", "Time taken", _seconds, "seconds"),
    )
    sections: list[Section] = [
        (anchor, heading, make(report)) for anchor, heading, make, key in makers if report.get(key)
    ]
    return page(str(report.get("title", "Mintmark")), str(report.get("lead", "")), sections)


def _overview(report: Json) -> str:
    items: list[tuple[str, str, str]] = []
    verdict, served, parity = (report.get(k) or {} for k in ("verdict", "served", "parity"))
    if rows := report.get("data", {}).get("ingested"):
        items.append((count(rows), "events ingested", ""))
    if shown := (report.get("evaluation") or {}).get("figures"):
        for name in ("average_precision", "auc_roc", "card_precision_100"):
            if name in shown:
                items.append((number(shown[name]["value"], 3), METRICS[name], ""))
    if verdict:
        tone = {"PROMOTE": "good", "HOLD": "warn"}.get(verdict["result"], "bad")
        items.append((verdict["result"], "verdict of the gates", tone))
    if served:
        items.append((count(served["decisions"]), "decisions served", ""))
        items.append((f"{number(served['latency_ms_p99'], 2)} ms", "p99, send to answer", ""))
        items.append((count(served["errors"]), "served errors", _zero(served["errors"])))
    if parity:
        words = f"mismatches in {count(parity['compared'])} vectors"
        items.append((count(parity["mismatches"]), words, _zero(parity["mismatches"])))
    notes = "".join(note(text, tone="warn") for text in report.get("notes", []))
    return tiles(items) + notes


def _zero(value: int) -> str:
    return "bad" if value else "good"


def _data(report: Json) -> str:
    data = report["data"]
    streams = [
        [name, count(one["rows"]), *(str(one.get(key, "")) for key in ("from", "to"))]
        for name, one in data.get("streams", {}).items()
    ]
    body = f"<p>{escape(data.get('words', ''))}</p>"
    body += table(["stream", "events", "from", "to"], streams, numbers=(1,))
    rows = [[reason, count(n)] for reason, n in data.get("quarantined", {}).items()]
    if rows:
        body += "<h3>Quarantined</h3>" + table(["reason", "rows"], rows, numbers=(1,))
    if version := data.get("version"):
        body += f"<p class='quiet'>Data version <code>{escape(version)}</code></p>"
    return body


def _plan(report: Json) -> str:
    plan = report["plan"]
    words = f"{plan['features']} features, one kernel for history and for live."
    return (
        f"<p>{escape(words)} Plan digest <code>{escape(plan['digest'])}</code></p>"
        f"<details><summary>The whole plan</summary>{preformatted(plan['text'])}</details>"
    )


def _model(report: Json) -> str:
    evaluation = report["evaluation"]
    body = f"<p>{escape(evaluation.get('words', ''))}</p>"
    head = ["metric", "model", "95 % interval", "floor", "difference", "95 % interval"]
    rows = []
    for name, one in evaluation["figures"].items():
        floor = evaluation.get("floor_figures", {}).get(name)
        apart = evaluation.get("differences", {}).get(name)
        rows.append(
            [
                METRICS.get(name, name),
                number(one["value"], 4),
                _interval(one),
                number(floor["value"], 4) if floor else "",
                number(apart["value"], 4, signed=True) if apart else "",
                _interval(apart) if apart else "",
            ]
        )
    body += table(head, rows, numbers=(1, 2, 3, 4, 5))
    body += figures.model_charts(evaluation)
    if groups := evaluation.get("groups"):
        body += _groups(groups)
    return body


def _interval(one: Json) -> str:
    if one.get("low") is None or one.get("high") is None:
        return ""
    return f"{number(one['low'], 4)} to {number(one['high'], 4)}"


def _groups(groups: Json) -> str:
    body = "<h3>By group</h3>"
    for metric, members in groups.items():
        rows = [
            [name, number(one["value"], 4), count(one["n"]), count(one.get("n_positive", 0))]
            for name, one in members.items()
        ]
        head = [METRICS.get(metric, metric), "figure", "cases", "of them fraud"]
        body += table(head, rows, numbers=(1, 2, 3))
    return body


def _verdict(report: Json) -> str:
    verdict = report["verdict"]
    body = f"<p>{badge(verdict['result'])} {escape(verdict.get('words', ''))}</p>"
    rows: list[list[str]] = []
    for gate in verdict.get("gates", []):
        rows.append(_gate(gate, METRICS.get(gate["gate"], gate["gate"])))
        rows += [
            _gate({**part, "bound": ""}, f"\u2003rate of {part['gate']}")
            for part in gate.get("parts", [])
        ]
    head = ["gate", "figure", "bound", "result", "reason"]
    return body + html_table(head, rows, numbers=(1,))


def _gate(gate: Json, name: str) -> list[str]:
    reason = escape(str(gate.get("reason", "")))
    if waived := gate.get("waived"):
        words = f"waived by {waived['owner']} on {waived['date']}: {waived['reason']}"
        reason += f"<br><span class='waived'>{escape(words)}</span>"
    figure = gate.get("figure") or {}
    shown = number(figure.get("value"), 4)
    if _interval(figure):
        shown += f"<br><span class='quiet'>{_interval(figure)}</span>"
    bound = escape(str(gate.get("bound", "")))
    return [escape(name), shown, bound, badge(str(gate["result"])), reason]


def _release(report: Json) -> str:
    release = report["release"]
    rows = [[name.replace("_", " "), str(value)] for name, value in release.items()]
    return table(["what", "which"], rows)


def _served(report: Json) -> str:
    served = report["served"]
    body = f"<p>{escape(served.get('words', ''))}</p>"
    actions = served.get("actions", {})
    total = sum(actions.values()) or 1
    rows = [[name, count(n), share(n / total)] for name, n in actions.items()]
    body += table(["action", "decisions", "share"], rows, numbers=(1, 2))
    body += figures.served_charts(served)
    if parity := report.get("parity"):
        words = (
            f"{count(parity['compared'])} served feature vectors were compared with replay over "
            f"the log, bit for bit: {count(parity['mismatches'])} mismatches."
        )
        body += note(words, tone="" if not parity["mismatches"] else "warn")
    return body


def _watch(report: Json) -> str:
    watch = report["watch"]
    body = f"<p>{escape(watch.get('words', ''))}</p>"
    rows = []
    for name in ("mature", "immature"):
        if one := watch.get(name):
            rows.append(
                [
                    name,
                    count(one["payments"]),
                    count(one["frauds"]),
                    count(one["alerts"]),
                    number(one.get("precision"), 3),
                    number(one.get("recall"), 3),
                ]
            )
    head = ["labels", "payments", "frauds known", "alerts", "precision", "recall"]
    body += table(head, rows, numbers=(1, 2, 3, 4, 5))
    body += figures.watch_charts(watch)
    findings = [
        [badge(str(f["severity"])), escape(str(f["what"])), escape(str(f.get("detail", "")))]
        for f in watch.get("findings", [])
    ]
    if findings:
        body += "<h3>Findings</h3>" + html_table(["", "finding", "detail"], findings)
    else:
        body += note("No finding: nothing moved further than its threshold.")
    return body


def _card(report: Json) -> str:
    card = report["card"]
    body = f"<p>{escape(str(card.get('purpose', '')))}</p>"
    for name in ("owners", "limits", "data", "waivers"):
        if card.get(name):
            body += f"<h3>{name.capitalize()}</h3>{_card_value(card[name])}"
    rows = [
        [METRICS.get(name, name), number(one.get("value"), 4), _interval(one), str(one["better"])]
        for name, one in card.get("metrics", {}).items()
    ]
    head = ["metric", "figure", "95 % interval", "better"]
    return body + "<h3>Figures</h3>" + table(head, rows, numbers=(1, 2))


def _card_value(value: Any) -> str:
    if isinstance(value, Mapping):
        rows = [[str(k).replace("_", " "), _plain(v)] for k, v in value.items()]
        return table(["", ""], rows)
    if isinstance(value, (list, tuple)):
        return "<ul>" + "".join(f"<li>{escape(_plain(v))}</li>" for v in value) + "</ul>"
    return f"<p>{escape(_plain(value))}</p>"


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return number(value, 4)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(v) for v in value)
    return "" if value is None else str(value)


def _seconds(report: Json) -> str:
    seconds = report["seconds"]
    rows = [(name, float(s), f"{float(s):.2f} s", 1) for name, s in seconds.items()]
    return figures.seconds_chart(rows)
