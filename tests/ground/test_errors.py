"""Errors teach, keep one shape, and never carry an account number."""

import pytest

from mintmark.ground import (
    DefineError,
    Faults,
    GroundError,
    LogError,
    MintmarkError,
    RegistryError,
)

BEYOND = DefineError(
    'feature "spend_30d" looks back further than its event is kept',
    at="features.py:41   $.features.spend_30d.over",
    got="30d",
    want='<= 14d  (event "payment" keeps 14d)',
    hint='shorten the window, or set keep="30d" on event "payment"',
    code="define.window.beyond_keep",
)


def test_an_error_renders_in_the_form_of_the_style_page() -> None:
    """What, at, got and want on one line, hint, code: spaced as the style page shows."""
    assert BEYOND.render() == (
        'DefineError: feature "spend_30d" looks back further than its event is kept\n'
        "  at    features.py:41   $.features.spend_30d.over\n"
        '  got   30d      want  <= 14d  (event "payment" keeps 14d)\n'
        '  hint  shorten the window, or set keep="30d" on event "payment"\n'
        "  code  define.window.beyond_keep"
    )
    assert str(BEYOND) == BEYOND.render()


def test_absent_parts_leave_no_line() -> None:
    """An error with a code alone is two lines, and its JSON holds no nulls."""
    error = GroundError("something is wrong", code="ground.test")
    assert error.render() == "GroundError: something is wrong\n  code  ground.test"
    assert error.to_json() == {
        "error": "GroundError",
        "what": "something is wrong",
        "code": "ground.test",
        "kind": "input",
    }


def test_falsy_values_are_shown() -> None:
    """A got of 0 or of the empty text is a fact, not an absence."""
    assert "got   0" in GroundError("x", got=0, code="ground.test").render()
    assert GroundError("x", got="", want=False, code="ground.test").to_json()["want"] == "False"


@pytest.mark.parametrize("part", ["at", "got", "want", "hint"])
def test_no_part_of_an_error_shows_an_account_number(part: str) -> None:
    """Whatever reaches an error by mistake leaves it masked."""
    parts = {part: "row 3: 4111 1111 1111 1111"}
    error = LogError("bad row 4111111111111111", code="log.test", **parts)  # type: ignore[arg-type]
    for text in (error.render(), str(error.to_json()), repr(error), str(error.args)):
        assert "1111111111" not in text.replace(" ", "")
    assert "411111******1111" in error.what


def test_a_number_given_as_an_integer_is_masked_too() -> None:
    """got=4111... as an int is no way around the mask."""
    assert "4111111111111111" not in LogError("x", got=4111111111111111, code="log.t").render()


def test_faults_report_all_at_once() -> None:
    """Faults render every error whole and list them in JSON."""
    faults = Faults([BEYOND, GroundError("second", code="ground.test")])
    assert faults.errors[0] is BEYOND
    assert BEYOND.render() in faults.render()
    assert "ground.test" in faults.render()
    assert [e["code"] for e in faults.to_json()["errors"]] == [BEYOND.code, "ground.test"]
    assert faults.what == "2 faults"


def test_faults_take_the_gravest_kind() -> None:
    """One failure of the world makes the whole a failure of the world."""
    world = GroundError("disk", code="ground.disk.full", kind="world")
    refused = RegistryError("no", code="registry.no", kind="refused")
    assert Faults([BEYOND, world]).kind == "world"
    assert Faults([refused, refused]).kind == "refused"
    assert Faults([refused, BEYOND]).kind == "input"


def test_every_class_is_a_mintmark_error() -> None:
    """One base catches all, and no room's class catches another room's."""
    names = {c.__name__ for c in MintmarkError.__subclasses__()}
    rooms = ["Ground", "Define", "Plan", "Log", "Engine", "Registry"]
    rooms += ["Train", "Serve", "Monitor", "Govern", "Flow", "Project"]
    assert {f"{room}Error" for room in rooms} <= names
    assert not issubclass(DefineError, GroundError)
