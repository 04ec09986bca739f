"""A set as codes: numbers by hand, held-out rows, other verbs on the result, and every bad input."""

from __future__ import annotations

import csv
import json
import sys
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import repscope as rs
from repscope.cli.main import app
from repscope.errors import (
    DependencyError,
    ExistsError,
    InputError,
    MissingError,
    UnknownNameError,
    VectorError,
)

pytest.importorskip("vector_quantize_pytorch")

N, D, CLASSES = 240, 6, 4


def items(n: int = N, seed: int = 0) -> tuple[np.ndarray, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, CLASSES, n)
    rows = 4 * np.random.default_rng(9).standard_normal((CLASSES, D))[label] + rng.standard_normal((n, D))
    about = {
        "id": [f"{seed}-{row}" for row in range(n)],
        "label": [f"c{one}" for one in label],
        "image_id": [f"{seed}-m{row // 2}" for row in range(n)],
        "split": ["train" if row % 4 < 2 else "test" for row in range(n)],
    }
    return rows.astype(np.float32), about


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> rs.Study:
    made = rs.Study(tmp_path_factory.mktemp("quantise") / "s")
    made.add("visual", *items())
    made.add("other", *items(60, seed=1))
    text = np.random.default_rng(9).standard_normal((CLASSES, D)).astype(np.float32)
    made.add("text", text, {"label": [f"c{one}" for one in range(CLASSES)]})
    made.add("alike", np.ones((40, D), np.float32))
    made.add("one", np.ones((1, D), np.float32))
    return made


@pytest.fixture(scope="module")
def made(study: rs.Study) -> rs.Quantisation:
    return quantise(study, "kmeans", as_="km", codebook=16, cluster="image_id")


def quantise(study: rs.Study, method: str, name: str = "visual", **more: Any) -> rs.Quantisation:
    return rs.quantise(study, name, method=method, **{"resamples": 200, "show": 0, **more})


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_every_number_by_hand(study, made):
    before, after = study["visual"], study["km"]
    codes = after.column("code").astype(int)
    counts = np.bincount(codes, minlength=16)
    shares = counts[counts > 0] / N
    assert (made.codes, made.used, made.dead) == (16, (counts > 0).sum(), (counts == 0).sum())
    assert made.perplexity == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert made.bits_per_item == 4
    # Six floats against four bits; a codebook of 16 × 6 floats.
    assert made.compression.codes == pytest.approx(192 / 4)
    assert made.compression.with_codebook == pytest.approx(N * 192 / (N * 4 + 16 * 6 * 32))
    assert made.compression.break_even_items == 17
    squares = np.square(before.vectors - after.vectors, dtype=np.float64).sum(axis=1)
    assert made.distortion == pytest.approx(squares.mean(), rel=1e-5)
    spread = np.square(before.vectors - before.vectors.mean(0), dtype=np.float64).sum(axis=1).mean()
    assert made.distortion_relative == pytest.approx(squares.mean() / spread, rel=1e-4)
    assert made.estimates["distortion"].n == N // 2
    unseen = np.asarray(made.items.column("unseen"))
    assert made.estimates["distortion.unseen"].value == pytest.approx(squares[unseen].mean(), rel=1e-5)
    assert made.bound.rate_bits == 4
    assert made.information[0].classes == CLASSES
    assert made.information[0].excess.low > 1
    json.dumps(made.to_json(), allow_nan=False)


def test_equal_codes_are_equal_rows_and_all_else_is_kept(study, made):
    before, after = study["visual"], study["km"]
    assert after.columns == [*before.columns, "code"]
    assert list(after.ids) == list(before.ids)
    assert len(np.unique(after.vectors, axis=0)) == made.used
    assert made.held_out.items == round(0.2 * N / 2) * 2
    assert after.provenance["fits"][0]["hold_out"]["rows"] == made.held_out.items


def test_several_codebooks(study):
    found = quantise(study, "rvq", as_="rv", codebook=8, quantizers=3)
    assert study["rv"].columns[-3:] == ["code.0", "code.1", "code.2"]
    assert (found.codes, found.bits_per_item, len(found.stages)) == (24, 9, 3)
    assert found.used + found.dead == 24
    assert found.perplexity == pytest.approx(np.prod([one.perplexity for one in found.stages]) ** (1 / 3))
    assert found.compression.codes == pytest.approx(192 / 9)


@pytest.mark.parametrize(
    ("method", "codebook", "bottleneck"), [("vq", 8, 3), ("fsq", 27, 3), ("lfq", 16, None)]
)
def test_every_method(study, method, codebook, bottleneck):
    found = quantise(study, method, as_=f"{method}-set", codebook=codebook, bottleneck=bottleneck)
    codes = study[f"{method}-set"].column("code").astype(int)
    assert 0 <= codes.min() <= codes.max() < codebook
    assert 0 < found.distortion_relative < 1
    assert found.bottleneck == {"lfq": 4}.get(method, 3)


def test_compare_drift_and_maps_take_the_set_and_judge_what_was_held_out(study, made):
    compared = rs.compare(
        study["visual"], study["km"], study["text"], on="label", cluster="image_id", method="none",
        measures=["top1.true", "rank.entropy"], resamples=200,
    )  # fmt: skip
    assert compared.held_out.items == made.held_out.items
    drifted = rs.drift([study["visual"], study["km"]], method="none", resamples=200)
    assert drifted is not None
    everything = quantise(study, "kmeans", as_="seen", codebook=8, hold_out="none")
    assert everything.held_out.items == 0
    assert "distortion.unseen" not in everything.estimates
    blind = rs.compare(
        study["visual"], study["seen"], study["text"], on="label", method="none",
        measures=["top1.true", "rank.entropy"], resamples=200,
    )  # fmt: skip
    assert blind.verdict.word == "inconclusive"
    assert "fitted-on-these-items" in blind.verdict.flags


def test_train_rows_and_another_set(study):
    found = quantise(
        study,
        "kmeans",
        as_="trained",
        codebook=8,
        train=("split", "train"),
        apply_to="other",
        classes="label",
    )
    assert study["trained"].n == 60
    assert found.held_out.items == 60
    assert any("fitted on 120 rows" in note for note in found.notes)
    own = quantise(study, "kmeans", as_="own", codebook=8, train=("split", "train"), cluster="id")
    unseen = np.asarray(own.items.column("unseen"))
    np.testing.assert_array_equal(unseen, study["visual"].column("split") == "test")


def test_bridge_apply_gives_the_same_codes_and_replaces_earlier_ones(study, made):
    again = rs.bridge.apply(study, "km", "visual", "km-again")
    np.testing.assert_array_equal(again.vectors, study["km"].vectors)
    np.testing.assert_array_equal(again.column("code"), study["km"].column("code"))
    rs.bridge.fit(
        study, "visual", "visual", "rvq", name="stages", unpaired=True,
        params={"codebook_size": 8, "stages": 2},
    )  # fmt: skip
    twice = rs.bridge.apply(study, "stages", "km", "twice")
    assert [one for one in twice.columns if one.startswith("code")] == ["code.0", "code.1"]
    rows, about = items(20)
    study.add("coded", rows, {**about, "code": ["x"] * 20})
    with pytest.raises(InputError, match="no bridge wrote"):
        rs.bridge.apply(study, "km", "coded", "lost")


def test_a_curve_falls_and_stays_above_the_bound_of_gaussian_rows(tmp_path):
    rng = np.random.default_rng(3)
    study = rs.Study(tmp_path / "s")
    study.add("gauss", (rng.standard_normal((1500, 3)) * [3, 1, 0.5]).astype(np.float32))
    found = quantise(study, "kmeans", "gauss", as_="q", codebook=64, curve=True, codebooks=(2, 8, 64))
    relative = [one.relative.value for one in found.curve]
    assert relative == sorted(relative, reverse=True)
    for one in found.curve:
        assert one.relative.value > one.bound
        # A quantiser of few axes is about 1.5 bits or less away from what blocks of rows could have.
        assert one.relative.value < 2.2 * one.bound
    assert found.bound.ratio > 1
    assert "curve" in found.figures


def test_the_command_its_json_and_report(study, tmp_path):
    done = run(
        "quantise", study.path, "visual", "--method", "vq", "--codebook", 8, "--bottleneck", 4, "--as", "vq8",
        "--curve", "--codebooks", "4,8", "--out", tmp_path / "out", "--figures", "png", "--resamples", 200,
        "--json", "--quiet",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["schema"] == "repscope.quantisation/1"
    assert {"codes", "used", "dead", "perplexity", "bits_per_item", "compression", "distortion"} <= set(
        record
    )
    assert {"codes", "with_codebook", "break_even_items"} <= set(record["compression"])
    assert record["bits_per_item"] == 3
    assert len(record["curve"]) == 2
    table = list(csv.DictReader((tmp_path / "out" / "metrics.csv").read_text().splitlines()))
    assert next(row for row in table if row["name"] == "used")["value"] == str(record["used"])
    assert pq.read_table(tmp_path / "out" / "items.parquet").num_rows == N
    figures = {one.name for one in (tmp_path / "out" / "figures").glob("*.png")}
    assert figures == {"usage.png", "curve.png", "codes.png"}
    assert "--method vq --codebook 8 --bottleneck 4" in record["replay"]
    assert "Distortion against bits" in (tmp_path / "out" / "report.txt").read_text()
    shown = run(
        "quantise", study.path, "visual", "--method", "fsq", "--codebook", 30, "--as", "grid",
        "--figures", "", "--show", 0, "--out", tmp_path / "b",
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert "visual → grid by fsq" in shown.stdout


def test_the_same_seed_gives_the_same_set(study, made):
    again = quantise(study, "kmeans", as_="km2", codebook=16, cluster="image_id")
    assert study["km2"].fingerprint == study["km"].fingerprint
    assert again.estimates == made.estimates


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"codebook": 500}, VectorError, "at least 500 rows"),
        ({"codebook": 8, "curve": True, "codebooks": (4, 400)}, VectorError, "at least 400 rows"),
        ({"name": "alike"}, VectorError, "all alike"),
        ({"name": "one"}, VectorError, "all alike"),
        ({"bottleneck": 7}, InputError, "at most 6"),
        ({"method": "nope"}, UnknownNameError, "kmeans"),
        ({"as_": "visual"}, InputError, "another name"),
        ({"as_": "text"}, ExistsError, "--overwrite"),
        ({"as_": "km"}, ExistsError, "--overwrite"),
        ({"name": "absent"}, MissingError, "absent"),
        ({"train": ("split", "val")}, InputError, "'val'"),
        ({"train": ("nope", "val")}, UnknownNameError, "nope"),
        ({"classes": "nope"}, UnknownNameError, "nope"),
        ({"cluster": "nope"}, UnknownNameError, "nope"),
        ({"params": {"nope": 1}}, UnknownNameError, "nope"),
        ({"hold_out": "classes"}, InputError, "clusters or none"),
        ({"apply_to": "absent"}, MissingError, "absent"),
    ],
)
def test_bad_input_leaves_nothing(study, made, more, error, message):
    before = sorted(study)
    given = {"method": "kmeans", "name": "visual", "as_": "never", "codebook": 8, **more}
    with pytest.raises(error, match=message):
        quantise(study, given.pop("method"), given.pop("name"), **given)
    assert sorted(study) == before
    assert not (study.path / "transforms" / "never").exists()


def test_a_missing_package_names_its_extra(study, monkeypatch):
    from repscope.transform import quantise as package

    missing: Any = None
    monkeypatch.setitem(sys.modules, "vector_quantize_pytorch", missing)
    monkeypatch.delitem(sys.modules, f"{package.__name__}.vector_quantize", raising=False)
    monkeypatch.delattr(package, "vector_quantize", raising=False)
    with pytest.raises(DependencyError, match=r'pip install "repscope\[quantise\]"'):
        quantise(study, "vq", as_="never", codebook=8)
    assert "never" not in study
    assert quantise(study, "kmeans", as_="without", codebook=8).used == 8


def test_overwriting_replaces_set_and_bridge(study):
    first = quantise(study, "kmeans", as_="again", codebook=4)
    second = quantise(study, "kmeans", as_="again", codebook=8, overwrite=True)
    assert (first.codes, second.codes) == (4, 8)
    assert study["again"].fingerprint == second.fingerprints["again"]
