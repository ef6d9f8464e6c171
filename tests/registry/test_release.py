"""Releases: refused without a verdict, signed, laid out, and verified before they are read."""

import json
from pathlib import Path

import pytest

from mintmark.ground import RegistryError, SigningKey, digest_bytes, short
from mintmark.registry import Registry, Release, bundle_digest, open_release
from registry.worked import AT, LOCK, judged, make_bundle, open_registry, seal, signing_key


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An empty registry."""
    return open_registry(tmp_path)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A model bundle as training leaves it."""
    return make_bundle(tmp_path / "bundle")


@pytest.fixture
def released(registry: Registry, bundle: Path, tmp_path: Path) -> Release:
    """A release of the bundle."""
    verdict = judged(registry.ledger, bundle)
    return registry.release(bundle, verdict=verdict.hash, seal=seal(tmp_path))


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    """The key that signs."""
    return signing_key(tmp_path)


def test_a_release_says_what_it_holds(
    registry: Registry, released: Release, bundle: Path, key: SigningKey
) -> None:
    """The manifest lists every file, the judged model, the digests inside, who and when."""
    opened = open_release(released.folder, key.public)
    assert opened == released
    assert opened.folder == registry.releases / short(opened.digest)
    assert opened.model == bundle_digest(bundle)
    assert opened.digests["plan"] == "sha256:b1a2"
    assert opened.digests["dataset"] == "sha256:d0"
    assert opened.digests["policy"] == digest_bytes((bundle / "policy.json").read_bytes())
    assert opened.manifest["lock"] == LOCK
    assert (opened.manifest["actor"], opened.manifest["created_at"]) == ("ada", AT)
    verdict = registry.ledger.find(opened.manifest["verdict"], "verdict")
    assert verdict is not None
    for name in ("model.txt", "plan.json"):
        assert opened.read(name) == (bundle / name).read_bytes()


def test_the_same_verdict_again_is_the_same_release(
    registry: Registry, released: Release, bundle: Path, tmp_path: Path
) -> None:
    """Releasing twice, a year later, changes nothing: one record, one folder, the same bytes."""
    head = registry.ledger.head()
    verdict = released.manifest["verdict"]
    again = registry.release(bundle, verdict=verdict, seal=seal(tmp_path, at=AT + 10**13))
    assert again == released
    assert registry.ledger.head() == head


@pytest.mark.parametrize("result", ["HOLD", "REJECT"])
def test_a_verdict_against_it_refuses_a_release(
    registry: Registry, bundle: Path, tmp_path: Path, result: str
) -> None:
    """HOLD and REJECT make no release, and nothing is left behind."""
    verdict = judged(registry.ledger, bundle, result)
    _refused(registry, bundle, verdict.hash, "not_promoted", tmp_path)


def test_no_verdict_refuses_a_release(registry: Registry, bundle: Path, tmp_path: Path) -> None:
    """A hash of nothing, or of a record of another kind, is not a verdict."""
    verdict = judged(registry.ledger, bundle)
    _refused(registry, bundle, "sha256:" + "0" * 64, "no_verdict", tmp_path)
    _refused(registry, bundle, verdict.inputs["evaluation"], "no_verdict", tmp_path)


def test_a_model_that_was_not_judged_is_refused(
    registry: Registry, bundle: Path, tmp_path: Path
) -> None:
    """One byte changed after the verdict is another model."""
    verdict = judged(registry.ledger, bundle)
    other = make_bundle(tmp_path / "other", model="tree\nversion=v5\n")
    _refused(registry, other, verdict.hash, "other_model", tmp_path)
    (bundle / "calibration.json").write_text("{}")
    _refused(registry, bundle, verdict.hash, "other_model", tmp_path)


def test_a_verdict_on_another_evaluation_is_refused(
    registry: Registry, bundle: Path, tmp_path: Path
) -> None:
    """A verdict that names this model but rests on the evaluation of another is refused."""
    other = make_bundle(tmp_path / "other", model="tree\nversion=v5\n")
    elsewhere = judged(registry.ledger, other)
    judged(registry.ledger, bundle, "HOLD")
    body = {"result": "PROMOTE", "model": bundle_digest(bundle), "inputs": elsewhere.inputs}
    forged = registry.ledger.record("verdict", body, actor="eve", at=AT)
    _refused(registry, bundle, forged.hash, "other_model", tmp_path)


def test_a_later_verdict_against_it_refuses_a_release(
    registry: Registry, bundle: Path, tmp_path: Path
) -> None:
    """The newest verdict on a model is the one that counts."""
    verdict = judged(registry.ledger, bundle)
    judged(registry.ledger, bundle, "REJECT")
    _refused(registry, bundle, verdict.hash, "superseded", tmp_path)


def test_an_incomplete_bundle_is_refused(registry: Registry, bundle: Path, tmp_path: Path) -> None:
    """A bundle without its plan is not one, and a link is not a file of it."""
    verdict = judged(registry.ledger, bundle)
    plan = (bundle / "plan.json").rename(tmp_path / "plan.json")
    with pytest.raises(RegistryError) as caught:
        registry.release(bundle, verdict=verdict.hash, seal=seal(tmp_path))
    assert caught.value.code == "registry.bundle.incomplete"
    (bundle / "plan.json").symlink_to(plan)
    with pytest.raises(RegistryError) as caught:
        registry.release(bundle, verdict=verdict.hash, seal=seal(tmp_path))
    assert caught.value.code == "registry.bundle.entry"


FILES = [
    "bundle.json",
    "calibration.json",
    "manifest.json",
    "model.txt",
    "plan.json",
    "policy.json",
    "signature.json",
]


@pytest.mark.parametrize("name", FILES)
def test_an_altered_byte_is_found_and_its_file_named(
    released: Release, key: SigningKey, name: str
) -> None:
    """Every byte of every file is covered: flip one, anywhere, and the release does not open."""
    path = released.folder / name
    whole = path.read_bytes()
    for place in sorted({0, 1, len(whole) // 2, len(whole) - 1}):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(RegistryError) as caught:
            open_release(released.folder, key.public)
        assert caught.value.code in ("registry.release.altered", "registry.release.signer")
        assert (caught.value.code == "registry.release.signer") <= (name == "signature.json")
        assert name in caught.value.at or name == "signature.json"
    path.write_bytes(whole)
    assert open_release(released.folder, key.public) == released


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_cut_file_is_found(released: Release, key: SigningKey, name: str) -> None:
    """A file that is gone, empty or longer is as bad as an altered one."""
    path = released.folder / name
    whole = path.read_bytes()
    for content in (b"", whole + b"\n", whole[:-1]):
        path.write_bytes(content)
        _does_not_open(released, key)
    path.unlink()
    assert _does_not_open(released, key).at.endswith(name)


def test_a_file_that_was_not_signed_is_found(released: Release, key: SigningKey) -> None:
    """Nothing can be slipped in beside what was signed."""
    (released.folder / "model.json").write_text("{}")
    assert _does_not_open(released, key).at.endswith("model.json")


def test_a_manifest_that_fits_altered_files_needs_the_key(
    released: Release, key: SigningKey, tmp_path: Path
) -> None:
    """Writing a new manifest for altered files does not help whoever lacks the signing key."""
    manifest = json.loads((released.folder / "manifest.json").read_bytes())
    manifest["actor"] = "eve"
    (released.folder / "manifest.json").write_text(json.dumps(manifest))
    assert _does_not_open(released, key).at.endswith("manifest.json")
    stranger = signing_key(tmp_path / "stranger")
    with pytest.raises(RegistryError) as caught:
        open_release(released.folder, stranger.public)
    assert caught.value.code == "registry.release.signer"


def test_a_file_altered_after_opening_is_not_read(released: Release) -> None:
    """A file that changes between the opening and the reading is found when it is read."""
    (released.folder / "model.txt").write_text("tree\nversion=v6\n")
    with pytest.raises(RegistryError) as caught:
        released.read("model.txt")
    assert caught.value.code == "registry.release.altered"
    with pytest.raises(RegistryError):
        released.read("../ledger.db")


def test_a_release_is_finished_after_a_crash_at_any_step(
    registry: Registry, bundle: Path, tmp_path: Path
) -> None:
    """Killed before the record, after it, or while laying out: the same command goes on."""
    verdict = judged(registry.ledger, bundle)
    for content in bundle.iterdir():
        registry.store.put(content.read_bytes())
    made = registry.release(bundle, verdict=verdict.hash, seal=seal(tmp_path))
    half = registry.releases / f".staging-{made.folder.name}"
    made.folder.rename(half)
    (half / "model.txt").write_text("tr")
    (half / "signature.json").unlink()
    again = registry.release(bundle, verdict=verdict.hash, seal=seal(tmp_path, at=AT + 1))
    assert again == made
    assert [p.name for p in registry.releases.iterdir()] == [made.folder.name]


def _refused(registry: Registry, bundle: Path, verdict: str, why: str, folder: Path) -> None:
    head = registry.ledger.head()
    with pytest.raises(RegistryError) as caught:
        registry.release(bundle, verdict=verdict, seal=seal(folder))
    assert (caught.value.code, caught.value.kind) == (f"registry.release.{why}", "refused")
    assert registry.ledger.head() == head
    assert not registry.releases.exists()


def _does_not_open(release: Release, key: SigningKey) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        open_release(release.folder, key.public)
    assert caught.value.code == "registry.release.altered"
    return caught.value
