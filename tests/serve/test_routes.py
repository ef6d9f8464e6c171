"""The routes of a running server: what is asked, what is answered, what is refused and how."""

import json

import pytest

from mintmark.ground import DAY_US, MINUTE_US
from mintmark.log import Log
from mintmark.serve import read_script
from serve.running import Running, running
from serve.town import CUT_US

NOW_US = CUT_US + 60 * MINUTE_US


@pytest.fixture(scope="module")
def log(town, tmp_path_factory):
    """A log of this module's own."""
    return town.served_log(tmp_path_factory.mktemp("routes") / "served")


@pytest.fixture(scope="module")
def server(town, log):
    """One server for all these questions; its clock stands an hour after the cut."""
    with running(town, log) as server:
        assert server.ask("POST", "/v1/clock", {"to": NOW_US})[0] == 200
        yield server


def payment(number, **changes):
    """A sound payment, changed as told; None takes a field out."""
    row = {
        "payment_id": f"new-{number}",
        "paid_at": NOW_US,
        "card": "card-1",
        "terminal": "terminal-1",
        "amount": "12.34",
        "country": "BE",
    } | changes
    return {name: value for name, value in row.items() if value is not None}


def decide(server: Running, row, **headers):
    return server.ask("POST", "/v1/decide", row, **headers)


def test_a_decision_says_everything_that_was_promised(server, town):
    """The answer has score, action, reasons, digests and its place in the log."""
    status, form, _ = decide(server, payment("whole"))
    assert status == 200
    assert form["action"] in ("approve", "review", "decline")
    assert 0 <= form["probability"] <= 1
    assert form["durable"] is True
    assert (form["at"], form["known_at"]) == (NOW_US, NOW_US)
    assert form["release"] == town.release.digest
    assert form["model"] == town.release.model
    assert form["plan"] == town.plan.digest
    assert form["policy"] == town.release.digests["policy"]
    assert len(form["reasons"]) <= 4
    shares = [reason["contribution"] for reason in form["reasons"]]
    assert shares == sorted(shares, reverse=True)
    assert all(share > 0 for share in shares)


def test_the_next_request_sees_this_one(server):
    """A card's payment counts for its next payment at once."""
    counts = []
    for number in range(3):
        row = payment(f"seen-{number}", card="card-fresh")
        _, form, _ = decide(server, row)
        _, story, _ = server.ask("GET", f"/v1/decisions/{form['decision_id']}")
        counts.append(story["features"]["card_payments_1d"])
    assert counts == [0.0, 1.0, 2.0]


def test_the_same_request_again_is_the_same_bytes_and_moves_nothing(server):
    """A retry is answered from the log: same bytes, no new place."""
    first = decide(server, payment("again", card="card-again"))
    again = decide(server, payment("again", card="card-again"))
    assert again == first
    other = decide(server, payment("after-again", card="card-again"))
    assert other[1]["seq"] == first[1]["seq"] + 1
    _, story, _ = server.ask("GET", f"/v1/decisions/{other[1]['decision_id']}")
    assert story["features"]["card_payments_1d"] == 1.0


def test_other_content_under_a_known_id_conflicts(server, log, town):
    """A known id with other content is 409, and goes to quarantine."""
    decide(server, payment("conflict"))
    status, form, _ = decide(server, payment("conflict", amount="12.35"))
    assert status == 409
    assert form["error"]["code"] == "log.row.conflict"
    quarantined = Log.open(log, town.events.values()).quarantine().to_pylist()
    assert quarantined[-1]["reason"] == "conflict"


def test_a_request_of_the_imported_history_was_never_decided(server, town):
    """What the log was made of has no decision, and gets none afterwards."""
    row = town.history.read("payment").slice(3, 1).to_pylist()[0]
    sent = payment(
        "x",
        payment_id=row["payment_id"],
        paid_at=row["mm_at"],
        card=row["card"],
        terminal=row["terminal"],
        amount=f"{row['amount'] // 100}.{row['amount'] % 100:02d}",
        country=row["country"],
    )
    status, form, _ = decide(server, sent)
    assert (status, form["error"]["code"]) == (409, "serve.decide.history")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"card": None}, 400, "log.row.missing"),
        ({"card": ""}, 400, "log.row.null"),
        ({"card": 5}, 400, "log.row.type"),
        ({"amount": "12.345"}, 400, "log.row.fractional"),
        ({"amount": 12.345}, 400, "log.row.fractional"),
        ({"amount": "-1.00"}, 400, "log.row.negative"),
        ({"amount": "much"}, 400, "log.row.type"),
        ({"amount": "100000000000000"}, 400, "log.row.range"),
        ({"amount": 1e308}, 400, "log.row.type"),
        ({"amount": 10**300}, 400, "log.row.range"),
        ({"amount": [1]}, 400, "log.row.type"),
        ({"paid_at": "yesterday"}, 400, "log.row.time"),
        ({"paid_at": "2023-12-25T00:00:00"}, 400, "log.row.naive"),
        ({"paid_at": "2200-01-01T00:00:00Z"}, 400, "log.row.outside"),
        ({"paid_at": NOW_US + 6 * MINUTE_US}, 400, "log.row.ahead"),
        ({"paid_at": NOW_US - 2 * DAY_US}, 409, "log.row.late"),
        ({"card": "4111 1111 1111 1111"}, 400, "log.row.pan"),
        ({"payment_id": "4111111111111111"}, 400, "log.row.pan"),
    ],
)
def test_a_row_that_breaks_the_contract_is_refused(server, changes, status, code):
    """Each fault has its status and code, and the body never shows a card number."""
    got, form, received = decide(server, payment(f"bad-{code}-{status}") | changes)
    if None in changes.values():
        row = payment("bad", **changes)
        got, form, received = decide(server, row)
    assert (got, form["error"]["code"]) == (status, code)
    assert set(form["error"]) >= {"error", "what", "at", "code", "kind"}
    assert b"4111" not in received
    assert server.ask("GET", "/livez")[0] == 200


def test_a_late_event_within_the_horizon_counts(server):
    """A payment that comes an hour late is decided, and takes its place by its time."""
    row = payment("late", card="card-late", paid_at=NOW_US - 60 * MINUTE_US)
    assert decide(server, row)[0] == 200
    _, form, _ = decide(server, payment("late-2", card="card-late"))
    _, story, _ = server.ask("GET", f"/v1/decisions/{form['decision_id']}")
    assert story["features"]["card_payments_1d"] == 1.0


def test_an_amount_is_exact_however_it_is_written(server, log, town):
    """A JSON number is read as the decimal that it is written as."""
    written = [b"0.29", b'"0.29"', b"2.9e-1", b"1e2", b"100"]
    for place, amount in enumerate(written):
        row = payment(f"exact-{place}", amount="AMOUNT")
        body = json.dumps(row).encode().replace(b'"AMOUNT"', amount)
        assert decide(server, body)[0] == 200
    rows = Log.open(log, town.events.values()).read("payment").to_pylist()
    stored = {row["payment_id"]: row["amount"] for row in rows}
    assert [stored[f"new-exact-{place}"] for place in range(5)] == [29, 29, 29, 10_000, 10_000]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"\xff": 1}',
        b'{"amount": 1e999999999}',
        b'{"amount": 1e-999999999}',
    ],
)
def test_a_body_that_is_no_event_is_refused(server, body):
    """What is not one JSON object is a 400 in our form."""
    status, form, _ = decide(server, body)
    assert (status, form["error"]["code"]) == (400, "serve.body.form")


def test_labels_are_taken_alone_and_in_lists(server, town):
    """One event is answered alone, a list with what became of each; one bad row harms no other."""
    decide(server, payment("labelled"))

    def case(number, about="new-labelled", **more):
        return {"case_id": number, "reported_at": NOW_US, "payment_id": about, "fraud": True} | more

    path = "/v1/events/chargeback"
    status, one, _ = server.ask("POST", path, case(9_001))
    assert (status, one["verdict"], one["durable"]) == (200, "new", True)
    status, again, _ = server.ask("POST", path, case(9_001))
    assert (status, again["verdict"], again["seq"]) == (200, "same", one["seq"])
    status, form, _ = server.ask(
        "POST", path, [case(9_002, about="nobody"), case(9_001, fraud=False), case(9_003)]
    )
    assert status == 409
    parked, conflict, new = form["events"]
    assert (parked["verdict"], new["verdict"]) == ("parked", "new")
    assert conflict["error"]["code"] == "log.row.conflict"
    assert new["seq"] == parked["seq"] + 1
    assert server.ask("POST", path, [])[1] == {"events": [], "durable": True}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "serve.route.unknown"),
        ("GET", "/v1/decisions/", 404, "serve.decision.unknown"),
        ("GET", "/v1/decisions/d0-99999999", 404, "serve.decision.unknown"),
        ("GET", "/v1/decisions/d0-9%27%20or", 404, "serve.decision.unknown"),
        ("GET", "/v1/decide", 405, "serve.route.method"),
        ("DELETE", "/v1/decisions/d0-1", 405, "serve.route.method"),
        ("POST", "/v1/events/payment", 400, "serve.stream.request"),
        ("POST", "/v1/events/refund", 404, "serve.stream.unknown"),
        ("POST", "/v1/decide/", 404, "serve.route.unknown"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(server, method, path, status, code):
    """A wrong path or method is told in our form, never a blank or a 500."""
    body = payment("nowhere") if method == "POST" else None
    got, form, _ = server.ask(method, path, body)
    assert (got, form["error"]["code"]) == (status, code)


@pytest.mark.parametrize("clock", ["soon", "", "1.5", str(2**70), "-" + "9" * 5_000])
def test_a_clock_that_is_none_is_refused(server, clock):
    """A clock header that is no time decides nothing."""
    status, form, _ = decide(server, payment("clock"), mintmark_clock=clock)
    assert (status, form["error"]["code"]) == (400, "serve.clock.value")


def test_the_clock_never_goes_back(server):
    """A clock in the past leaves the server's where it is."""
    status, form, _ = server.ask("POST", "/v1/clock", {"to": NOW_US - DAY_US})
    assert (status, form["clock"]) == (200, NOW_US)


def test_a_decision_is_read_back_whole(server, town):
    """A decision's story has its costs, its features by name, and the answer as it was given."""
    _, form, _ = decide(server, payment("story"))
    status, story, _ = server.ask("GET", f"/v1/decisions/{form['decision_id']}")
    assert status == 200
    assert story["decision"] == form
    assert tuple(story["features"]) == town.plan.names
    assert set(story["costs"]) == {"approve", "review", "decline"}
    assert min(story["costs"], key=story["costs"].get) == form["action"]


def test_the_release_is_told(server, town):
    """Anybody may ask what decides here."""
    status, form, _ = server.ask("GET", "/v1/release")
    assert status == 200
    assert (form["release"], form["plan"]) == (town.release.digest, town.plan.digest)
    assert (form["request"], form["clock"]) == ("payment", "sender")


def test_a_script_has_what_the_log_had(town, tmp_path):
    """The past in wire form: events after the cut, in order, exact, no label of an unsent one."""
    head, steps = read_script(town.script(tmp_path / "all.jsonl"))
    payments = [json.loads(bytes(step.event)) for step in steps if step.decide]
    rows = town.history.read("payment").to_pylist()[-len(payments) :]
    assert [row["payment_id"] for row in rows] == [one["payment_id"] for one in payments]
    assert [f"{row['amount'] / 100:.2f}" for row in rows] == [one["amount"] for one in payments]
    assert [step.known_at for step in steps] == sorted(step.known_at for step in steps)
    few, some = read_script(town.script(tmp_path / "few.jsonl", payments=100))
    unsent = {one["payment_id"] for one in payments[100:]}
    about = {json.loads(bytes(step.event))["payment_id"] for step in some}
    assert (few.payments, len(some)) == (100, 100 + few.events)
    assert not about & unsent
    assert head.until >= payments[-1]["paid_at"]


@pytest.mark.parametrize("path", ["/4111111111111111", "/v1/decisions/4111111111111111"])
def test_a_card_number_in_a_path_is_not_repeated(server, path):
    """A path that should never have held a card number is not echoed with it."""
    status, _, received = server.ask("GET", path)
    assert status == 404
    assert b"4111111111111111" not in received


def test_a_card_number_as_a_stream_is_not_repeated(server):
    """Nor is one that stands where a stream's name belongs."""
    _, _, received = server.ask("POST", "/v1/events/4111111111111111", {})
    assert b"4111111111111111" not in received
