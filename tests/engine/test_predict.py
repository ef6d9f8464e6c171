"""Scoring: the library's own numbers, one row as many, and no altered byte near native code."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mintmark.engine.logistic import LogisticModel
from mintmark.engine.model_text import check_text
from mintmark.engine.native import Booster, library_path
from mintmark.engine.predict import Scorer, openmp_missing
from mintmark.ground import EngineError, digest_bytes

NAMES = ("amount", "payments_1d", "payments_7d", "risk_28d")


def _rows(count: int) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(5))
    rows = rng.normal(size=(count, len(NAMES)))
    rows[rng.random(rows.shape) < 0.15] = np.nan
    return rows


@pytest.fixture(scope="module")
def trained() -> lightgbm.Booster:
    """A small model with nulls on both sides of its splits."""
    rows = _rows(3_000)
    labels = np.nan_to_num(rows[:, 0], nan=2.0) + rows[:, 1] ** 2 > 1.5
    data = lightgbm.Dataset(rows, labels, feature_name=list(NAMES))
    parameters = {"objective": "binary", "num_leaves": 15, "seed": 1, "verbose": -1,
                  "deterministic": True, "num_threads": 2}  # fmt: skip
    return lightgbm.train(parameters, data, num_boost_round=30)


@pytest.fixture
def bundle(trained: lightgbm.Booster, tmp_path: Path) -> Path:
    """A bundle folder of that model, its digests named."""
    files = {
        "model.txt": trained.model_to_string(),
        "calibration.json": json.dumps({"kind": "isotonic", "x": [-3.0, 2.0], "y": [0.0, 1.0]}),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    digests = {name: digest_bytes(text.encode()) for name, text in files.items()}
    (tmp_path / "bundle.json").write_text(json.dumps({"inputs": NAMES, "digests": digests}))
    return tmp_path


def test_margins_are_the_librarys(bundle: Path, trained: lightgbm.Booster) -> None:
    """What is served is what was trained, to the bit, text and ctypes between them."""
    rows = _rows(500)
    assert (Scorer.load(bundle).margins(rows) == trained.predict(rows, raw_score=True)).all()


def test_one_row_gives_the_bits_of_a_batch(bundle: Path) -> None:
    """Replay scores in batches and live one by one: the same score of record."""
    scorer, rows = Scorer.load(bundle), _rows(2_000)
    assert [scorer.margin(row) for row in rows] == scorer.margins(rows).tolist()
    assert scorer.margins(np.asfortranarray(rows)).tolist() == scorer.margins(rows).tolist()
    assert scorer.margins(rows[:0]).shape == (0,)


def test_contributions_are_the_librarys_and_add_up(bundle: Path, trained: lightgbm.Booster) -> None:
    """Each reason is the library's exact share; all shares and the base make the margin."""
    scorer, rows = Scorer.load(bundle), _rows(50)
    shares = np.array([scorer.contributions(row) for row in rows])
    assert (shares == trained.predict(rows, pred_contrib=True)).all()
    np.testing.assert_allclose(shares.sum(axis=1), scorer.margins(rows), atol=1e-9)


def test_two_scorers_and_threads_do_not_disturb_each_other(bundle: Path) -> None:
    """Champion and challenger score side by side, from several threads."""
    first, second, rows = Scorer.load(bundle), Scorer.load(bundle), _rows(300)
    want, faults = first.margins(rows).tolist(), []

    def work(scorer: Scorer) -> None:
        for row, margin in zip(rows, want, strict=True):
            scorer.contributions(row)
            if scorer.margin(row) != margin:
                faults.append(margin)

    threads = [threading.Thread(target=work, args=(s,)) for s in (first, first, second, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_scoring_loads_no_training_library(bundle: Path) -> None:
    """A process that scores has imported neither lightgbm nor what it drags in."""
    code = (
        "import sys, pathlib, numpy as np\n"
        "from mintmark.engine.predict import Scorer\n"
        f"scorer = Scorer.load(pathlib.Path({str(bundle)!r}))\n"
        "scorer.margin(np.zeros(4))\n"
        "print(sorted({'lightgbm', 'sklearn', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_probability_goes_through_the_calibration(bundle: Path) -> None:
    """The bundle's own map stands between margin and policy."""
    scorer = Scorer.load(bundle)
    assert scorer.probability(-0.5) == 0.5
    assert scorer.probability(np.array([-9.0, 9.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version=v4", "version=v9"),
        ("objective=binary sigmoid:1", "objective=lambdarank"),
        ("max_feature_idx=3", "max_feature_idx=9"),
        ("feature_names=amount", "feature_names=amounts"),
        ("num_class=1", "num_class=2"),
        ("label_index=0\n", ""),
        ("label_index=0\n", "label_index=0\naverage_output\n"),
        ("Tree=3\n", "Tree=4\n"),
        ("is_linear=0", "is_linear=1"),
        ("num_cat=0", "num_cat=1"),
        ("num_leaves=15", "num_leaves=16"),
        ("end of trees", "Tree=30\nnum_leaves=1"),
        ("tree_sizes=", "tree_sizes=1"),
        ("tree_sizes=", "tree_sizes=-"),
        ("leaf_value=", "leaf_value=nan "),
        ("leaf_value=-", "leaf_value=1e999"),
        ("internal_count=3000", "internal_count=9999999999"),
        ("shrinkage=1\n", "shrinkage=x\n"),
        ("num_cat=0\n", "num_cat=0\ncat_boundaries=0 1\n"),
    ],
)
def test_an_altered_model_text_is_refused(trained: lightgbm.Booster, old: str, new: str) -> None:
    """No alteration of the shape reaches the native reader, not even where the sizes agree."""
    text = trained.model_to_string()
    assert old in text
    altered = text.replace(old, new, 1)
    if text.index(old) > text.index("Tree=0"):
        size = text.split("tree_sizes=")[1].split(" ")[0]
        grown = str(int(size) + len(altered) - len(text))
        altered = altered.replace(f"tree_sizes={size}", f"tree_sizes={grown}", 1)
    with pytest.raises(EngineError) as caught:
        check_text(altered.encode(), names=NAMES)
    assert caught.value.code == "engine.model_text.shape"


@pytest.mark.parametrize("key", ["split_feature", "left_child", "right_child", "decision_type"])
@pytest.mark.parametrize("value", ["99", "-99", "1 1", "x"])
def test_an_index_out_of_range_is_refused(trained: lightgbm.Booster, key: str, value: str) -> None:
    """A split cannot point outside its tree or its inputs, even where no size changes."""
    text = trained.model_to_string()
    at = text.index(f"{key}=") + len(key) + 1
    end = text.index("\n", at)
    values = text[at:end].split(" ")
    values[1] = value
    line = " ".join(values)
    sizes = text.split("tree_sizes=")[1].split(" ")[0]
    grown = str(int(sizes) + len(line) - (end - at))
    altered = (text[:at] + line + text[end:]).replace(f"sizes={sizes}", f"sizes={grown}", 1)
    with pytest.raises(EngineError) as caught:
        check_text(altered.encode(), names=NAMES)
    assert key in caught.value.at


def test_every_cut_of_a_model_text_is_refused(trained: lightgbm.Booster) -> None:
    """A text cut short anywhere before the end of its trees does not load."""
    text = trained.model_to_string().encode()
    for cut in range(0, text.index(b"end of trees"), 997):
        with pytest.raises(EngineError):
            check_text(text[:cut], names=NAMES)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.floats(0, 1), byte=st.integers(32, 126))
def test_a_flipped_byte_is_refused_or_harmless(
    trained: lightgbm.Booster, place: float, byte: int
) -> None:
    """Whatever byte changes, the check refuses or the native reader loads a model that scores."""
    text = bytearray(trained.model_to_string().encode())
    text[int(place * (text.index(b"end of trees") - 1))] = byte
    try:
        outline = check_text(bytes(text), names=NAMES)
    except EngineError:
        return
    booster = Booster(bytes(text), inputs=len(NAMES), trees=outline.trees)
    assert np.isfinite(booster.margin(np.zeros(len(NAMES))))


def test_a_model_that_learned_nothing_still_loads(tmp_path: Path) -> None:
    """A single leaf is a model: its base value, no contributions."""
    rows, labels = _rows(60), np.arange(60) < 6
    parameters = {"objective": "binary", "min_data_in_leaf": 50, "verbose": -1}
    data = lightgbm.Dataset(rows, labels, feature_name=list(NAMES))
    text = lightgbm.train(parameters, data, num_boost_round=2).model_to_string().encode()
    booster = Booster(text, inputs=4, trees=check_text(text, names=NAMES).trees)
    assert booster.contributions(rows[0]).tolist() == [0, 0, 0, 0, booster.margin(rows[0])]


@pytest.mark.parametrize("name", ["model.txt", "calibration.json"])
def test_altered_bytes_are_named(bundle: Path, name: str) -> None:
    """A file that is not the one released is refused before it is parsed."""
    path = bundle / name
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(EngineError) as caught:
        Scorer.load(bundle)
    assert caught.value.code == "engine.predict.altered"
    assert name in caught.value.at


@pytest.mark.parametrize("name", ["model.txt", "calibration.json", "bundle.json"])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    """A bundle without one of its files does not load."""
    (bundle / name).unlink()
    with pytest.raises(EngineError) as caught:
        Scorer.load(bundle)
    assert caught.value.code == "engine.predict.missing"


@pytest.mark.parametrize("content", ["{", "[]", '{"inputs": []}', '{"inputs": "amount"}'])
def test_a_bundle_that_names_no_inputs_is_refused(bundle: Path, content: str) -> None:
    """Names are never guessed from the model."""
    (bundle / "bundle.json").write_text(content)
    with pytest.raises(EngineError) as caught:
        Scorer.load(bundle)
    assert caught.value.code in {"engine.predict.json", "engine.predict.inputs"}


@pytest.mark.parametrize(
    "row", [np.zeros(3), np.zeros(1), np.zeros((1, 4)), np.zeros(4, dtype=np.float32)]
)
def test_a_row_of_another_shape_is_refused(bundle: Path, row: np.ndarray) -> None:
    """One value is not stretched over all inputs, and nothing is cast silently."""
    scorer = Scorer.load(bundle)
    for call in (scorer.margin, scorer.contributions):
        with pytest.raises(EngineError) as caught:
            call(row)
        assert caught.value.code == "engine.predict.shape"
    with pytest.raises(EngineError):
        scorer.margins(np.zeros((2, 3)))


FORM = {
    "kind": "logistic",
    "names": list(NAMES),
    "mean": [10.0, 1.0, 3.0, 0.1],
    "scale": [5.0, 1.0, 2.0, 0.3],
    "fill": [10.0, 0.0, 3.0, 0.1],
    "coef": [0.7, -0.2, 1 / 3, 2.0],
    "intercept": -4.0,
}


def test_a_logistic_bundle_scores_one_row_as_many(tmp_path: Path) -> None:
    """The floor is served by the same face, its sum in one written order."""
    (tmp_path / "model.json").write_text(json.dumps(FORM))
    (tmp_path / "bundle.json").write_text(json.dumps({"inputs": NAMES}))
    (tmp_path / "calibration.json").write_text('{"kind": "platt", "a": 1.0, "b": 0.0}')
    scorer, rows = Scorer.load(tmp_path), _rows(9_000)
    many = scorer.margins(rows)
    assert [scorer.margin(row) for row in rows[:300]] == many[:300].tolist()
    assert [scorer.margin(row) for row in rows[-300:]] == many[-300:].tolist()
    for row, margin in zip(rows[:50], many, strict=False):
        *shares, base = scorer.contributions(row).tolist()
        total = base
        for share in shares:
            total += share
        assert total == margin


def test_a_null_is_filled_as_the_model_says() -> None:
    """A null input counts as its declared fill."""
    model = LogisticModel.from_form(FORM)
    row = np.array([12.0, np.nan, 4.0, 0.2])
    filled = np.array([12.0, 0.0, 4.0, 0.2])
    assert model.margin(row) == model.margin(filled)
    assert LogisticModel.from_form(json.loads(json.dumps(model.form()))).form() == FORM


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "linear"),
        ("names", ["amount"]),
        ("names", []),
        ("mean", [0.0]),
        ("scale", [0.0, 1.0, 1.0, 1.0]),
        ("coef", [float("nan"), 1.0, 1.0, 1.0]),
        ("fill", ["0", 1.0, 1.0, 1.0]),
        ("intercept", None),
    ],
)
def test_a_logistic_form_that_is_not_whole_is_refused(key: str, value: object) -> None:
    """Altered or cut numbers never score."""
    with pytest.raises(EngineError) as caught:
        LogisticModel.from_form({**FORM, key: value})
    assert caught.value.code == "engine.logistic.form"


def test_the_openmp_runtime_is_looked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it is present; where the loader names it as missing, its package is named."""
    assert library_path() is not None
    assert openmp_missing() is None

    def refuse(path: str) -> None:
        raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("mintmark.engine.native.ctypes.CDLL", refuse)
    assert "libgomp1" in (openmp_missing() or "")
    monkeypatch.setattr("mintmark.engine.native.sys.platform", "darwin")
    assert "libomp" in (openmp_missing() or "")
