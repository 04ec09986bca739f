"""Success on the rows of a fit is no success: compare and drift judge what the fit has not seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import repscope as rs
from repscope.cli.main import app
from repscope.errors import UnknownNameError
from repscope.transform.store import transform_folder
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge
from repscope.verbs.common.unseen import FITS, FLAG
from repscope.verbs.compare.compare import compare
from repscope.verbs.drift.drift import drift

QUICK = {"method": "none", "resamples": 200}
FAST = {"measures": (), "method": "none", "resamples": 200}


@pytest.fixture
def noise(tmp_path: Path) -> rs.Study:
    """300 rows of noise, 40 random texts: nothing to find, and with 128 columns everything to fit."""
    rng = np.random.default_rng(0)
    study = rs.Study(tmp_path / "s")
    part = np.where(np.arange(300) % 3, "train", "test")
    labels = rng.integers(0, 40, 300).astype(str)
    ids = [f"item {i}" for i in range(300)]
    study.add("v", rng.normal(size=(300, 128)).astype("f4"), {"id": ids, "label": labels, "part": part})
    study.add("t", rng.normal(size=(40, 128)).astype("f4"), {"label": np.arange(40).astype(str)})
    return study


def fit(study: rs.Study, name: str = "b", hold_out: str = "clusters", source: str = "v") -> None:
    fit_bridge(study, source, "t", "cca", name=name, on="label", hold_out=hold_out)
    apply_bridge(study, name, source, f"{source}_{name}")


def compared(study: rs.Study, after: str, **options):
    return compare(study["v"], study[after], study["t"], on="label", **QUICK, **options)


def test_a_bridge_fitted_on_noise_and_judged_on_its_own_rows(noise: rs.Study) -> None:
    fit(noise, hold_out="none")
    found = compared(noise, "v_b")
    # In sample the share that finds its truth rises manyfold, and means nothing.
    assert found["top1.true"].difference.low > 0.3
    assert found.verdict.word == "inconclusive"
    assert found.verdict.flags[0] == FLAG
    command = f"repscope bridge report {noise.path} --methods cca --source v --target t --on label"
    assert command in found.verdict.because[0]
    answer = CliRunner().invoke(app, [*command.split()[1:], "--figures", ""])
    assert answer.exit_code == 0, answer.output
    record = found.to_json()["held_out"]
    assert record == {"items": 0, "of": 300, "why": "the fit of bridge b has seen 300 of 300 items"}
    json.dumps(record)


def test_only_the_rows_that_the_fit_held_out_are_judged(noise: rs.Study) -> None:
    fit(noise)
    found = compared(noise, "v_b")
    assert found.n == found.held_out.items == 60
    assert found.held_out.of == 300
    assert FLAG not in found.verdict.flags
    assert found.verdict.word != "aligned"
    assert found["top1.true"].difference.value < 0.1
    assert any(note.startswith("60 of 300 items are judged") for note in found.notes)
    # They are the rows that the bridge itself kept out.
    record = rs.bridges.load(transform_folder(noise, "b")).provenance_["fit"]["hold_out"]
    assert record["rows"] == 60


def test_through_a_chain_of_bridges(noise: rs.Study) -> None:
    fit(noise, hold_out="none")
    fit_bridge(noise, "v_b", "t", "mean-shift", name="c", on="label")
    apply_bridge(noise, "c", "v_b", "twice")
    assert [one["bridge"] for one in noise["twice"].provenance[FITS]] == ["b", "c"]
    assert compared(noise, "twice").verdict.flags[0] == FLAG


def test_drift_judges_the_same_rows(noise: rs.Study) -> None:
    fit(noise)
    stages = [noise["v"], noise["v_b"]]
    found = drift(stages, reference=noise["t"], on="label", **FAST)
    assert found.arrays.n == found.held_out.items == 60
    fit(noise, name="whole", hold_out="none")
    found = drift([noise["v"], noise["v_whole"]], reference=noise["t"], on="label", **FAST)
    assert found.verdict.word == "inconclusive"
    assert FLAG in found.verdict.flags
    assert found.to_json()["held_out"]["items"] == 0


def test_what_is_told_never_excuses_what_is_known(noise: rs.Study) -> None:
    fit(noise)
    found = compared(noise, "v_b", held_out=("part", "test"))
    assert 0 < found.held_out.items < 60
    assert found.held_out.why.startswith("part = test, as told; the fit of bridge b has seen 240 of 300")
    assert "--held-out part=test" in found.replay
    fit(noise, name="whole", hold_out="none")
    assert compared(noise, "v_whole", held_out=("part", "test")).verdict.flags[0] == FLAG
    with pytest.raises(UnknownNameError, match="validation"):
        compared(noise, "v_b", held_out=("part", "validation"))


def test_what_is_told_of_a_set_from_elsewhere(noise: rs.Study) -> None:
    columns = {name: noise["v"].column(name) for name in ("label", "part")}
    noise.add("other", noise["v"].vectors * 2, {"id": noise["v"].ids, **columns})
    stages = [noise["v"], noise["other"]]
    found = drift(stages, held_out=("part", "test"), **FAST)
    assert found.arrays.n == found.held_out.items == 100
    assert "--held-out part=test" in found.replay


def test_a_bridge_fitted_on_what_a_bridge_made(noise: rs.Study) -> None:
    fit(noise, hold_out="none")
    fit_bridge(noise, "v_b", "t", "mean-shift", name="c", on="label")
    apply_bridge(noise, "c", "v", "once")
    assert compared(noise, "once").verdict.flags[0] == FLAG


def test_a_set_without_a_bridge_says_that_nothing_is_known(noise: rs.Study) -> None:
    noise.add("other", noise["v"].vectors * 2, {"id": noise["v"].ids, "label": noise["v"].column("label")})
    found = compared(noise, "other")
    assert (found.held_out.items, found.held_out.of) == (300, 300)
    folder = found.save(noise.path / "out", formats=()).parent
    assert "only you know" in " ".join((folder / "report.txt").read_text().split())
    assert json.loads((folder / "metrics.json").read_text())["held_out"]["items"] == 300


def test_other_items_of_a_bridge_are_unseen(noise: rs.Study) -> None:
    """A test set beside the source: other ids, or row numbers, which are no evidence."""
    fit(noise, hold_out="none")
    rng = np.random.default_rng(1)
    noise.add("fresh", rng.normal(size=(50, 128)).astype("f4"), {"label": np.arange(50).astype(str)})
    apply_bridge(noise, "b", "fresh", "fresh_b")
    found = compare(noise["fresh"], noise["fresh_b"], noise["t"], on="label", drop_unlinked=True, **QUICK)
    assert found.held_out.items == found.n == 50
    assert FLAG not in found.verdict.flags


def test_what_cannot_be_told_is_not_praised(noise: rs.Study) -> None:
    fit(noise)
    after = noise["v_b"]
    noise.remove("t")
    noise.add("t", np.eye(40, 128, dtype="f4"), {"label": np.arange(40).astype(str)})
    found = compare(noise["v"], after, noise["t"], on="label", **QUICK)
    assert "cannot be told" in found.held_out.why
    assert found.held_out.items == 0
    assert found.verdict.word == "inconclusive"
    told = compare(noise["v"], after, noise["t"], on="label", held_out=("part", "test"), **QUICK)
    assert told.held_out.items == 100


def test_a_reference_that_a_bridge_moved_towards_the_items(noise: rs.Study) -> None:
    """Texts fitted to the items: the fit has seen the items that it was fitted towards."""
    noise.add("other", noise["v"].vectors * 2, {"id": noise["v"].ids, "label": noise["v"].column("label")})
    for hold_out in ("none", "clusters"):
        fit_bridge(noise, "t", "v", "cca", name=hold_out, on="label", hold_out=hold_out)
        apply_bridge(noise, hold_out, "t", f"t_{hold_out}")
    found = compare(noise["v"], noise["other"], noise["t_none"], on="label", **QUICK)
    assert (found.verdict.word, found.verdict.flags[0]) == ("inconclusive", FLAG)
    assert "which moved the reference 't_none', has seen 300 of 300 items" in found.held_out.why
    part = compare(noise["v"], noise["other"], noise["t_clusters"], on="label", **QUICK)
    # The fifth of the texts that were held out took its items with it.
    assert FLAG not in part.verdict.flags
    assert 20 < part.n == part.held_out.items < 100
    labels = dict(zip(noise["v"].ids, noise["v"].column("label"), strict=True))
    assert len({labels[one] for one in part.items.column("id").to_pylist()}) == 8
    drifted = drift([noise["v"], noise["other"]], reference=noise["t_none"], on="label", **FAST)
    assert FLAG in drifted.verdict.flags


def test_items_that_share_a_photo_with_others_than_the_told_ones(noise: rs.Study) -> None:
    """--held-out part=test: a photo with a row in train has been seen."""
    photos = np.arange(300) // 3
    part = np.where((photos % 5 == 0) & (np.arange(300) % 3 > 0), "test", "train")
    part[:60] = np.where(photos[:60] % 2, "test", "train")
    columns = {"id": noise["v"].ids, "photo_id": photos.astype(str), "part": part}
    for name in ("one", "two"):
        noise.add(name, noise["v"].vectors * (1 + (name == "two")), columns)
    found = drift([noise["one"], noise["two"]], held_out=("part", "test"), **FAST)
    whole = [photo for photo in range(100) if set(part[photos == photo]) == {"test"}]
    assert found.arrays.n == 3 * len(whole)
    shared = int((part == "test").sum()) - 3 * len(whole)
    assert shared > 0
    assert f"{shared} more share a cluster with others" in found.held_out.why
    alone = drift([noise["one"], noise["two"]], held_out=("part", "test"), cluster="id", **FAST)
    assert alone.arrays.n == (part == "test").sum()
