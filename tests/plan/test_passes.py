"""The compiler: equal parts are stored once, and each part means what was written."""

import itertools

import pytest

import mintmark as mm
from mintmark.ground import DAY_US, PlanError
from mintmark.plan import PASSES, Aggregate, Column, Group, Node, Output, Window, compile_plan
from plan.worked import amount, country, fraud, login, loss, online, payment, plan_of

DAY = DAY_US


def test_the_smallest_plan() -> None:
    """One field, one node, one output; nothing is stored."""
    plan = plan_of(a=amount)
    assert plan.nodes == (Node("field", (), "amount"),)
    assert plan.outputs == (Output("a", 0),)
    assert (plan.columns, plan.groups, plan.aggregates, plan.event_nodes) == ((), (), (), {})
    assert [form["name"] for form in plan.events] == ["payment"]


def test_an_aggregate_stores_its_column() -> None:
    """mean(amount) by card over 30d: a column of minor units, a group, one aggregate."""
    plan = plan_of(a=amount.mean().by("card").over("30d", offset="1d"))
    assert plan.event_nodes == {"payment": (Node("field", (), "amount"),)}
    assert plan.columns == (Column("payment", "expr", 0, 2, "number"),)
    assert plan.groups == (Group("payment", ("card",), (0,), ("card",)),)
    assert plan.aggregates == (Aggregate(0, "mean", 0, Window(30 * DAY, DAY)),)
    assert plan.nodes == (Node("aggregate", (), 0),)


def test_equal_parts_are_stored_once() -> None:
    """The same aggregate, column and expression written twice are one."""
    plan = plan_of(
        a=amount.mean().by("card").over("30d"),
        b=amount / payment["amount"].mean().by("card").over("30d"),
        c=amount.std().by("card").over("30d") + amount.mean().by("card").over("30d"),
        d=amount.mean().by("card").over("7d"),
    )
    assert len(plan.columns) == 1
    assert len(plan.groups) == 1
    assert [(a.kind, a.window.span_us) for a in plan.aggregates] == [
        ("mean", 7 * DAY),
        ("mean", 30 * DAY),
        ("std", 30 * DAY),
    ]
    assert sum(node == Node("field", (), "amount") for node in plan.nodes) == 1
    assert len(set(plan.nodes)) == len(plan.nodes)


def test_arguments_come_before_what_uses_them() -> None:
    """Every table of nodes is in topological order, references resolved."""
    plan = plan_of(
        z=mm.ref("y") / (mm.ref("x") + 1),
        y=-mm.ref("x"),
        x=amount.sum().where(amount > 5).by("card").over("1d"),
        n=payment.at.hour(tz="UTC") < 6,
    )
    for nodes in (plan.nodes, *plan.event_nodes.values()):
        for place, node in enumerate(nodes):
            assert all(arg < place for arg in node.args)
            assert node.op != "ref"


def test_references_go_any_way() -> None:
    """However features are named and in whatever order they are defined, references resolve."""
    for names in itertools.permutations("abcd"):
        first, second, third, fourth = names
        features = {
            first: mm.ref(second) + mm.ref(third),
            second: mm.ref(third) * 2,
            third: mm.ref(fourth) - 1,
            fourth: amount,
        }
        plan = plan_of(**features)
        assert plan.names == ("a", "b", "c", "d")
        root = {output.name: plan.nodes[output.node] for output in plan.outputs}
        assert root[first].op == "add"
        assert [plan.nodes[arg].op for arg in root[first].args] == ["mul", "sub"]


def test_a_condition_becomes_a_null_in_the_column() -> None:
    """`where` keeps the value where the predicate is true and null everywhere else."""
    plan = plan_of(a=amount.sum().where(online).by("card").over("1d"))
    nodes = plan.event_nodes["payment"]
    root = nodes[plan.columns[0].node or 0]
    assert root.op == "where"
    assert [nodes[arg] for arg in root.args] == [
        Node("field", (), "online", "flag"),
        Node("field", (), "amount"),
        Node("literal", (), None),
    ]
    assert plan.columns[0].scale == 2


@pytest.mark.parametrize("what", ["count", "since_last"])
def test_rows_under_a_condition_are_counted_by_a_column_of_ones(what: str) -> None:
    """A count of rows needs no column; a count of rows for which something holds has one."""
    plain = mm.count() if what == "count" else payment.at.since_last()
    assert plan_of(a=plain.by("card").over("1d")).columns == ()
    plan = plan_of(a=plain.where(online).by("card").over("1d"))
    nodes = plan.event_nodes["payment"]
    assert plan.aggregates[0].kind == what
    assert plan.aggregates[0].column == 0
    root = nodes[plan.columns[0].node or 0]
    assert [nodes[arg].value for arg in root.args] == ["online", 1, None]


def test_columns_have_the_scale_of_what_they_store() -> None:
    """Money by currency, fixed by its decimals, time in microseconds, texts and flags whole."""
    aggregates = {
        "a": amount.max(),
        "b": payment["rate"].max(),
        "c": payment["opened_at"].max(),
        "d": country.distinct(),
        "e": online.mean(),
        "f": (amount * 2).fixed(4).max(),
        "g": payment["card"].distinct(),
        "h": (amount > 3).mean(),
    }
    plan = plan_of(
        **{n: a.by("terminal").over("1d") for n, a in aggregates.items() if n not in "c"},
        c=payment.at - aggregates["c"].by("terminal").over("1d"),
    )
    told = {}
    for column in plan.columns:
        root = plan.event_nodes["payment"][column.node or 0]
        told[str(root.value or root.op)] = (column.scale, column.kind)
    assert told == {
        "amount": (2, "number"),
        "rate": (6, "number"),
        "opened_at": (6, "time"),
        "country": (0, "category"),
        "online": (0, "flag"),
        "4": (4, "number"),
        "card": (0, "category"),
        "gt": (0, "flag"),
    }


def test_outcomes_are_columns_of_the_labelled_event() -> None:
    """An outcome says label, settling time and default; its label's event is read too."""
    outcome = payment.outcome(fraud, settles_after="7d")
    plan = plan_of(a=outcome.mean().by("terminal").over("28d", offset="7d"))
    assert plan.columns == (
        Column("payment", "outcome", None, 0, "flag", "report.fraud", 7 * DAY, 0),
    )
    assert [form["name"] for form in plan.events] == ["payment", "report"]
    money = plan_of(a=payment.outcome(loss, settles_after="7d").sum().by("card").over("28d"))
    assert (money.columns[0].scale, money.columns[0].kind) == (2, "number")


def test_an_outcome_under_a_condition_has_a_mask() -> None:
    """The column of an outcome says where it is null for good."""
    outcome = payment.outcome(fraud, settles_after="7d").mean().where(online & (amount > 5))
    plan = plan_of(a=outcome.by("terminal").over("28d"))
    column = plan.columns[0]
    nodes = plan.event_nodes["payment"]
    assert (column.source, column.kind) == ("outcome", "flag")
    assert nodes[column.node or 0].op == "and"
    assert nodes[column.node or 0].kind == "flag"
    plain = plan_of(a=payment.outcome(fraud, settles_after="7d").mean().by("card").over("28d"))
    assert plain.columns[0].node is None


def test_two_settling_times_are_two_columns() -> None:
    """What differs in meaning is not shared."""
    plan = plan_of(
        a=payment.outcome(fraud, settles_after="7d").mean().by("card").over("28d"),
        b=payment.outcome(fraud, settles_after="14d").mean().by("card").over("28d"),
        c=payment.outcome(fraud, settles_after="7d").count().by("card").over("28d"),
    )
    assert len(plan.columns) == 2
    assert len(plan.aggregates) == 3


def test_groups_are_by_stream_and_roles() -> None:
    """Roles in any order are one group; another stream is another."""
    plan = plan_of(
        a=mm.count().by("card", "terminal").over("1d"),
        b=mm.count().by("terminal", "card").over("7d"),
        c=mm.count().by("card").over("1d"),
        d=login.count().by("card").over("1d"),
        e=payment.count().by("card").over("1d"),
    )
    assert plan.groups == (
        Group("login", ("card",), (), ("card",)),
        Group("payment", ("card",), (), ("card",)),
        Group("payment", ("card", "terminal"), (), ("card", "terminal")),
    )
    places = {output.name: output.node for output in plan.outputs}
    assert places["c"] == places["e"]
    assert len(plan.aggregates) == 4


def test_keys_under_other_names_are_groups_of_their_own() -> None:
    """The same state looked up by another key of the request is another group."""
    account = mm.Entity("account")
    sent = mm.Event("sent", id="id", at="at", keys={"payer": account, "payee": account})
    plan = compile_plan(
        mm.Features(
            sent,
            a=sent.count().by("payer").over("1d"),
            b=sent.count().by(payee="payer").over("1d"),
            c=sent.count().by(payee="payer", payer="payee").over("1d"),
        )
    )
    assert [(g.roles, g.request_roles) for g in plan.groups] == [
        (("payee", "payer"), ("payer", "payee")),
        (("payer",), ("payee",)),
        (("payer",), ("payer",)),
    ]


def test_windows_and_parameters_reach_the_plan() -> None:
    """Each part of a window, and the parameters in the order of the kind."""
    plan = plan_of(
        a=amount.quantile(0.9)
        .by("card")
        .over("1d", last=9, offset="1h", edges="[)", ties="none", session="5m"),
        b=payment.rate(per="1h").by("card").over("2h"),
    )
    assert [(a.kind, a.params, a.window) for a in plan.aggregates] == [
        ("quantile", (900_000,), Window(DAY, DAY // 24, 9, "[)", "none", session_us=DAY // 288)),
        ("rate", (DAY // 24, DAY // 12), Window(DAY // 12)),
    ]


def test_an_empty_window_is_asked_for_by_a_count() -> None:
    """`empty=` becomes where(count > 0, aggregate, value), the count with the same condition."""
    mean = amount.mean().where(online).by("card")
    plan = plan_of(a=mean.over("1d", empty=-1), b=mean.over("1d"))
    assert [a.kind for a in plan.aggregates] == ["count", "mean"]
    assert {a.column for a in plan.aggregates} == {0}
    root = plan.nodes[plan.outputs[0].node]
    assert root.op == "where"
    told = [plan.nodes[arg] for arg in root.args]
    assert [(n.op, n.value, n.kind) for n in told] == [
        ("gt", None, "flag"),
        ("aggregate", 1, "number"),
        ("literal", -1, "number"),
    ]
    assert plan.outputs[1].node == root.args[1]
    text = plan_of(a=country.last().by("card").over("1d", empty="none"))
    assert text.outputs[0].values == ("BE", "FR", "none")
    assert text.nodes[text.outputs[0].node].kind == "category"


def test_zones_and_holidays_of_nodes_and_windows() -> None:
    """A plan carries the tables that its expressions and its windows read."""
    holiday = payment.at.holiday("BE", tz="Europe/Brussels")
    plan = plan_of(
        a=holiday.sum().by("card").over("month", tz="America/New_York"),
        b=payment.at.week(tz="Asia/Tokyo"),
    )
    assert sorted(plan.zones) == ["America/New_York", "Asia/Tokyo", "Europe/Brussels"]
    assert sorted(plan.holidays) == ["BE"]
    assert sorted(plan.kinds) == ["sum"]


def test_an_unknown_country_is_no_plan() -> None:
    """Whether a country's holidays are known is seen when the plan is made."""
    with pytest.raises(PlanError) as caught:
        plan_of(a=payment.at.holiday("XX", tz="UTC"))
    assert caught.value.code == "plan.holiday.unknown"


def test_reversals_of_what_is_read_are_read_too() -> None:
    """An event that reverses one that the plan reads belongs to the plan."""
    paid = mm.Event("paid", id="id", at="at", keys={"card": mm.Entity("card")})
    features = mm.Features(paid, a=mm.count().by("card").over("1d"))
    before = compile_plan(features)
    mm.Event("back", id="case", at="at", refers_to=paid, reverses="all")
    after = compile_plan(features)
    assert [form["name"] for form in after.events] == ["back", "paid"]
    assert before.digest != after.digest


def test_only_what_outputs_need_is_planned() -> None:
    """A feature that nothing refers to leaves no trace; one that is referred to stays computed."""
    features = mm.Features(
        payment,
        a=amount / mm.ref("b"),
        b=amount.mean().by("card").over("30d"),
        c=amount.max().by("terminal").over("7d"),
    )
    plan = compile_plan(features.only("a"))
    assert plan.names == ("a",)
    assert [a.kind for a in plan.aggregates] == ["mean"]
    assert len(plan.groups) == 1


def test_a_category_output_carries_its_values() -> None:
    """It becomes its place in the declared values, by bytes; a union where two meet."""
    plan = plan_of(
        a=country,
        b=country.last().by("card").over("1d"),
        c=mm.where(online, country, "AT"),
        d=country == "BE",
        e=mm.ref("a"),
    )
    told = {output.name: output.values for output in plan.outputs}
    assert told == {
        "a": ("BE", "FR"),
        "b": ("BE", "FR"),
        "c": ("AT", "BE", "FR"),
        "d": None,
        "e": ("BE", "FR"),
    }


def test_null_takes_the_kind_of_its_neighbour() -> None:
    """A null beside a text is a text that is not there."""
    plan = plan_of(a=mm.where(online, country, None), b=mm.where(online, amount, None))
    nulls = {node.kind for node in plan.nodes if node == Node("literal", (), None, node.kind)}
    assert nulls == {"category", "number"}


def test_one_true_and_one_are_two_literals() -> None:
    """1, 1.5 and True do not fall together in the table."""
    plan = plan_of(a=amount + 1, b=online & True, c=amount + 1.5)
    literals = [(type(n.value), n.value) for n in plan.nodes if n.op == "literal"]
    assert len(literals) == 3


def test_a_label_is_read_with_the_features() -> None:
    """A plan for a model carries the label's form and its event."""
    plan = plan_of(fraud, a=amount)
    assert plan.label == fraud.form()
    assert [form["name"] for form in plan.events] == ["payment", "report"]
    assert plan.digest != plan_of(a=amount).digest


def test_the_passes_are_few_and_named() -> None:
    """The compiler is a short list of functions, each with its sentence."""
    assert 5 <= len(PASSES) <= 10
    assert all(step.__doc__ and step.__doc__.endswith(".") for step in PASSES)


def test_a_long_chain_of_references() -> None:
    """Five hundred features, each referring to the one before, compile."""
    chain = {f"f{i}": mm.ref(f"f{i - 1}") + 1 if i else amount for i in range(500)}
    plan = plan_of(**chain)
    assert len(plan.outputs) == 500
