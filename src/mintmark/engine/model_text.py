"""The shape of a LightGBM text model, checked before native code is handed the text.

LightGBM's own reader trusts its input: a truncated tree or a child index out of range is read
past the end of an array.  So the text is read here first, in Python, by a grammar narrower than
LightGBM's: one score per row, a binary objective, numeric splits, every tree a tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mintmark.ground import EngineError

BYTES_MAX = 64 * 1024 * 1024
TREES_MAX = 10_000
LEAVES_MAX = 4_096

_HEADER = {
    "version": "v4",
    "num_class": "1",
    "num_tree_per_iteration": "1",
    "objective": "binary sigmoid:1",
}
_HEADER_FREE = {"label_index", "max_feature_idx", "feature_names", "feature_infos", "tree_sizes"}
_HEADER_MAY = {"monotone_constraints"}
_INTEGERS = re.compile(r"-?[0-9]{1,10}(?: -?[0-9]{1,10})*")
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?"
_NUMBERS = re.compile(rf"{_NUMBER}(?: {_NUMBER})*")
_OR_INFINITE = rf"(?:{_NUMBER}|-?inf)"  # a split of null against everything has the threshold inf
_THRESHOLDS = re.compile(rf"{_OR_INFINITE}(?: {_OR_INFINITE})*")
_NODE_INTEGERS = ("split_feature", "decision_type", "left_child", "right_child", "internal_count")
_NODE_NUMBERS = ("split_gain", "threshold", "internal_value", "internal_weight")
_WHOLE_MAX = 2**31 - 1  # LightGBM keeps whole numbers in 32 bits
_TREE_KEYS = frozenset(
    (*_NODE_INTEGERS, *_NODE_NUMBERS, "Tree", "num_leaves", "num_cat", "leaf_value", "leaf_weight",
     "leaf_count", "is_linear", "shrinkage")
)  # fmt: skip
_NUMERIC_SPLITS = frozenset({0, 2, 4, 6, 8, 10})  # bit 0 would mean a split by category sets


@dataclass(frozen=True)
class Outline:
    """What a checked text model holds: inputs, trees, and leaves of its largest tree."""

    names: tuple[str, ...]
    trees: int
    leaves_max: int


def _fault(what: str, *, at: str, got: str, want: str) -> EngineError:
    """One form for every fault of the text; the cause is the same, bytes that are not ours."""
    return EngineError(
        f"a model's text is not what it should be: {what}",
        at=at,
        got=got[:80],
        want=want,
        hint="the file was altered or cut short; release the model again",
        code="engine.model_text.shape",
    )


def _fields(block: str, at: str) -> dict[str, str]:
    """Lines of ``key=value``, each key once."""
    found: dict[str, str] = {}
    for line in block.split("\n"):
        key, equals, value = line.partition("=")
        if not equals or key in found:
            raise _fault("a line is not one new key=value", at=at, got=line, want="key=value")
        found[key] = value
    return found


def _values(fields: dict[str, str], key: str, count: int, at: str) -> np.ndarray:
    """One array of a tree, of exactly `count` numbers."""
    text = fields.get(key, "")
    whole = key in _NODE_INTEGERS or key == "leaf_count"
    grammar = _INTEGERS if whole else _THRESHOLDS if key == "threshold" else _NUMBERS
    if not grammar.fullmatch(text) or text.count(" ") != count - 1:
        raise _fault("a list of numbers is missing, cut or too long", at=f"{at}.{key}", got=text,
                     want=f"{count} {'whole ' if whole else ''}numbers")  # fmt: skip
    array = np.array(text.split(" "), dtype=np.int64 if whole else np.float64)
    if (
        (np.abs(array) > _WHOLE_MAX).any()
        if whole
        else (key != "threshold" and not np.isfinite(array).all())
    ):
        raise _fault("a number is too large", at=f"{at}.{key}", got=text, want="numbers that fit")
    return array


def _check_branches(fields: dict[str, str], leaves: int, inputs: int, at: str) -> None:
    """Every node and leaf hangs from exactly one earlier node, and asks for an input there is."""
    node = {key: _values(fields, key, leaves - 1, at) for key in (*_NODE_INTEGERS, *_NODE_NUMBERS)}
    feature = node["split_feature"]
    if (feature < 0).any() or (feature >= inputs).any():
        raise _fault("a split asks for an input that is not there", at=f"{at}.split_feature",
                     got=str(int(feature.max())), want=f"0..{inputs - 1}")  # fmt: skip
    if not set(node["decision_type"].tolist()) <= _NUMERIC_SPLITS:
        raise _fault("a split is not by a number", at=f"{at}.decision_type",
                     got=fields["decision_type"], want="numeric splits")  # fmt: skip
    child = np.concatenate([node["left_child"], node["right_child"]])
    parent = np.concatenate([np.arange(leaves - 1)] * 2)
    inner = child >= 0
    nodes, tips = np.sort(child[inner]), np.sort(~child[~inner])
    whole = np.array_equal(nodes, np.arange(1, leaves - 1)) and np.array_equal(
        tips, np.arange(leaves)
    )
    if not whole or (child[inner] <= parent[inner]).any():
        raise _fault("its branches are not one tree", at=f"{at}.left_child, right_child",
                     got=f"{leaves} leaves", want="each node and leaf once")  # fmt: skip
    if (node["internal_count"] < 1).any():
        raise _fault("a node was reached by no row", at=f"{at}.internal_count",
                     got=str(int(node["internal_count"].min())), want=">= 1")  # fmt: skip


def _check_tree(block: str, *, number: int, inputs: int) -> int:
    """Check one tree's text and return its leaves."""
    at = f"model.txt Tree={number}"
    if not block.startswith(f"Tree={number}\n") or not block.endswith("\n\n\n"):
        raise _fault("a tree does not stand where its size says", at=at, got=block[:20],
                     want=f"Tree={number} up to two empty lines")  # fmt: skip
    fields = _fields(block[:-3], at)
    kind = (fields.get("num_cat"), fields.get("is_linear"))
    text = fields.get("num_leaves", "")
    leaves = int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0
    if kind != ("0", "0") or not 1 <= leaves <= LEAVES_MAX or set(fields) != _TREE_KEYS:
        raise _fault("a tree is of a kind not served", at=at, got=f"{kind} num_leaves={text}",
                     want=f"no categories, not linear, 1..{LEAVES_MAX} leaves")  # fmt: skip
    _values(fields, "leaf_value", leaves, at)
    _values(fields, "shrinkage", 1, at)
    if leaves > 1:
        _values(fields, "leaf_weight", leaves, at)
        _values(fields, "leaf_count", leaves, at)
        _check_branches(fields, leaves, inputs, at)
    return leaves


def _check_header(fields: dict[str, str], names: Sequence[str]) -> list[int]:
    """Check the header against the bundle's inputs and return the size of each tree in bytes."""
    for key, value in _HEADER.items():
        if fields.get(key) != value:
            raise _fault("its header differs", at=f"model.txt {key}", got=fields.get(key, "none"),
                         want=value)  # fmt: skip
    unknown = set(fields) - set(_HEADER) - _HEADER_FREE - _HEADER_MAY
    if unknown or not set(fields) >= _HEADER_FREE:
        raise _fault("its header has other keys", at="model.txt", got=", ".join(sorted(fields)),
                     want=", ".join(sorted({*_HEADER, *_HEADER_FREE})))  # fmt: skip
    if fields["max_feature_idx"] != str(len(names) - 1):
        raise _fault("it has another number of inputs", at="model.txt max_feature_idx",
                     got=fields["max_feature_idx"], want=str(len(names) - 1))  # fmt: skip
    if fields["feature_names"].split(" ") != list(names):
        raise _fault("its inputs are not the bundle's", at="model.txt feature_names",
                     got=fields["feature_names"], want=" ".join(names))  # fmt: skip
    if fields["feature_infos"].count(" ") != len(names) - 1 or "=" in fields["feature_infos"]:
        raise _fault("it describes another number of inputs", at="model.txt feature_infos",
                     got=fields["feature_infos"], want=f"{len(names)} ranges")  # fmt: skip
    sizes = fields["tree_sizes"]
    if not _INTEGERS.fullmatch(sizes) or "-" in sizes or sizes.count(" ") >= TREES_MAX:
        raise _fault("it names no sizes of trees", at="model.txt tree_sizes", got=sizes,
                     want=f"1..{TREES_MAX} sizes")  # fmt: skip
    return [int(size) for size in sizes.split(" ")]


def check_text(text: bytes, *, names: Sequence[str]) -> Outline:
    """Check the whole shape of a LightGBM text model and return its outline.

    Parameters
    ----------
    text : bytes
        Content of ``model.txt``.
    names : sequence of str
        The bundle's inputs in order; the model must name exactly these.

    Raises
    ------
    EngineError
        ``engine.model_text.shape``, with the place, at the first thing that is not as written by
        LightGBM 4 for a binary model with numeric splits.

    Cost: 200 trees of 31 leaves take 20 ms.
    """
    if len(text) > BYTES_MAX or not text.isascii():
        raise _fault("it is no such text", at="model.txt", got=f"{len(text)} bytes",
                     want=f"at most {BYTES_MAX} bytes of ASCII")  # fmt: skip
    plain = text.decode("ascii")
    head, _, _ = plain.partition("\n\n")
    if not head.startswith("tree\n"):
        raise _fault("it does not begin as one", at="model.txt", got=head[:20], want="tree")
    sizes = _check_header(_fields(head[len("tree\n") :], "model.txt"), names)
    at, leaves_max = len(head) + 2, 1
    for number, size in enumerate(sizes):
        block = plain[at : at + size]
        leaves_max = max(leaves_max, _check_tree(block, number=number, inputs=len(names)))
        at += size
    if not plain.startswith("end of trees\n", at):
        raise _fault("its trees do not end where their sizes say", at="model.txt",
                     got=plain[at : at + 20], want="end of trees")  # fmt: skip
    return Outline(tuple(names), len(sizes), leaves_max)
