"""Bad definitions: each fault in our form, at the user's own line, and all of them at once."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import mintmark as mm
from define.folders import faults, line_of, write
from mintmark.ground import DefineError, Faults, MintmarkError

HEAD = "from events import card, chargeback, fraud, payment, terminal\nimport mintmark as mm\n"


def feature(text: str) -> str:
    """Return a file of features in which one feature is a text."""
    return HEAD + f"amount = payment['amount']\nfeatures = mm.Features(payment,\n    a={text})\n"


def codes(found: Sequence[MintmarkError]) -> list[str]:
    return [error.code for error in found]


def test_a_sound_folder_has_no_faults(tmp_path: Path) -> None:
    """The folder that the other tests spoil is sound."""
    assert faults(tmp_path) == ()


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    """A file that is not Python is told with its line; the other files are still checked."""
    broken = "import mintmark as mm\n\nx = mm.Entity('card'))\n"
    found = faults(tmp_path, broken=broken, other="import mintmark as mm\nmm.Money('EUX')\n")
    assert codes(found) == ["define.file.syntax", "ground.money.unknown_currency"]
    assert found[0].at == "broken.py:3"
    assert found[1].at == "other.py:2"


def test_a_syntax_error_elsewhere_makes_no_second_fault(tmp_path: Path) -> None:
    """Files that import from a broken file are not blamed for what it lacks."""
    found = faults(tmp_path, events="import mintmark as mm\ncard = = 3\n")
    assert codes(found) == ["define.file.syntax"]


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"x = 1\x00", b"# coding: nosuch\n"])
def test_a_file_that_is_no_text(data: bytes, tmp_path: Path) -> None:
    """Bytes that are no Python text are a fault, not a crash."""
    write(tmp_path)
    (tmp_path / "zzz.py").write_bytes(data)
    found = mm.check(tmp_path)
    assert len(found) == 1
    assert found[0].code in ("define.file.unreadable", "define.file.syntax")
    assert found[0].at.startswith("zzz.py:")


def test_a_cycle_is_told_with_its_way(tmp_path: Path) -> None:
    """Features that need each other are told once, with the way round."""
    text = HEAD + (
        "features = mm.Features(payment,\n"
        "    a=mm.ref('b') + 1,\n    b=mm.ref('c') * 2,\n    c=-mm.ref('a'),\n"
        "    d=mm.ref('d') / 3,\n    e=mm.ref('a'))\n"
    )
    found = faults(tmp_path, features=text)
    assert codes(found) == ["define.ref.cycle", "define.ref.cycle"]
    assert found[0].got == "a -> b -> c -> a"
    assert found[1].got == "d -> d"
    assert found[0].at == "features.py:4   $.features.a"


def test_files_that_import_each_other(tmp_path: Path) -> None:
    """A circle of files is told with its way."""
    found = faults(tmp_path, one="import two\n", two="import one\n")
    assert codes(found) == ["define.file.raised"]
    assert "one -> two -> one" in str(found[0].got)


def test_an_unknown_field_and_what_was_meant(tmp_path: Path) -> None:
    """An unknown field names the event, the line, and the nearest name."""
    found = faults(tmp_path, features=feature("payment['amuont']"))
    assert codes(found) == ["define.field.unknown"]
    assert found[0].at == "features.py:5   $.events.payment"
    assert found[0].hint == 'did you mean "amount"?'


def test_two_features_of_one_name_in_a_call(tmp_path: Path) -> None:
    """A keyword given twice is told with both places, and the rest of the file is checked."""
    text = HEAD + (
        "features = mm.Features(payment,\n    a=payment['amount'],\n    b=mm.ref('z'),\n"
        "    a=payment['online'])\n"
    )
    found = faults(tmp_path, features=text)
    assert codes(found) == ["define.feature.twice", "define.ref.unknown"]
    assert found[0].at == "features.py:4   $.features.a"
    assert found[0].got == "again at features.py:6"


def test_two_features_of_one_name_from_two_blocks(tmp_path: Path) -> None:
    """Blocks that are put together are told with the line of each feature."""
    text = HEAD + (
        "one = mm.Features(payment, a=payment['amount'])\n"
        "two = mm.Features(payment, a=payment['online'])\n"
        "features = mm.Features(payment, one, two)\n"
    )
    found = faults(tmp_path, features=text)
    assert codes(found) == ["define.feature.twice"]
    assert found[0].at == "features.py:3   $.features.a"
    assert found[0].got == "again at features.py:4"


def test_two_features_of_one_name_from_two_mappings(tmp_path: Path) -> None:
    """Python's own error for `**one, **two` is told as ours."""
    text = HEAD + (
        "one = {'a': payment['amount']}\ntwo = {'a': payment['online']}\n"
        "features = mm.Features(payment, **one, **two)\n"
    )
    found = faults(tmp_path, features=text)
    assert codes(found) == ["define.feature.twice"]
    assert found[0].at == "features.py:5   $.features.a"


def test_two_entries_of_one_name_in_a_mapping(tmp_path: Path) -> None:
    """A mapping that Python would silently shorten is told."""
    text = HEAD + "x = {'a': 1,\n     'a': 2}\n"
    found = faults(tmp_path, other=text)
    assert codes(found) == ["define.name.twice"]
    assert found[0].at == "other.py:3"
    assert found[0].got == "again at other.py:4"


def test_a_window_longer_than_what_is_kept(tmp_path: Path) -> None:
    """The error of the style page, word for word but for the numbers."""
    found = faults(tmp_path, features=feature("amount.sum().by('card').over('60d')"))
    assert found[0].render() == (
        'DefineError: feature "a" looks back further than its event is kept\n'
        "  at    features.py:5   $.features.a.over\n"
        '  got   60d      want  <= 40d  (event "payment" keeps 40d)\n'
        '  hint  shorten the window, or set keep="60d" on event "payment"\n'
        "  code  define.window.beyond_keep"
    )


@pytest.mark.parametrize(
    "window",
    [
        "'lifetime'",
        "'34d', offset='7d'",
        "last=5",
        "session='1h'",
        "'month', tz='UTC', offset='9d'",
        "'year', tz='UTC'",
    ],
)
def test_an_offset_and_a_lifetime_count_too(window: str, tmp_path: Path) -> None:
    """What is kept must hold span and offset; nothing holds a lifetime."""
    found = faults(tmp_path, features=feature(f"mm.count().by('card').over({window})"))
    assert codes(found) == ["define.window.beyond_keep"]


def test_a_window_of_just_what_is_kept(tmp_path: Path) -> None:
    """Span and offset may add up to all that is kept."""
    for window in ("'33d', offset='7d'", "'40d', edges='[]'", "'40d', last=5", "'month', tz='UTC'"):
        text = feature(f"mm.count().by('card').over({window})")
        assert faults(tmp_path, features=text) == ()


def test_a_faulty_array_makes_no_second_fault(tmp_path: Path) -> None:
    """What refers to a part of an array is not blamed for the array's own fault."""
    text = HEAD + (
        "features = mm.Features(payment,\n    a=payment['amount'].lags(0),\n"
        "    b=mm.ref('a_1') + 1,\n    c=mm.ref('b_1'))\n"
    )
    found = faults(tmp_path, features=text)
    assert codes(found) == ["define.number.outside", "define.ref.unknown"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mm.Integer(limit=0)", "define.number.outside"),
        ("payment['country'].sum()", "define.aggregate.kind"),
        ("(amount * 1.1).sum()", "define.aggregate.source"),
        ("amount.sum().by('card').over('0s')", "define.span.outside"),
        ("amount.sum().by('nobody').over('1d')", "define.key.unknown"),
        ("amount.aggregate('medien')", "define.aggregate.unknown"),
        ("payment.at.holiday('Belgium', tz='UTC')", "define.holiday.country"),
    ],
)
def test_a_fault_of_an_aggregate_is_told_at_its_line(text: str, code: str, tmp_path: Path) -> None:
    """Each is told once, at the user's own line, with what was wanted."""
    found = faults(tmp_path, features=feature(text))
    assert codes(found) == [code]
    assert found[0].at.startswith("features.py:5")
    assert found[0].want or found[0].hint


def test_an_unknown_currency(tmp_path: Path) -> None:
    """A currency that ISO 4217 does not list is told at its line."""
    text = "import mintmark as mm\nfields = {\n    'amount': mm.Money('BTC'),\n}\n"
    found = faults(tmp_path, other=text)
    assert codes(found) == ["ground.money.unknown_currency"]
    assert found[0].at == "other.py:3"


@pytest.mark.parametrize(
    "literal",
    [
        "4111111111111111",
        "4_111_111_111_111_111",
        "'4111 1111 1111 1111'",
        "'4111' '1111' '1111' '1111'",
        "b'4111111111111111'",
        "f'card 4111111111111111 {1}'",
        "1  # as with 4111111111111111",
        "dict(card4111111111111111=1)",
    ],
)
def test_an_account_number_anywhere_in_a_file(literal: str, tmp_path: Path) -> None:
    """Literals of every sort, names and comments: refused, at the line, with the number masked."""
    found = faults(tmp_path, other=f"y = 0\nx = {literal}\n")
    assert codes(found) == ["define.pan.literal"]
    assert found[0].at == "other.py:2"
    assert "1111111111" not in found[0].render().replace(" ", "").replace("_", "")


def test_an_account_number_that_is_put_together(tmp_path: Path) -> None:
    """A number that only running the file brings to light is refused by the noun it reaches."""
    text = "import mintmark as mm\nmm.Category(['41' + '11' * 7])\n"
    found = faults(tmp_path, other=text)
    assert codes(found) == ["define.pan.literal"]
    assert "41111111" not in found[0].render()


def test_an_account_number_that_is_raised(tmp_path: Path) -> None:
    """The text of the user's own error is masked too."""
    found = faults(tmp_path, other="raise ValueError('41' + '11' * 7)\n")
    assert codes(found) == ["define.file.raised"]
    assert "411111******1111" in str(found[0].got)


def test_the_users_own_errors_name_the_users_line(tmp_path: Path) -> None:
    """An exception of the user's code is told at its line, without a frame of ours."""
    text = "def half(x):\n    return 1 / x\n\n\nprint\nhalf(0)\n"
    found = faults(tmp_path, other=text, quits="import sys\nsys.exit(1)\n", needs="import nosuch\n")
    assert codes(found) == ["define.file.raised"] * 3
    assert [e.at for e in found] == ["needs.py:1", "other.py:2", "quits.py:2"]
    assert found[1].got == "ZeroDivisionError: division by zero"
    assert "mintmark" not in "".join(e.render() for e in found)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Faults of many files and of many features of one call come together, in reading order."""
    text = HEAD + (
        "features = mm.Features(\n"
        "    payment,\n"
        "    a=payment['nope'],\n"
        "    b=mm.ref('nope'),\n"
        "    c=payment['amount'].sum().by('crad').over('1d'),\n"
        "    d=payment['amount'].sum().by('card').over('90d'),\n"
        "    e=payment['amount'] > 'x',\n"
        "    f=mm.ref('a') + mm.ref('g'),\n"
        "    g=payment['country'] == 'BE',\n"
        "    h=5,\n"
        ")\n"
    )
    other = "import mintmark as mm\nmm.Event('x', id='1', at='at', zone='Mars', keep='0s')\n"
    found = faults(tmp_path, features=text, other=other)
    assert [(e.at.split("   ")[0], e.code) for e in found] == [
        ("features.py:3", "define.feature.sort"),
        ("features.py:5", "define.field.unknown"),
        ("features.py:6", "define.ref.unknown"),
        ("features.py:7", "define.key.unknown"),
        ("features.py:8", "define.window.beyond_keep"),
        ("features.py:9", "define.expression.kind"),
        ("other.py:2", "define.name.unfit"),
        ("other.py:2", "ground.time.zone"),
        ("other.py:2", "define.span.outside"),
    ]


def test_load_raises_what_check_tells(tmp_path: Path) -> None:
    """`load` raises one fault as itself and several together."""
    write(tmp_path, features=feature("payment['nope']"))
    with pytest.raises(DefineError) as one:
        mm.load(tmp_path)
    assert one.value.code == "define.field.unknown"
    write(tmp_path, features=feature("payment['nope'] + mm.ref('a') > payment['nix']"))
    with pytest.raises(Faults) as several:
        mm.load(tmp_path)
    assert codes(several.value.errors) == codes(mm.check(tmp_path))


def test_a_folder_that_is_not_there_or_empty(tmp_path: Path) -> None:
    """No folder, and a folder without a file, are told apart."""
    assert codes(mm.check(tmp_path / "nope")) == ["define.folder.missing"]
    assert codes(mm.check(tmp_path)) == ["define.folder.empty"]


def test_what_a_folder_lacks(tmp_path: Path) -> None:
    """A sound folder without a model can be loaded for its events; check tells what it lacks."""
    write(tmp_path)
    (tmp_path / "model.py").unlink()
    assert codes(mm.check(tmp_path)) == [
        "define.model.missing",
        "define.policy.missing",
        "define.gates.missing",
    ]
    definitions = mm.load(tmp_path)
    assert [event.name for event in definitions.events] == ["chargeback", "payment"]
    with pytest.raises(DefineError) as caught:
        _ = definitions.model
    assert caught.value.code == "define.model.missing"


def test_two_nouns_of_one_name(tmp_path: Path) -> None:
    """Two events of one name, and two models, are told with both places."""
    text = HEAD + (
        "again = mm.Event('payment', id='i', at='t')\n"
        "from features import features\n"
        "second = mm.Model('b', features=features, label=fraud, learner=mm.Logistic())\n"
    )
    found = faults(tmp_path, zzz=text)
    assert codes(found) == ["define.noun.twice"] * 2
    assert {str(e.got) for e in found} == {"again at zzz.py:3", "again at zzz.py:5"}


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Loading leaves modules, path and the working folder as they were."""
    before = set(sys.modules), list(sys.path), os.getcwd()
    write(tmp_path, json="import mintmark as mm\nspecial = mm.Entity('special')\n")
    mm.load(tmp_path)
    assert set(sys.modules) - before[0] <= {m for m in sys.modules if m.startswith("mintmark.")}
    assert (list(sys.path), os.getcwd()) == before[1:]
    import json

    assert not hasattr(json, "special")


def test_a_files_own_dataclasses_work(tmp_path: Path) -> None:
    """What a file defines beside nouns is ordinary Python."""
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Window:\n    span: str\n"
        "from events import payment\nimport mintmark as mm\n"
        "short = mm.count().by('card').over(Window('1h').span)\n"
    )
    assert faults(tmp_path, other=text) == ()


def test_faults_do_not_outlive_the_check(tmp_path: Path) -> None:
    """After a check a faulty noun raises at once again."""
    faults(tmp_path, features=feature("payment['nope']"))
    with pytest.raises(DefineError):
        mm.Money("EUX")


def test_relative_and_submodule_imports(tmp_path: Path) -> None:
    """`from . import events` and `from .events import payment` work as the plain names do."""
    text = "from . import events\nfrom .events import payment\nassert events.payment is payment\n"
    assert faults(tmp_path, other=text) == ()


def test_a_fault_is_told_in_the_callers_file(tmp_path: Path) -> None:
    """A definition made in a plain script, outside any folder, names the script's line too."""
    script = tmp_path / "script.py"
    script.write_text("import mintmark as mm\n\nmm.Money('EUX')\n")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert "script.py:3" in done.stderr
    assert "ground.money.unknown_currency" in done.stderr


def test_the_place_of_a_long_call_is_its_own_line(tmp_path: Path) -> None:
    """Each feature of a call of many lines is told at its own line."""
    text = HEAD + "features = mm.Features(payment,\n    a=payment['amount'],\n    b=payment.at)\n"
    found = faults(tmp_path, features=text)
    assert found[0].at == line_of(tmp_path, "features", "b=") + "   $.features.b"
