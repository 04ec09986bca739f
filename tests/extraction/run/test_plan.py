from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from repscope.errors import InputError
from repscope.extraction import Preprocessing
from repscope.extraction.run.contact_sheet import CAPTION, GAP, MOST_TILES, TILE, contact_sheet, save_sheet
from repscope.extraction.run.extract import prepare
from repscope.extraction.run.plan import Plan, plan_extraction
from repscope.extraction.run.settings import RunSettings
from repscope.extraction.sources.open import open_source


def planned(source: Path, model: Any, *, capture: Any = (), preprocess: Any = None, **how: Any) -> Plan:
    settings = RunSettings(**{"batch_size": 32, "shard_rows": 1024, "workers": 0, **how})
    begun = prepare(open_source(source), model, settings, capture=capture, preprocess=preprocess)
    return plan_extraction(begun, settings)


def test_a_plan_says_what_a_run_would_do(images: Path, model_file: Path) -> None:
    (images / "cat" / "000.png").write_text("no image")
    plan = planned(
        images,
        f"{model_file}:build",
        capture=["adapter:input=before", "head"],
        preprocess=Preprocessing(crop=(8, 8)),
        batch_size=4,
        device="cpu",
        limit=9,
    )
    record = plan.to_json()
    assert record["schema"] == "repscope.extraction-plan/1"
    [source] = record["sources"]
    assert (source["kind"], source["items"], source["shape"]) == ("image", 9, [4, 3, 8, 8])
    assert source["first"][:2] == ["cat/000.png", "cat/001.png"]
    assert source["skipped"] == [{"id": "cat/000.png", "reason": "not an image in a known format"}]
    assert source["preprocessing"]["crop"] == [8, 8]
    assert [(one["name"], one["d"], one["rows_per_item"]) for one in record["sets"]] == [
        ("before", 4, 1),
        ("head", 2, 1),
    ]
    assert plan.sheet is not None
    assert record["contact_sheet"] is None


def test_a_model_is_left_as_it_was(images: Path, tiny: Any) -> None:
    tiny.train()
    plan = planned(images, tiny, capture=["tokens:tokens=t"])
    assert (plan.sets[0].rows_per_item, plan.sets[0].d) == (16, 4)
    assert tiny.training
    assert not any(len(one._forward_hooks) for one in tiny.modules())


def test_nothing_readable_and_bad_options(make_images: Callable[..., Path], tiny: Any) -> None:
    folder = make_images(2)
    with pytest.raises(InputError, match="--limit"):
        planned(folder, tiny, limit=0)
    for file in folder.rglob("*.png"):
        file.write_text("x")
    plan = planned(folder, tiny, capture=["head"])
    assert any("none of the 2 images can be read" in note for note in plan.notes)
    assert plan.sheet is None
    assert plan.sets[0].d == 0


def test_the_sheet_shows_the_pixels_before_normalisation() -> None:
    colours = [(250, 10, 20), (0, 128, 255)]
    transform = Preprocessing(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
    arrays = [transform(Image.new("RGB", (8, 4), colour)) for colour in colours]
    for told in (
        transform.to_json(),
        {"do_normalize": True, "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.4]},
    ):
        sheet = contact_sheet(arrays, ["one", "ä" * 50], told)
        assert sheet.size == (2 * (TILE + GAP) + GAP, TILE + CAPTION + 2 * GAP)
        for number, colour in enumerate(colours):
            middle = (GAP + number * (TILE + GAP) + TILE // 2, GAP + TILE // 2)
            assert sheet.getpixel(middle) == colour
            # Wide images keep their ratio.
            assert sheet.getpixel((middle[0], GAP + 2)) == (255, 255, 255)


def test_a_sheet_of_what_no_transform_explains() -> None:
    ramp = np.broadcast_to(np.linspace(-7, 3, 8, dtype=np.float32), (3, 8, 8))
    sheet = contact_sheet([ramp, np.full((3, 8, 8), 5.0)], ["ramp", "flat"], {"kind": "other"})
    left = np.asarray(sheet)[GAP + TILE // 2, GAP : GAP + TILE]
    assert (left[0], left[-1])[0].tolist() == [0, 0, 0]
    assert left[-1].tolist() == [255, 255, 255]
    many = contact_sheet([ramp] * 100, [str(n) for n in range(100)], {})
    assert many.size[0] == int(MOST_TILES**0.5) * (TILE + GAP) + GAP


def test_where_a_sheet_is_saved(tmp_path: Path) -> None:
    sheet = Image.new("RGB", (2, 2))
    assert save_sheet(sheet, tmp_path / "deep" / "x.png") == tmp_path / "deep" / "x.png"
    assert save_sheet(sheet, tmp_path / "folder") == tmp_path / "folder" / "contact_sheet.png"
    with Image.open(tmp_path / "folder" / "contact_sheet.png") as image:
        assert image.size == (2, 2)
