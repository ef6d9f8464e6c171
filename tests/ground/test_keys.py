"""Keys: made once, outside, closed to others; signatures hold."""

import os
import stat
from pathlib import Path

import pytest

from mintmark.ground import (
    GroundError,
    load_signing_key,
    load_token_key,
    make_keys,
    sign,
    verify,
)


def test_keys_are_made_closed_and_once(tmp_path: Path) -> None:
    """Two files of mode 0600 in a folder of mode 0700; a second call makes nothing."""
    folder = tmp_path / "keys"
    made = make_keys(folder, project=tmp_path / "project")
    assert [p.name for p in made] == ["signing.key", "token.key"]
    assert [stat.S_IMODE(p.stat().st_mode) for p in made] == [0o600, 0o600]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = [p.read_bytes() for p in made]
    assert make_keys(folder) == ()
    assert [p.read_bytes() for p in made] == before


def test_a_signature_holds_and_breaks(tmp_path: Path) -> None:
    """A signature is verified by the public key alone; any other byte, or key, breaks it."""
    make_keys(tmp_path / "one")
    make_keys(tmp_path / "two")
    one, two = load_signing_key(tmp_path / "one"), load_signing_key(tmp_path / "two")
    signature = sign(b"bundle", one)
    assert verify(b"bundle", signature=signature, public=one.public)
    assert not verify(b"bundlf", signature=signature, public=one.public)
    assert not verify(b"bundle", signature=signature, public=two.public)
    assert not verify(b"bundle", signature=signature[:-1], public=one.public)
    assert not verify(b"bundle", signature=signature, public=b"short")
    assert one.seed not in repr(one).encode()
    assert len(load_token_key(tmp_path / "one")) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_key_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    """A key file open to group or others is not used."""
    make_keys(tmp_path)
    os.chmod(tmp_path / "token.key", mode)
    with pytest.raises(GroundError) as caught:
        load_token_key(tmp_path)
    assert caught.value.code == "ground.keys.open"
    assert f"mode {mode:04o}" in caught.value.render()


def test_missing_and_broken_keys(tmp_path: Path) -> None:
    """A key that is not there, and one that is no key, are told apart; no byte is shown."""
    with pytest.raises(GroundError) as caught:
        load_signing_key(tmp_path)
    assert caught.value.code == "ground.keys.missing"
    for content in (b"", b"zz" * 32, b"ab" * 31, b"\xff\xfe"):
        (tmp_path / "signing.key").write_bytes(content)
        (tmp_path / "signing.key").chmod(0o600)
        with pytest.raises(GroundError) as caught:
            load_signing_key(tmp_path)
        assert caught.value.code == "ground.keys.broken"


def test_keys_do_not_live_in_a_project_or_a_repository(tmp_path: Path) -> None:
    """A folder inside the project, by a link too, or inside a repository is refused, unmade."""
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "link").symlink_to(project)
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    for folder in (project, project / "keys", tmp_path / "link" / "keys", repository / "a" / "b"):
        with pytest.raises(GroundError) as caught:
            make_keys(folder, project=project)
        assert caught.value.code == "ground.keys.inside"
    assert list(project.iterdir()) == []
    assert not (repository / "a").exists()
