"""The same values by other people's engines, for the proof that counts whose are wrong.

    python bench/peer_values.py LOG OUT KIND:SPAN_US ...

The log is a Parquet file of `key`, `at` (int64 µs), `seq` (int64, unique), `amount` (float64, null)
and `category` (text, null), in the order of seq. A feature is a kind and a span; its window is
(at - span, at] over the events of the key whose seq is not above the row's own, itself included;
span None is a lifetime. The kinds are those of the catalogue: those of `OF_CATEGORY` read the
category, `count`, `rate` and the `gap_*` and `since_*` of time count events, all others the amount;
`quantile_90` is the quantile 0.9, nearest rank. Each peer has its best documented form, and says
what it cannot express.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peer import Peer

PEERS = ("pandas", "polars", "duckdb", "river", "temporian", "bytewax")
OF_CATEGORY = ("distinct", "entropy", "mode", "top_share", "unique_share")
Wanted = tuple[str, int | None]


@dataclass(frozen=True)
class PeerValues:
    """What a peer answered.

    path : Parquet with `seq` and a column for each feature that it can express, by `name_of`, null
    for no value, rows in the order of seq;  cannot : the names of the others;  how : its form.
    """

    peer: str
    version: str
    path: Path
    expressed: tuple[str, ...]
    cannot: tuple[str, ...]
    how: str


def name_of(kind: str, span_us: int | None) -> str:
    """Return the name of a feature's column."""
    return f"{kind}_{'ever' if span_us is None else span_us}"


def peer_values(
    log_path: Path,
    wanted: Sequence[Wanted],
    out_dir: Path,
    peers: Sequence[str] = PEERS,
) -> dict[str, PeerValues]:
    """Compute features with every peer, each in a process and an environment of its own."""
    out_dir.mkdir(parents=True, exist_ok=True)
    asked = [{"name": name_of(*one), "kind": one[0], "span_us": one[1]} for one in wanted]
    found = {}
    for name in peers:
        peer = Peer.start(name, script=f"values_{name}")
        path = out_dir / f"{name}.parquet"
        told = peer.ask("values", log=str(log_path), wanted=asked, out=str(path))
        expressed = tuple(told["names"])
        cannot = tuple(one["name"] for one in asked if one["name"] not in expressed)
        found[name] = PeerValues(name, peer.version, path, expressed, cannot, told["how"])
        peer.stop()
    return found


def main() -> None:
    """Compute the features that the command line names and print where they lie."""
    log, out, *features = sys.argv[1:]
    pairs = [feature.rsplit(":", 1) for feature in features]
    wanted = [(kind, None if span == "ever" else int(span)) for kind, span in pairs]
    for name, told in peer_values(Path(log), wanted, Path(out)).items():
        shown = {"peer": name, "version": told.version, "how": told.how}
        print(json.dumps(shown | {"path": str(told.path), "cannot": told.cannot}))


if __name__ == "__main__":
    main()
