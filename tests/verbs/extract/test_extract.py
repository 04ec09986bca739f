from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from repscope.errors import InputError
from repscope.extraction import Extraction, SourceOptions
from repscope.study import Study
from repscope.verbs.common.model_options import parse_regions
from repscope.verbs.common.model_run import source_options
from repscope.verbs.extract.extract import extract, plan
from repscope.verbs.extract.options import ExtractOptions

MODEL = """
from torch import nn
def build():
    return nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.Flatten(2), nn.Linear(4, 5))
"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "my photos"
    folder.mkdir()
    for index in range(3):
        pixels = np.random.default_rng(index).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    (tmp_path / "model.py").write_text(MODEL)
    return folder


def test_options_in_the_command_lines_form(photos: Path, tmp_path: Path) -> None:
    done = extract(
        photos,
        study=tmp_path / "s",
        model=f"{tmp_path}/model.py:build",
        capture=["0=maps", "2:tokens=t"],
        resize="8",
        crop="8",
        mean="0.5",
        std="0.25,0.5,0.5",
        interpolation="bicubic",
        device="cpu",
        shard_rows=2,
        seed=3,
    )
    assert [one.n for one in done.sets] == [3, 12]
    record = Study.open(tmp_path / "s")["maps"].provenance
    assert record["preprocessing"] == {
        "kind": "given",
        "resize": 8,
        "crop": [8, 8],
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.5, 0.5],
        "interpolation": "bicubic",
        "antialias": True,
        "scale": "1/255",
    }
    words = shlex.split(record["command"])
    assert words[:3] == ["repscope", "extract", str(photos)]
    assert words[words.index("--std") + 1] == "0.25,0.5,0.5"
    assert words[words.index("--shard-rows") + 1] == "2"
    assert words.count("--capture") == 2
    assert "--batch-size" not in words


def test_the_command_that_continues_does_not_begin_again(photos: Path, tmp_path: Path) -> None:
    def run(overwrite: bool) -> Extraction:
        model = f"{tmp_path}/model.py:build"
        return extract(
            photos,
            study=tmp_path / "s",
            model=model,
            name="x",
            pool="mean",
            crop="8",
            device="cpu",
            overwrite=overwrite,
        )

    run(overwrite=True)
    manifest = Study.open(tmp_path / "s").manifest("x")
    assert "--overwrite" not in manifest.resume
    assert "--as x" in manifest.resume
    assert "--pool mean" in manifest.resume
    # What the command says gives the same recipe: the set is found complete.
    assert run(overwrite=False).already_there


def test_bad_numbers_are_refused_before_anything_is_written(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--mean"):
        extract(photos, study=tmp_path / "s", model=f"{tmp_path}/model.py:build", mean="a,b,c")
    assert not (tmp_path / "s").exists()


def test_texts_beside_images_and_classes_are_planned_and_spelt(photos: Path, tmp_path: Path) -> None:
    def options(**given: Any) -> ExtractOptions:
        return ExtractOptions(study=tmp_path, model=f"{tmp_path}/model.py:build", device="cpu", **given)

    table = tmp_path / "captions.csv"
    table.write_text("path,caption\n0.png,a dog\n1.png,a cat\n")
    with pytest.raises(InputError, match="text"):
        # Both sources are opened; this model has no tower for texts.
        plan(table, options(text_column=("caption",), images=photos))
    assert source_options(options(text_column=("one",))).text_column == "one"
    assert source_options(options(text_column=("one", "two"))).text_column == ("one", "two")
    assert source_options(options()) == SourceOptions()
    assert source_options(options(templates=("a {}",))).templates == ("a {}",)
    assert parse_regions("human, union") == ("human", "union")
    with pytest.raises(InputError, match="--regions with names"):
        parse_regions(" ,")


def test_a_plan_of_a_table(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "list.csv"
    table.write_text("path,kind\n0.png,x\n1.png,y\n")
    options = ExtractOptions(
        study=tmp_path / "s",
        model=f"{tmp_path}/model.py:build",
        images=photos,
        capture=("0=maps",),
        device="cpu",
        resize="8,8",
    )
    planned = plan(table, options)
    assert [(one.name, one.d) for one in planned.sets] == [("maps", 4)]
    assert planned.sources[0].columns == ("path", "kind")
    assert Path(planned.sheet_file).read_bytes().startswith(b"\x89PNG")
