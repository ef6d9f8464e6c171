"""Law 5, first form: the registry is a fold of its ledger.

Delete every copy that was kept to save time, fold again, and the bytes are the same: the state in
its cache, and the releases laid out as folders.
"""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.registry import Registry, Target, fold, move_alias
from registry.worked import AT, judged, make_bundle, open_registry, seal

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("judge"), st.sampled_from("abc"), st.sampled_from(["PROMOTE", "HOLD"])),
        st.tuples(st.just("move"), st.sampled_from(["champion", "challenger"]), st.integers(0, 9)),
        st.tuples(st.just("forget"), st.sampled_from(["nothing", "cache", "releases", "broken"])),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_folding_again_gives_the_same_bytes(steps: list[tuple[str, ...]]) -> None:
    """Whatever is recorded and whichever copies are lost on the way, the end is the same bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        registry = open_registry(folder)
        for place, step in enumerate(steps):
            _take(registry, folder, step, place)
            assert registry.state().to_bytes() == fold(registry.ledger).to_bytes()
        registry.lay_out_all()
        before = _bytes_of(registry)
        shutil.rmtree(registry.releases, ignore_errors=True)
        registry.cache.unlink(missing_ok=True)
        registry.lay_out_all()
        assert _bytes_of(registry) == before
        registry.ledger.close()


def _take(registry: Registry, folder: Path, step: tuple[str, ...], place: int) -> None:
    at = AT + place
    if step[0] == "judge":
        bundle = folder / f"bundle-{step[1]}"
        if not bundle.exists():
            make_bundle(bundle, model=step[1])
        verdict = judged(registry.ledger, bundle, step[2], at=at)
        if step[2] == "PROMOTE":
            registry.release(bundle, verdict=verdict.hash, seal=seal(folder, at=at))
    elif step[0] == "move":
        made = list(registry.ledger.read("release"))
        if made:
            chosen = made[int(step[2]) % len(made)]
            target = Target(chosen.body["digest"], chosen.hash)
            move_alias(registry.ledger, step[1], target, actor="ada", at=at)
    elif step[1] == "broken":
        registry.cache.parent.mkdir(exist_ok=True)
        registry.cache.write_text('{"head":{"n":1,"hash":"sha256:00"},"named":{}}')
    elif step[1] != "nothing":
        lost = registry.cache if step[1] == "cache" else registry.releases
        shutil.rmtree(lost, ignore_errors=True)
        lost.unlink(missing_ok=True) if lost.is_file() else None


def _bytes_of(registry: Registry) -> dict[str, bytes]:
    """The state, and every file of every release."""
    files = sorted(p for p in registry.releases.rglob("*") if p.is_file())
    laid_out = {str(p.relative_to(registry.releases)): p.read_bytes() for p in files}
    return laid_out | {"state": registry.state().to_bytes()}
