"""The source of a unit: the loop around what a file of `states` or `aggregates` says.

One template for each form of state.  Everything that differs is which names the functions of the
file ask for, so a template is filled in with lists of arguments and nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from mintmark.engine import layout as L

HEAD = '''"""Written by mintmark.engine.source; do not edit."""
import numpy as np

from mintmark.engine import layout as L
from mintmark.engine.memory import number_of, numbers, words
from mintmark.engine.pages import left_of, place_of, place_within, take_run, give_run
from mintmark.engine.quick import quick
from mintmark.engine.sentinel import MASKED, NULL, UNKNOWN
'''

BEGIN = """

@quick
def unit(address):
    c = words(address, L.LOOK_SIZE)
    reads = c[L.LOOK_READS]
    lows = words(c[L.LOOK_LOW], reads)
    highs = words(c[L.LOOK_HIGH], reads)
    heap = words(c[L.LOOK_HEAP], c[L.LOOK_HEAP_SIZE])
    key = words(c[L.LOOK_KEY], L.KEY_SIZE)
    pace = words(c[L.LOOK_PACE], L.PACE_WORDS + L.WORDS_MAX)
    parts = words(c[L.LOOK_PARTS], L.WORDS_MAX * L.BATCH)
    field = c[L.LOOK_FIELD]
    otherwise = c[L.LOOK_OTHERWISE]
    a = c[L.LOOK_A]
    b = c[L.LOOK_B]
    texts = words(c[L.LOOK_TEXTS], 4)
    outcome = c[L.LOOK_SETTLED] != 0
    settle = words(c[L.LOOK_SETTLED], reads if outcome else 0)
    weights = words(c[L.LOOK_WEIGHTS], c[L.LOOK_WEIGHTS_SIZE])
    ats = words(c[L.LOOK_AT], reads)
    past = c[L.LOOK_PAST]
"""

# Words before anything is added: those of a lifetime begin with what has left.
ZERO = """{words_} = {zero}
if past:
    {words_} = {from_past}
"""

KEPT = """
    low = pace[L.PACE_LOW]
    high = pace[L.PACE_HIGH]
{load}
"""

TABLE = """
    long = key[L.KEY_PACE] != 0
    living = key[L.KEY_END] - key[L.KEY_HEAD]
    kept = False
    if long and pace[{table_at}] == 0:
        low = -1
        size = room(min(living, 64))
        start = take_run(
            heap, words(c[L.LOOK_FREE], L.SIZE_CLASSES), words(c[L.LOOK_META], L.META_SIZE), size
        )
        if start != 0:
            pace[{table_at}] = start
            pace[{table_at} + 1] = size
    if long and pace[{table_at}] != 0:
        kept = True
        table = words(c[L.LOOK_HEAP] + 8 * pace[{table_at}], pace[{table_at} + 1])
    else:
        low = -1
        table = words(c[L.LOOK_SCRATCH], room(living + 1))
"""

# A range of positions, from the older end: value by value into the words.
RANGE = """

@quick
def _{name}(heap, key, field, otherwise, first, last, settled, a, b, {words}):
    p = first
    while p < last:
        m = min(left_of(key, p), last - p)
        place = place_of(heap, key, field, p)
        times = place_of(heap, key, 0, p)
        for j in range(m):
            value = heap[place + j]
            if value == UNKNOWN:
                value = otherwise if p + j < settled else NULL
            if value > MASKED:
                at = heap[times + j]
                {words_} = {function}({arguments})
        p += m
    return {words_}
"""

# Outcomes that settle, or are unsettled by a read that comes from before.
TOLD = """

@quick
def _{name}(heap, key, field, otherwise, first, last, a, b, {words}):
    if otherwise <= MASKED:
        return {words_}
    p = first
    while p < last:
        m = min(left_of(key, p), last - p)
        place = place_of(heap, key, field, p)
        times = place_of(heap, key, 0, p)
        for j in range(m):
            if heap[place + j] == UNKNOWN:
                value = otherwise
                at = heap[times + j]
                {words_} = {function}({arguments})
        p += m
    return {words_}
"""

GROUP = """
    settled = pace[{settled_at}] if outcome else 0
    if c[L.LOOK_MODE] != L.MODE_READ:
        p = c[L.LOOK_PLACE]
        q = c[L.LOOK_UNTIL]
        if c[L.LOOK_MODE] == L.MODE_ADD:
            {words_} = _added(heap, key, field, otherwise, p, q, settled, a, b, {words})
{carried}
        else:
            {words_} = _dropped(heap, key, field, otherwise, p, q, settled, a, b, {words})
{save}
        return 0
    one_block = key[L.KEY_CAPACITY] <= L.PAGE
    times = key[L.KEY_START] - key[L.KEY_BASE]
    column = times + field * key[L.KEY_CAPACITY]
    i = 0
    while i < reads:
        l = lows[i]
        h = highs[i]
        s = settle[i] if outcome else 0
        far = low < 0 or l >= high or h <= low or abs(l - low) + abs(h - high) > h - l
        if far:
            {begin}
            low = l
            high = l
            settled = l if outcome else 0
        if one_block:
            # What mostly happens: everything moves on, a step or two.
            before = high
            while high < h:
                value = heap[column + high]
                if value == UNKNOWN and high < s:
                    value = otherwise
                if value > MASKED:
                    at = heap[times + high]
                    {words_} = add({add})
                high += 1
            while low < l:
                value = heap[column + low]
                if value == UNKNOWN and low < settled:
                    value = otherwise
                if value > MASKED:
                    at = heap[times + low]
                    {words_} = drop({drop})
                low += 1
            if outcome:
                settled = max(settled, l)
                while settled < min(s, before):
                    if heap[column + settled] == UNKNOWN and otherwise > MASKED:
                        value = otherwise
                        at = heap[times + settled]
                        {words_} = add({add})
                    settled += 1
                settled = max(settled, min(s, h))
        if outcome and settled > h:
            {words_} = _unsettled(heap, key, field, otherwise, h, settled, a, b, {words})
            settled = h
        if high < h:
            {words_} = _added(heap, key, field, otherwise, high, h, 0, a, b, {words})
        elif high > h:
            {words_} = _dropped(heap, key, field, otherwise, h, high, 0, a, b, {words})
        if low < l:
            {words_} = _dropped(heap, key, field, otherwise, low, l, settled, a, b, {words})
        elif low > l:
            {words_} = _added(heap, key, field, otherwise, l, low, settled, a, b, {words})
        low = l
        high = h
        if outcome:
            settled = max(settled, l)
            if settled < s:
                {words_} = _settled(heap, key, field, otherwise, settled, s, a, b, {words})
            elif settled > s:
                {words_} = _unsettled(heap, key, field, otherwise, s, settled, a, b, {words})
            settled = s
{leave}
        i += 1
{rest}
    if outcome:
        pace[{settled_at}] = settled
{save_all}
    return 0
"""

# Reads after the first, where the words are sums and the edges only move on: what came in up to
# each position, less what went out up to it.  How far an edge moves at a time decides no branch.
SUMS = """
        come = highs[reads - 1] - high
        gone = lows[reads - 1] - low
        if i == 1 and one_block and _onward(reads, lows, highs, settle, outcome):
            if come < 2 * L.BATCH and gone < 2 * L.BATCH:
                unsettled = otherwise if outcome else NULL
{sums}
                for n in range(1, reads):
                    x = np.uint64(highs[n] - high)
                    y = np.uint64(lows[n] - low)
{told}
                i = reads
{last}
                low = lows[reads - 1]
                high = highs[reads - 1]
                settled = high if outcome else 0
"""

SUM = """
                {sum} = {zero}
                for j in range({length} + 1):
{noted}
                    if j < {length}:
                        value = heap[column + {edge} + j]
                        if value == UNKNOWN:
                            value = unsettled
                        if value > MASKED:
                            at = heap[times + {edge} + j]
                            {sum} = add({add})
"""

ONWARD = """

@quick
def _onward(reads, lows, highs, settle, outcome):
    back = 0
    for i in range(1, reads):
        back |= np.int64(lows[i] < lows[i - 1]) | np.int64(highs[i] < highs[i - 1])
    if outcome:
        for i in range(reads):
            back |= np.int64(settle[i] < highs[i])
    return back == 0
"""

TABLED = """
    if c[L.LOOK_MODE] != L.MODE_READ:
        first = c[L.LOOK_PLACE]
        last = first + 1
        step = 1 if c[L.LOOK_MODE] == L.MODE_ADD else -1
        reads = 0
        if not kept:
            pace[L.PACE_LOW] = -1
            return 0
{walk_mode}
    for i in range(reads):
        l = lows[i]
        h = highs[i]
        s = settle[i] if outcome else 0
        if outcome or low < 0 or l >= high or h <= low or abs(l - low) + abs(h - high) > h - l:
            {words_} = {zero}
            low = l
            high = l
            for j in range(table.size):
                table[j] = {fill}
        for turn in range(4):
            first, last, step = high, h, 1
            if turn == 1:
                first, last, step = h, high, -1
            elif turn == 2:
                first, last, step = low, l, -1
            elif turn == 3:
                first, last, step = l, low, 1
{walk}
        low = l
        high = h
{leave}
    if kept:
{save_all}
    return 0
"""

WALK = """
p = first
while p < last:
    m = min(left_of(key, p), last - p)
    place = place_of(heap, key, field, p)
    times = place_of(heap, key, 0, p)
    for j in range(m):
        value = heap[place + j]
        if value == UNKNOWN:
            value = otherwise if p + j < s else NULL
        if value <= MASKED:
            continue
        at = heap[times + j]
        if step < 0:
            {words_} = drop({drop})
            continue
        if not fits({fits}):
            size = wanted({wanted})
            start = 0
            free = words(c[L.LOOK_FREE], L.SIZE_CLASSES)
            if kept:
                start = take_run(heap, free, words(c[L.LOOK_META], L.META_SIZE), size)
            if start != 0:
                larger = words(c[L.LOOK_HEAP] + 8 * start, size)
            else:
                # In scratch there is room for all living values, so this happens once.
                pace[L.PACE_LOW] = -1
                larger = words(c[L.LOOK_SCRATCH], room(living + 1))
            for x in range(larger.size):
                larger[x] = {fill}
            {words_} = move({move})
            table = larger
            if kept:
                give_run(heap, free, pace[{table_at}], pace[{table_at} + 1])
                pace[{table_at}] = start
                pace[{table_at} + 1] = size
                kept = start != 0
        {words_} = add({add})
    p += m
"""

MONOID = """
    if c[L.LOOK_MODE] != L.MODE_READ:
        p = c[L.LOOK_PLACE]
        q = c[L.LOOK_UNTIL]
        if c[L.LOOK_MODE] == L.MODE_ADD:
            {words_} = _added(heap, key, field, otherwise, p, q, 0, a, b, {words})
        elif _missed(heap, key, field, p, q, a, b, {words}):
            pace[L.PACE_LOW] = -1
{save}
        return 0
    one_block = key[L.KEY_CAPACITY] <= L.PAGE
    times = key[L.KEY_START] - key[L.KEY_BASE]
    column = times + field * key[L.KEY_CAPACITY]
    for i in range(reads):
        l = lows[i]
        h = highs[i]
        s = settle[i] if outcome else 0
        again = outcome or low < 0 or l < low or h < high or l >= high
        if not again and one_block:
            while high < h:
                value = heap[column + high]
                if value > MASKED:
                    at = heap[times + high]
                    {words_} = add({add})
                high += 1
            while low < l:
                value = heap[column + low]
                at = heap[times + low]
                if value > MASKED and lost({lost}):
                    again = True
                low += 1
        elif not again:
            {words_} = _added(heap, key, field, otherwise, high, h, 0, a, b, {words})
            again = _missed(heap, key, field, low, l, a, b, {words})
        if again:
            {begin}
            {words_} = _added(heap, key, field, otherwise, l, h, s, a, b, {words})
        low = l
        high = h
{leave}
{save_all}
    return 0
"""

MISSED = """

@quick
def _missed(heap, key, field, first, last, a, b, {words}):
    missed = False
    p = first
    while p < last:
        m = min(left_of(key, p), last - p)
        place = place_of(heap, key, field, p)
        times = place_of(heap, key, 0, p)
        for j in range(m):
            value = heap[place + j]
            at = heap[times + j]
            if value > MASKED and lost({lost}):
                missed = True
        p += m
    return missed
"""

ORDERED = """
    if c[L.LOOK_MODE] == L.MODE_ADD:
        p = c[L.LOOK_PLACE]
        q = c[L.LOOK_UNTIL]
        {words_} = _added(heap, key, field, otherwise, p, q, 0, a, b, {words})
{save}
        return 0
    for i in range(reads):
        l = lows[i]
        h = highs[i]
        s = settle[i] if outcome else 0
        if outcome or low != l or h < high:
            {begin}
            high = l
        {words_} = _added(heap, key, field, otherwise, high, h, s, a, b, {words})
        low = l
        high = h
{leave}
{save_all}
    return 0
"""

ORDERED_TABLE = """
    table = words(c[L.LOOK_SCRATCH], room(0))
    adds = c[L.LOOK_MODE] == L.MODE_ADD
    if adds:
        # To the past, which has its table behind its words.
        table = words(c[L.LOOK_HEAP] + 8 * (past + {count}), room(0))
        reads = 1
    for i in range(reads):
        s = settle[i] if outcome else 0
{begin_each}
        if adds:
            p = c[L.LOOK_PLACE]
            last = c[L.LOOK_UNTIL]
        else:
            p = lows[i]
            last = highs[i]
            for j in range(table.size):
                table[j] = heap[past + {count} + j] if past else {fill}
        while p < last:
            m = min(left_of(key, p), last - p)
            place = place_of(heap, key, field, p)
            times = place_of(heap, key, 0, p)
            for j in range(m):
                value = heap[place + j]
                if value == UNKNOWN:
                    value = otherwise if p + j < s else NULL
                if value > MASKED:
                    at = heap[times + j]
                    {words_} = add({add})
            p += m
        if adds:
{keep}
            return 0
{leave}
    return 0
"""

FOLLOW = """
    for i in range(reads):
        s = settle[i] if outcome else 0
        until = ats[i] - c[L.LOOK_OFFSET]
        first = lows[i]
        last = highs[i]
        settled = s
        fresh = outcome or low < 0
        low, high, {words_} = follow({follow})
{leave}
    if kept:
{save_all}
    return 0
"""

LOOK = """
    requests = words(c[L.LOOK_AT], reads)
    owns = words(c[L.LOOK_OWN], reads)
    for i in range(reads):
        low = lows[i]
        high = highs[i]
        settled = settle[i] if outcome else 0
        at = requests[i]
        until = at - c[L.LOOK_OFFSET]
        own_value = NULL
        if owns[i] >= 0:
            own_value = heap[place_of(heap, key, field, owns[i])]
            if own_value == UNKNOWN:
                own_value = c[L.LOOK_OWN_OTHERWISE]
        {words_} = look({look})
{leave}
        pace[L.PACE_LOW] = low
        pace[L.PACE_HIGH] = high
    return 0
"""

READER = """
from {module} import read


@quick
def unit(address):
    c = words(address, L.LOOK_SIZE)
    reads = c[L.LOOK_READS]
    parts = words(c[L.LOOK_PARTS], L.WORDS_MAX * L.BATCH)
    requests = words(c[L.LOOK_AT], reads)
    out = numbers(c[L.LOOK_OUT], reads)
    unit = number_of(c[L.LOOK_UNIT_BITS])
    offset = c[L.LOOK_OFFSET]
    a = c[L.LOOK_READ_A]
    b = c[L.LOOK_READ_B]
    for i in range(reads):
        at = requests[i]
        until = at - offset
        out[i] = read({arguments})
    return 0
"""


def reader_source(module: str, words: Sequence[str], uses: Iterable[str]) -> str:
    """Return the source of the unit that reads an aggregate, its words first among a state's."""
    places = {word: f"parts[{k} * L.BATCH + i]" for k, word in enumerate(words)}
    names = _names(_imported(module).read)
    return HEAD + READER.format(
        module=module, arguments=", ".join(places.get(name, name) for name in names)
    )


def state_source(module: Any, *, many: bool = False) -> str:
    """Return the source of the unit of a state, or of the one that has many reads at a time."""
    # Words get names that nothing else in a template has.
    words = [f"w_{word}" for word in module.WORDS]
    functions = [
        name
        for name in (
            "add",
            "drop",
            "lost",
            "look",
            "room",
            "fits",
            "wanted",
            "move",
            "finish",
            "follow",
            "carry",
        )
        if hasattr(module, name)
    ]
    imports = f"\nfrom {module.__name__} import {', '.join(functions)}\n"
    told = {
        "words": ", ".join(words),
        "words_": ", ".join(words) + ("," if len(words) == 1 else ""),
        "zero": ", ".join(str(z) for z in getattr(module, "ZERO", (0,) * len(words)))
        + ("," if len(words) == 1 else ""),
        "fill": str(getattr(module, "FILL", "NULL")),
        "load": "\n".join(f"    {word} = pace[L.PACE_WORDS + {k}]" for k, word in enumerate(words)),
        "leave": _leave(module, words),
        "from_past": ", ".join(f"heap[past + {k}]" for k in range(len(words)))
        + ("," if len(words) == 1 else ""),
        "count": str(len(words)),
        "keep": "\n".join(f"            heap[past + {k}] = {w}" for k, w in enumerate(words)),
        "save": _save(words, 8),
        "save_all": _saved_edges(4) + _save(words, 4),
    }
    told["begin"] = _indented(ZERO.format(**told), 12).strip()
    told["begin_each"] = _indented(ZERO.format(**told), 8)
    # Where the words end stands the table, if there is one, and else how far outcomes settled.
    told["table_at"] = told["settled_at"] = f"L.PACE_WORDS + {len(words)}"
    told |= {name: ", ".join(_arguments(module, name)) for name in functions}
    told["carried"] = (
        f"            {told['carry']} = carry({told['carry']})" if "carry" in told else ""
    )
    return HEAD + imports + _body(module, told, many=many)


def _body(module: Any, told: dict[str, str], *, many: bool) -> str:
    if module.FORM == "look":
        return BEGIN + LOOK.format(**told)
    tabled = getattr(module, "TABLE", False)
    kept = KEPT.format(**told)
    if module.FORM == "follow":
        told["save_all"] = _indented(told["save_all"], 4)
        return BEGIN + kept + TABLE.format(**told) + FOLLOW.format(**told)
    if module.FORM == "ordered" and tabled:
        return BEGIN + ORDERED_TABLE.format(**told)
    if tabled:
        told["save_all"] = _indented(told["save_all"], 4)
        told["fits"] = told["fits"].replace("size", "table.size")
        walk = WALK.format(**told)
        words = [f"w_{word}" for word in module.WORDS]
        mode = walk + "\n" + _save(words, 0) + "\nreturn 0"
        # Outcomes are read anew each time, so a value that comes or goes by itself is none.
        told["walk_mode"] = _indented("s = 0" + mode, 8)
        told["walk"] = _indented(walk, 12)
        return BEGIN + kept + TABLE.format(**told) + TABLED.format(**told)
    added = RANGE.format(name="added", function="add", arguments=told["add"], **told)
    if module.FORM == "ordered":
        return added + BEGIN + kept + ORDERED.format(**told)
    if module.FORM == "monoid":
        return added + MISSED.format(**told) + BEGIN + kept + MONOID.format(**told)
    dropped = RANGE.format(name="dropped", function="drop", arguments=told["drop"], **told)
    settled = TOLD.format(name="settled", function="add", arguments=told["add"], **told)
    unsettled = TOLD.format(name="unsettled", function="drop", arguments=told["drop"], **told)
    told["rest"] = ""
    onward = ""
    if many:
        told["rest"], onward = _sums(module), ONWARD
    return added + dropped + settled + unsettled + onward + BEGIN + kept + GROUP.format(**told)


def _sums(module: Any) -> str:
    """The lines that read the words of many reads off their sums up to each position."""
    words, many = module.WORDS, len(module.WORDS)
    # They stand in parts of words that the state does not have.
    at, length = L.WORDS_MAX // 2 * L.BATCH, 2 * L.BATCH
    assert 2 * many * length <= (L.WORDS_MAX - L.WORDS_MAX // 2) * L.BATCH, module.__name__
    sums = "\n".join(
        f"{' ' * 16}{edge}_s_{word} = words(c[L.LOOK_PARTS] + {8 * place}, {length})"
        for place, (edge, word) in zip(
            range(at, at + 2 * many * length, length), product(("high", "low"), words), strict=True
        )
    )
    for edge, moved in (("high", "come"), ("low", "gone")):
        names = [f"s_{word}" for word in words]
        noted = [f"{' ' * 20}{edge}_{name}[j] = {name}" for k, name in enumerate(names)]
        wanted = [f"s_{n}" if n in words else n for n in _names(module.add)]
        sums += SUM.format(
            sum=", ".join(names) + ("," if many == 1 else ""), zero="0, " * many, length=moved,
            noted="\n".join(noted), edge=edge, add=", ".join(wanted),
        ).rstrip()  # fmt: skip
    told = [
        f"{' ' * 20}parts[{k} * L.BATCH + n] = w_{word} + high_s_{word}[x] - low_s_{word}[y]"
        for k, word in enumerate(words)
    ]
    last = [
        f"{' ' * 16}w_{word} = parts[{k} * L.BATCH + reads - 1]" for k, word in enumerate(words)
    ]
    return SUMS.format(sums=sums, told="\n".join(told), last="\n".join(last))


def _leave(module: Any, words: Sequence[str]) -> str:
    """The lines that leave the words of a read in the parts."""
    lines = []
    names = list(words)
    if hasattr(module, "finish"):
        finished = list(module.FINISHED)
        comma = "," if len(finished) == 1 else ""
        arguments = ", ".join(_arguments(module, "finish"))
        renamed = [f"finished_{name}" for name in finished]
        lines.append(f"        {', '.join(renamed)}{comma} = finish({arguments})")
        names += renamed
    lines += [f"        parts[{k} * L.BATCH + i] = {name}" for k, name in enumerate(names)]
    return "\n".join(lines)


def _save(words: Sequence[str], indent: int) -> str:
    return "\n".join(
        f"{' ' * indent}pace[L.PACE_WORDS + {k}] = {word}" for k, word in enumerate(words)
    )


def _saved_edges(indent: int) -> str:
    edges = (("LOW", "low"), ("HIGH", "high"))
    return "".join(f"{' ' * indent}pace[L.PACE_{name}] = {edge}\n" for name, edge in edges)


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.strip("\n").split("\n"))


def _names(function: Any) -> list[str]:
    return list(inspect.signature(getattr(function, "py_func", function)).parameters)


def _arguments(module: Any, function: str) -> list[str]:
    """What a function of a state is called with: its words by their names in a template."""
    names = _names(getattr(module, function))
    if function in ("look", "room"):
        return names
    return [f"w_{name}" if name in module.WORDS else name for name in names]


def _imported(module: str) -> Any:
    from importlib import import_module

    return import_module(module)
