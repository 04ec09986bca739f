"""Rows that older pipelines stored without the mean of the texts: recognised, and brought back exactly."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import repscope as rs
from repscope.cli.main import app
from repscope.errors import VectorError
from repscope.formats.older.centred import decentre, looks_centred


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def pipeline(folder: Path, **changes: Any) -> tuple[Path, np.ndarray]:
    """A bridge that does nothing, stored as the older pipeline did; and its rows as they are."""
    rng = np.random.default_rng(0)
    text = unit(rng.normal(size=(40, 64)) + 3 * unit(rng.normal(size=64)) * 3)
    keys = rng.integers(0, 40, 200)
    visual = unit(text[keys] + rng.normal(size=(200, 64)) * 0.06)
    content = {
        "visual_before": visual,
        "visual_after": unit(visual - text.mean(axis=0)).astype("f4"),
        "text_adapted": text,
        "metadata": [
            {"image_id": f"{i}.jpg", "batch_idx": i, "pair_idx": 0, "gt_hoi": int(key)}
            for i, key in enumerate(keys)
        ],
        "config": {"diffusion_applied": True},
    } | changes
    path = folder / "embeddings_for_viz.pkl"
    path.write_bytes(pickle.dumps(content))
    return path, visual


@given(st.integers(0, 10_000), st.floats(0, 0.99))
def test_the_way_back_is_exact(seed: int, length: float) -> None:
    rng = np.random.default_rng(seed)
    rows, mean = unit(rng.normal(size=(5, 6))), length * unit(rng.normal(size=6))
    np.testing.assert_allclose(decentre(unit(rows - mean), mean), rows, atol=1e-9)


def test_a_mean_that_unit_rows_cannot_have() -> None:
    with pytest.raises(VectorError, match="shorter than 1"):
        decentre(np.eye(3), [1.0, 0, 0])


def test_what_looks_centred() -> None:
    rng = np.random.default_rng(0)
    cone, around = unit(rng.normal(size=(500, 16)) + 3), unit(rng.normal(size=(500, 16)))
    assert looks_centred(around, cone)
    assert not looks_centred(around, around)
    assert not looks_centred(cone, cone)
    assert not looks_centred(2 * around, cone)


def test_the_artefact_is_said_at_import_and_first_of_all_in_the_report(tmp_path: Path) -> None:
    path, _ = pipeline(tmp_path)
    study = rs.Study(tmp_path / "s")
    warned: list[str] = []
    rs.import_files([path], study=study, warn=warned.append)
    assert any("--decentre text" in line for line in warned)
    stages = [study[name] for name in ("visual_before", "visual_after", "text_adapted")]
    found = rs.compare(*stages, on="label", method="none", resamples=200)
    assert found.verdict.flags[0] == "centred-after"
    assert "import with --decentre" in found.save(tmp_path / "out", formats=()).read_text().replace(
        "\u00a0", " "
    )


def test_the_mean_is_added_again(tmp_path: Path) -> None:
    path, visual = pipeline(tmp_path)
    study = tmp_path / "s"
    done = CliRunner().invoke(app, ["import", str(path), "--study", str(study), "--decentre", "text"])
    assert done.exit_code == 0, done.stderr
    opened = rs.Study(study)
    np.testing.assert_allclose(opened["visual_after"].vectors, visual, atol=1e-6)
    assert opened["visual_after"].provenance["decentred"] == "mean of text_adapted added"
    stages = [opened[name] for name in ("visual_before", "visual_after", "text_adapted")]
    found = rs.compare(*stages, on="label", method="none", resamples=200)
    assert found.verdict.word == "unchanged"
    assert "centred-after" not in found.verdict.flags


def test_there_must_be_texts_to_decentre_by(tmp_path: Path) -> None:
    path, _ = pipeline(tmp_path, text_adapted=None)
    for word, said in (("text", "leave --decentre out"), ("mean", "--decentre text")):
        done = CliRunner().invoke(
            app, ["import", str(path), "--study", str(tmp_path / "s"), "--decentre", word]
        )
        assert done.exit_code == 1
        assert said in done.stderr


def test_text_rows_are_no_classes_where_the_items_have_others(tmp_path: Path) -> None:
    """HICO's ids 0 to 599 beside the rows of some of them: row k is not class k."""
    metadata = [{"image_id": f"{i}.jpg", "batch_idx": i, "pair_idx": 0, "gt_hoi": 3 * i} for i in range(200)]
    path, _ = pipeline(tmp_path, metadata=metadata)
    study = rs.Study(tmp_path / "s")
    warned: list[str] = []
    rs.import_files([path], study=study, warn=warned.append)
    assert "label" not in study["text_adapted"].columns
    assert any("it has no label" in line for line in warned)


def test_a_table_of_all_classes_becomes_the_selected_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    chosen = sorted(rng.choice(60, 21, replace=False).tolist())
    whole = np.zeros((60, 8), np.float32)
    whole[chosen] = rng.normal(size=(21, 8))
    path = tmp_path / "raw.pkl"
    path.write_bytes(pickle.dumps({"embeddings": whole, "select_HOI_index": chosen, "num_classes": 60}))
    rs.import_files([path], study=tmp_path / "s")
    texts = rs.Study(tmp_path / "s")["raw"]
    assert texts.column("label").tolist() == list(map(str, chosen))
    np.testing.assert_array_equal(texts.vectors, whole[chosen])
    whole[:] = 1
    path.write_bytes(pickle.dumps({"embeddings": whole, "select_HOI_index": chosen}))
    with pytest.raises(VectorError, match="for each of the 60"):
        rs.import_files([path], study=tmp_path / "t")
