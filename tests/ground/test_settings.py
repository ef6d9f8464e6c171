"""Settings: defaults, then the file, then the environment; all faults at once."""

from pathlib import Path

import pytest

from mintmark.ground import GroundError, MintmarkError, kernel_cache_dir, load_settings


@pytest.fixture(autouse=True)
def _no_settings_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "HOST", "PORT", "CLOCK", "KEYS_DIR", "CACHE_DIR", "NAME", "ACTOR"):
        monkeypatch.delenv(f"MINTMARK_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_defaults(tmp_path: Path) -> None:
    """A folder without a file has every default, paths made absolute."""
    settings = load_settings(tmp_path)
    assert settings.name == tmp_path.name
    assert settings.home == tmp_path / ".mintmark"
    assert settings.definitions == tmp_path / "definitions"
    assert settings.database == f"sqlite:///{tmp_path}/.mintmark/ledger.db"
    assert (settings.host, settings.port, settings.clock) == ("127.0.0.1", 8620, "system")
    assert settings.cache_dir == tmp_path / "cache" / "mintmark"
    assert settings.keys_dir.parent == tmp_path / "config" / "mintmark" / "keys"


def test_two_projects_have_two_key_folders(tmp_path: Path) -> None:
    """Projects of one name in two places do not share keys."""
    for name in ("a/shop", "b/shop"):
        (tmp_path / name).mkdir(parents=True)
    one, two = load_settings(tmp_path / "a/shop"), load_settings(tmp_path / "b/shop")
    assert one.keys_dir != two.keys_dir


def test_the_file_and_then_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file overrides defaults, the environment overrides the file."""
    (tmp_path / "mintmark.toml").write_text('name = "shop"\nport = 1\nhome = "data"\n')
    monkeypatch.setenv("MINTMARK_PORT", "9000")
    settings = load_settings(tmp_path)
    assert (settings.name, settings.port, settings.home) == ("shop", 9000, tmp_path / "data")


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    """An unknown name, a wrong type and a wrong choice are three errors, each with its hint."""
    (tmp_path / "mintmark.toml").write_text('prot = 1\nport = "many"\nclock = "sun"\n')
    with pytest.raises(MintmarkError) as caught:
        load_settings(tmp_path)
    text = caught.value.render()
    assert text.count("  code  ") == 3
    assert "ground.settings.unknown" in text
    assert text.count("ground.settings.value") == 2


def test_a_file_that_is_not_toml(tmp_path: Path) -> None:
    """A file that cannot be read is told with its path."""
    (tmp_path / "mintmark.toml").write_text("port: 3\n")
    with pytest.raises(GroundError) as caught:
        load_settings(tmp_path)
    assert caught.value.code == "ground.settings.unreadable"
    assert "mintmark.toml" in caught.value.at


def test_the_senders_clock_is_refused_off_loopback(tmp_path: Path) -> None:
    """A clock that clients move must not be reachable from other machines."""
    file = tmp_path / "mintmark.toml"
    file.write_text('clock = "sender"\nhost = "0.0.0.0"\n')
    with pytest.raises(GroundError) as caught:
        load_settings(tmp_path)
    assert caught.value.code == "ground.settings.sender_clock"
    file.write_text('clock = "sender"\nhost = "127.0.0.1"\n')
    assert load_settings(tmp_path).clock == "sender"


def test_the_kernels_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled kernels lie in the user's cache, or where a variable says."""
    assert kernel_cache_dir() == tmp_path / "cache" / "mintmark" / "kernels"
    monkeypatch.setenv("MINTMARK_CACHE_DIR", str(tmp_path / "other"))
    assert kernel_cache_dir() == tmp_path / "other" / "kernels"
