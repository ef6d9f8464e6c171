"""The content store: bytes under their digest, whole or not at all, verified when read."""

import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.ground import GroundError, RegistryError, digest_bytes
from mintmark.registry import Store


@given(content=st.binary(max_size=4096))
def test_what_is_put_is_what_is_got(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any bytes come back the same, under the digest of the bytes."""
    store = Store(tmp_path_factory.getbasetemp() / "store")
    digest = store.put(content)
    assert digest == digest_bytes(content)
    assert store.holds(digest)
    assert store.get(digest) == content
    assert store.put(content) == digest


def test_altered_and_missing_content_are_errors_until_put_right(tmp_path: Path) -> None:
    """Altered bytes are never handed out; putting the same bytes again mends them."""
    store = Store(tmp_path)
    digest = store.put(b"model")
    store.path(digest).write_bytes(b"mode1")
    with pytest.raises(RegistryError) as caught:
        store.get(digest)
    assert caught.value.code == "registry.store.altered"
    store.put(b"model")
    assert store.get(digest) == b"model"
    store.path(digest).unlink()
    assert not store.holds(digest)
    with pytest.raises(RegistryError) as caught:
        store.get(digest)
    assert caught.value.code == "registry.store.missing"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "sha256:../x", "sha256:AB", "a" * 64])
def test_only_a_digest_names_content(tmp_path: Path, name: str) -> None:
    """Nothing outside the store can be reached by a name."""
    with pytest.raises(RegistryError) as caught:
        Store(tmp_path).get(name)
    assert caught.value.code == "registry.store.name"


def test_a_disk_without_room_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Where the bytes do not fit, the error is the world's and no part of them stays."""
    store = Store(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        with pytest.raises(GroundError) as caught:
            store.put(b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (caught.value.code, caught.value.kind) == ("ground.disk.full", "world")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert store.get(store.put(b"x" * 100_000)) == b"x" * 100_000
