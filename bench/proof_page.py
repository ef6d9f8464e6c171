"""The page of the proof, `docs/proof.md`: what was counted, with what, and what the peers said."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from proof_peers import LOGS
from table import machine

from laws.drawn_plans import SUITS, WINDOWS
from laws.paths import WAYS
from mintmark.engine.kernel import kernel_digest

if TYPE_CHECKING:
    from proof import Found
    from proof_peers import PeerFound, PeersFound

PACKAGES = ("mintmark", "numba", "llvmlite", "numpy", "pyarrow")
NASTY = (
    "ties", "late", "ahead of their time", "with a null", "said again", "reversals", "extreme",
)  # fmt: skip
HEAD = """# The proof

Written by `{command}`; do not edit. It ran {minutes:.0f} minutes.

Law 1: oracle ≡ replay ≡ pieces ≡ live ≡ restored ≡ resumed ≡ sharded, bit for bit. The oracle
(`src/mintmark/engine/oracle.py`) looks at every event again for each value, in plain Python, with
integers that are exact and one rounding for each written operation. It shares no code with the
engine. Plans and logs are drawn (`tests/laws/drawn_*.py`); a value counts as equal when all 64 bits
of its float64 are.

**{mismatches:,} of {compared:,} compared values differ.**
"""


def write_page(
    path: Path, found: Found, peers: PeersFound | None, run: tuple[str, int, float]
) -> None:
    """Write the page; `run` is the command, the seed and the minutes."""
    command, seed, minutes = run
    compared = sum(found.counts[way] for way in WAYS)
    parts = [
        HEAD.format(
            command=command, minutes=minutes, mismatches=len(found.differing), compared=compared
        ),
        _counts(found, seed),
        "## By aggregate\n",
        _by(found, "kind", (*sorted(SUITS), "row expressions")),
        "## By form of window\n",
        _by(found, "form", WINDOWS),
        "## The same by others\n",
        _peers(peers),
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def _counts(found: Found, seed: int) -> str:
    counts = found.counts
    lines = [
        ("events", f"{counts['events']:,}"),
        *((f"of them {name}", f"{counts[name]:,}") for name in NASTY),
        ("logs", f"{counts['logs']:,}"),
        ("plans", f"{counts['plans']:,}"),
        ("of them without revisions and reversals", f"{counts['plain plans']:,}"),
        ("requests", f"{counts['requests']:,}"),
        ("values", f"{counts['values']:,}"),
        ("of them not null", f"{counts['told']:,}"),
        *((f"compared by {way}", f"{counts[way]:,}") for way in WAYS),
        ("pairs of an aggregate and a form of window with values that are not null", _pairs(found)),
        ("seed", str(seed)),
        ("digest of all values of the oracle", f"`{found.digest}`"),
        ("kernel", f"`{kernel_digest()[:12]}`"),
        *((name, version(name)) for name in PACKAGES),
        ("Python", platform.python_version()),
        ("machine", machine()),
    ]
    told = """
"Said again" is a row whose id the log had already, with another revision; a row with an id and a
revision that the log has is refused by the log before the engine sees it. "Extreme" is a number of
10**16 or more in size, up to the limits of int64; beyond 2**62 a stored value is null by rule.
"Late" and "ties" are within a stream.
"""
    return _table(("what", "count"), lines) + told


def _pairs(found: Found) -> str:
    """How many of those that there are; a rate is taken only where there is a span."""
    pairs = len(SUITS) * len(WINDOWS) - sum(form not in ("time", "both") for form in WINDOWS)
    seen = [name for name, told in found.counts.items() if name[0] == "pair" and told]
    return f"{len(seen):,} of {pairs:,}"


def _by(found: Found, what: str, names: Sequence[str]) -> str:
    lines = [
        (name, *(f"{found.counts[what, name, part]:,}" for part in ("values", "told")))
        for name in names
    ]
    return _table((what if what == "kind" else "window", "values", "not null"), lines)


def _peers(peers: PeersFound | None) -> str:
    if peers is None:
        return "The peers were not asked in this run.\n"
    lines = [_peer(peer, peers) for peer in peers.peers]
    answered = peers.rows * len(peers.features)
    ours = [f"{peers.ours[log]} of {answered:,}" for log in LOGS]
    head = ("who", *(f"wrong: {log}" for log in LOGS), "rounded otherwise", "cannot express")
    table = _table(head, [("Mintmark", *ours, "0", f"0 of {len(peers.features)}"), *lines])
    return f"""Five logs of {peers.rows:,} rows, each nasty in one way, {len(peers.features)} \
features: every aggregate over ten
minutes and over a lifetime, by key. Each peer in its best documented form (`bench/peers/values_*`),
in an environment of its own. A value is wrong where one side is null and the other is not, or where
they differ by more than 10**-9 and a part in 10**9; "rounded otherwise" is right, with other bits.
(Our entropy is defined in steps of 2**-20: there 10**-6 is forgiven.) Shown is wrong of answered;
what a peer cannot express is not asked of it. Ours is every value by replay against the oracle, all
bits.
In the log "late" a row that came later belongs to no window before it came; who sorts the log by
time first lets earlier rows see it. "1e16 then 0.1" has whole tenths, those two amounts among them.

{table}
{"".join(_remarks(peer) for peer in peers.peers)}"""


def _peer(peer: PeerFound, peers: PeersFound) -> tuple[str, ...]:
    if peer.failed:
        return (peer.name, *("–" for _ in LOGS), "–", peer.failed)
    wrong = [f"{peer.wrong[log][0]:,} of {peer.wrong[log][1]:,}" for log in LOGS]
    cannot = f"{len(peer.cannot)} of {len(peers.features)}"
    return (peer.version, *wrong, f"{peer.rounded:,}", cannot)


def _remarks(peer: PeerFound) -> str:
    """What is wrong, log by log, and how much of it are ties."""
    if peer.failed:
        return ""
    lines = [f"  - {log}: {', '.join(peer.kinds[log])}" for log in LOGS if peer.kinds.get(log)]
    if peer.wrong["ties"][0]:
        lines.append(
            f"  - of the {peer.wrong['ties'][0]:,} wrong on ties {peer.tied:,} are what all rows of"
            " one time would see if they saw each other: that is the reason"
        )
    return f"- **{peer.name}**, {peer.how}" + ("; wrong in\n" if lines else "\n") + (
        "\n".join(lines) + "\n" if lines else ""
    )  # fmt: skip


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
