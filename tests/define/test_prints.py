"""What definitions print stays beside the answer, and a file with an account number is not run."""

from pathlib import Path

import pytest

from mintmark.define import check


def test_a_file_that_holds_an_account_number_is_not_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The number is refused before the file could print it anywhere."""
    (tmp_path / "a.py").write_text("print('4111111111111111')\n")
    codes = [fault.code for fault in check(tmp_path)]
    assert "define.pan.literal" in codes
    out, err = capfd.readouterr()
    assert "4111111111111111" not in out + err


def test_what_a_file_prints_does_not_stand_in_the_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Printed text goes to standard error, an account number in it masked."""
    (tmp_path / "a.py").write_text("print('seen', '4111' + '1111' * 3)\n")
    check(tmp_path)
    out, err = capfd.readouterr()
    assert out == ""
    assert "seen 411111******1111" in err
