"""Law 4: the same definitions in any order give one digest; what can alter a value changes it.

Definitions are written as files in a drawn order: features in any keyword order, spread over any
number of files under any names, fields, keys and columns in any order. Their plan, and their text
as a whole, must not notice. Then one of many edits is made, each of which can alter a value, and
the plan must notice every one.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mintmark as mm
from mintmark.define import Definitions
from mintmark.plan import Plan, compile_plan

KEYS = ['"card": card', '"terminal": mm.Optional(terminal)']
FIELDS = [
    '"amount": mm.Money("EUR")',
    '"rate": mm.Fixed(6)',
    '"country": mm.Category(["BE", "FR"])',
    '"online": mm.Flag()',
    '"opened_at": mm.Time(zone="UTC")',
]
RULES = [
    'id="payment_id"',
    'at="paid_at"',
    'lateness="7d"',
    'skew="5m"',
    'keep="90d"',
    'known_at="at + 1h"',
    "columns={COLUMNS}",
    "keys={KEYS}",
    "fields={FIELDS}",
]
COLUMNS = ['"amount": "AMT"', '"card": "CARD"']
REPORT = ['id="case_id"', 'at="told_at"', "refers_to=payment", 'fields={"fraud": mm.Flag()}']
FEATURES = [
    'amount=payment["amount"]',
    'mean_30d=payment["amount"].mean().by("card").over("30d")',
    'sum_1d=payment["amount"].sum().where(payment["online"]).by("card", "terminal").over("1d")',
    'count_7d=mm.count().by("card").over("7d", include_current=True)',
    'vs_usual=payment["amount"] / mm.ref("mean_30d")',
    'late=payment["amount"].std().by("terminal").over("28d", offset="7d")',
    'risk=payment.outcome(fraud, settles_after="7d").mean().by("terminal").over("28d")',
    'night=payment.at.hour(tz="Europe/Brussels") < 6',
    'big=(payment["amount"] - 100).fixed(2).max().by("card").over("30d")',
    'home=payment["country"].isin(["BE", "FR"])',
    'country=payment["country"]',
    'since=payment.at.since_last().by("card").over("60d")',
    'filled=payment["rate"].otherwise(1)',
    'logins=login.count().by("card").over("2d")',
    'age=payment.at - payment["opened_at"]',
]
LOGIN = ['id="login_id"', 'at="at"', 'keys={"card": card}', 'lateness="1d"']

# Each can alter a value: of some feature, for some log.
EDITS = [
    ('over("30d")', 'over("31d")'),
    ('offset="7d"', 'offset="8d"'),
    ('over("7d", include_current=True)', 'over("7d")'),
    (".mean().by", ".max().by"),
    ('.std().by("terminal")', '.std().by("card")'),
    ('.by("card", "terminal")', '.by("card")'),
    ('.where(payment["online"])', '.where(~payment["online"])'),
    ('.where(payment["online"])', ""),
    ("- 100", "- 101"),
    (".fixed(2)", ".fixed(3)"),
    ("< 6", "<= 6"),
    ("< 6", "< 7"),
    ("hour(", "weekday("),
    ("Europe/Brussels", "Europe/London"),
    ("/ mm.ref", "- mm.ref"),
    ('mm.ref("mean_30d")', 'mm.ref("late")'),
    ('settles_after="7d"', 'settles_after="14d"'),
    ("otherwise=False", "otherwise=True"),
    ("otherwise=False", "otherwise=None"),
    ('mature_after="30d"', 'mature_after="31d"'),
    (".otherwise(1)", ".otherwise(0)"),
    ('isin(["BE", "FR"])', 'isin(["BE", "NL"])'),
    ('Category(["BE", "FR"])', 'Category(["BE", "FR", "NL"])'),
    ('Money("EUR")', 'Money("JPY")'),
    ('Money("EUR")', 'Money("USD")'),
    ('Money("EUR")', 'Money("EUR", unit="minor")'),
    ('Money("EUR")', 'Money("EUR", negative=True)'),
    ("Fixed(6)", "Fixed(5)"),
    ('Time(zone="UTC")', "Time()"),
    ('Entity("card")', 'Entity("card", type="integer")'),
    ("mm.Optional(terminal)", "terminal"),
    ('lateness="7d"', 'lateness="8d"'),
    ('skew="5m"', 'skew="6m"'),
    ('known_at="at + 1h"', 'known_at="at"'),
    ('keep="90d"', 'keep="91d"'),
    ('"amount": "AMT"', '"amount": "AMOUNT"'),
    ('id="payment_id"', 'id="payment_id", id_type="integer"'),
    ('id="payment_id"', 'id="payment_id", revision="revision"'),
    ('id="case_id"', 'id="case_id", revision="revision"'),
    ('since=payment.at.since_last().by("card").over("60d")', 'since=payment["rate"]'),
    ("login.count()", "payment.count()"),
    ('over("2d")', 'over("47h")'),
    ("night=", "dark="),
    ('payment.at - payment["opened_at"]', 'payment["opened_at"] - payment.at'),
    ('amount=payment["amount"]', 'amount=payment["rate"]'),
]


def joined(parts: Sequence[str]) -> str:
    return ", ".join(parts)


def events_text(draw: st.DrawFn) -> str:
    """Return the file of events, everything in it in a drawn order."""
    rules = joined(draw(st.permutations(RULES)))
    for name, parts in (("COLUMNS", COLUMNS), ("KEYS", KEYS), ("FIELDS", FIELDS)):
        rules = rules.replace(f"{{{name}}}", "{" + joined(draw(st.permutations(parts))) + "}")
    entities = ['card = mm.Entity("card")', 'terminal = mm.Entity("terminal")']
    login = f'login = mm.Event("login", {joined(draw(st.permutations(LOGIN)))})'
    payment = f'payment = mm.Event("payment", {rules})'
    report = f'report = mm.Event("report", {joined(draw(st.permutations(REPORT)))})'
    fraud = 'fraud = mm.Label(report["fraud"], of=payment, mature_after="30d", otherwise=False)'
    lines = draw(st.permutations(entities)) + draw(st.permutations([login, payment]))
    return "\n".join(["import mintmark as mm", *lines, report, fraud, ""])


@st.composite
def folders(draw: st.DrawFn) -> dict[str, str]:
    """Draw the files of one folder that says what all of them say."""
    names = draw(st.permutations(["alpha", "beta", "gamma", "delta", "omega"]))
    events, whole, *others = names
    blocks: dict[str, list[str]] = {name: [] for name in others}
    for feature in draw(st.permutations(FEATURES)):
        blocks[draw(st.sampled_from(others))].append(feature)
    head = f"from {events} import fraud, login, payment\nimport mintmark as mm\n"
    files = {n: head + f"block = dict({joined(parts)})\n" for n, parts in blocks.items()}
    imports = "".join(f"import {name}\n" for name in draw(st.permutations(others)))
    stars = joined([f"**{name}.block" for name in draw(st.permutations(others))])
    files[whole] = head + imports + f"features = mm.Features(payment, {stars})\n"
    return files | {events: events_text(draw)}


def load(files: dict[str, str]) -> Definitions:
    """Write the files into a folder of their own and load it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / f"{name}.py").write_text(text, encoding="utf-8")
        return mm.load(folder)


def plan_of(files: dict[str, str]) -> Plan:
    """Return the plan of some files."""
    definitions = load(files)
    return compile_plan(definitions.features, label=definitions.labels[0])


def plainly() -> dict[str, str]:
    """Return the definitions in the order in which they stand above."""
    rules = joined(RULES)
    for name, parts in (("COLUMNS", COLUMNS), ("KEYS", KEYS), ("FIELDS", FIELDS)):
        rules = rules.replace(f"{{{name}}}", "{" + joined(parts) + "}")
    text = (
        "import mintmark as mm\n"
        'card, terminal = mm.Entity("card"), mm.Entity("terminal")\n'
        f'payment = mm.Event("payment", {rules})\n'
        f'login = mm.Event("login", {joined(LOGIN)})\n'
        f'report = mm.Event("report", {joined(REPORT)})\n'
        'fraud = mm.Label(report["fraud"], of=payment, mature_after="30d", otherwise=False)\n'
        f"features = mm.Features(payment, {joined(FEATURES)})\n"
    )
    return {"all": text}


PLAIN = load(plainly())
PLAN = compile_plan(PLAIN.features, label=PLAIN.labels[0])


@settings(max_examples=60, deadline=None)
@given(folders())
def test_any_order_gives_one_digest(files: dict[str, str]) -> None:
    """Files, keywords, fields and keys in any order: one plan, one text, one digest of all."""
    definitions = load(files)
    plan = compile_plan(definitions.features, label=definitions.labels[0])
    assert definitions.digest == PLAIN.digest
    assert plan.digest == PLAN.digest
    assert plan == PLAN
    assert plan.text() == PLAN.text()


@pytest.mark.parametrize(("old", "new"), EDITS)
def test_each_edit_that_can_alter_a_value_changes_the_digest(old: str, new: str) -> None:
    """No edit that can alter a value goes unnoticed."""
    text = plainly()["all"]
    assert old in text, f"the edit finds nothing: {old}"
    assert plan_of({"all": text.replace(old, new)}).digest != PLAN.digest


@settings(max_examples=25, deadline=None)
@given(folders(), st.sets(st.sampled_from(range(len(EDITS))), min_size=1, max_size=4))
def test_edits_are_noticed_in_any_order_of_files(files: dict[str, str], places: set[int]) -> None:
    """Some edits together give one new digest, whichever way the definitions are laid out."""
    texts = {"all": plainly()["all"]}
    for old, new in (EDITS[place] for place in sorted(places)):
        texts = {name: text.replace(old, new) for name, text in texts.items()}
        files = {name: text.replace(old, new) for name, text in files.items()}
    plan = plan_of(files)
    assert plan.digest == plan_of(texts).digest
    assert plan.digest != PLAN.digest


def test_no_two_edits_fall_together() -> None:
    """Every edit gives a digest of its own."""
    text = plainly()["all"]
    digests = [plan_of({"all": text.replace(old, new)}).digest for old, new in EDITS]
    assert len(set(digests)) == len(EDITS)


def test_what_cannot_alter_a_value_changes_nothing() -> None:
    """Comments, names of variables, 6.0 for 6 and a condition said in two parts are no edits."""
    text = plainly()["all"]
    same = text.replace("card, terminal =", "card, terminal = _a, _b =").replace("< 6", "< 6.0")
    same = "# a comment\n" + same.replace('over("1d")', 'over("24h")')
    same = same.replace('.by("card", "terminal")', '.by("terminal", "card")')
    same = same.replace('isin(["BE", "FR"])', 'isin(("FR", "BE"))')
    assert plan_of({"all": same}).digest == PLAN.digest
