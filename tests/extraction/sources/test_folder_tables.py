"""Images of folders named by their files, and their rows in a table: nothing is paired by position."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.extraction.conftest import MODEL

from repscope.errors import InputError, MissingError, RepscopeError, UnknownNameError
from repscope.extraction.sources.base import ImageFolder, digest_items
from repscope.extraction.sources.decode import UnreadableError
from repscope.extraction.sources.folder_tables import _number, describe_items, name_items
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.open import SourceOptions, open_source
from repscope.study import Study, link
from repscope.verbs.extract.extract import extract

PROMPTS = [
    {"caption_id": 900, "index": 0, "caption": "a bear", "condition": "finetune"},
    {"caption_id": 901, "index": 1, "caption": "a dog", "condition": "baseline"},
    {"caption_id": 902, "index": 2, "caption": "a kite", "condition": "finetune"},
    {"caption_id": 903, "index": 3, "caption": "snow", "condition": "baseline"},
]


def draw(folder: Path, *names: str) -> Path:
    """Images whose grey is the number in their name, so that a shifted row is seen in its vector."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        digits = "".join(one for one in file.stem if one.isdigit()) or "0"
        Image.new("RGB", (4, 4), (40 * int(digits),) * 3).save(file)
    return folder


def table(folder: Path, rows: Sequence[dict[str, Any]] = PROMPTS, suffix: str = ".csv") -> Path:
    path = folder / f"prompts{suffix}"
    if suffix == ".csv":
        lines = [",".join(rows[0]), *(",".join(str(one) for one in row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    elif suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    elif suffix == ".json":
        path.write_text(json.dumps(list(rows)))
    else:
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def named(folder: Path, rule: str) -> list[str]:
    return [item.id for item in name_items(ImageFolder.scan(folder), rule).items]


def opened(folder: Path, **options: Any) -> ImageFiles:
    source = open_source(folder, SourceOptions(**options))
    assert isinstance(source, ImageFiles)
    return source


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(RepscopeError) as caught:
        call()
    return str(caught.value)


def test_the_same_prompt_has_the_same_id_in_every_generation(tmp_path: Path) -> None:
    draw(tmp_path, "run_gen_4/00002.png", "run_gen_4/00010.png", "run_gen_10/2.png", "run_gen_10/10.jpg")
    assert named(tmp_path / "run_gen_4", "path") == ["00002.png", "00010.png"]
    assert named(tmp_path / "run_gen_4", "stem") == ["00002", "00010"]
    assert named(tmp_path / "run_gen_10", "stem") == ["10", "2"]
    assert named(tmp_path / "run_gen_4", "number") == ["2", "10"]
    assert named(tmp_path / "run_gen_10", "number") == ["2", "10"]


def test_ids_move_with_their_images(tmp_path: Path) -> None:
    source = name_items(ImageFolder.scan(draw(tmp_path, "a/3.png", "b/001.png", "c/2.png")), "number")
    greys = {item.id: np.asarray(source.open(item))[0, 0, 0] for item in source.items}
    assert greys == {"1": 40, "2": 80, "3": 120}
    assert [item.columns["label"] for item in source.items] == ["b", "c", "a"]
    assert source.to_json()["ids"] == "number"


def test_the_default_is_what_it_was(tmp_path: Path) -> None:
    draw(tmp_path, "a/3.png")
    plain, asked = open_source(tmp_path), open_source(tmp_path, SourceOptions(id="path"))
    assert plain.to_json() == asked.to_json()
    assert digest_items(plain.items) == digest_items(asked.items)
    assert "ids" not in plain.to_json()


def test_two_files_of_one_stem_are_both_named(tmp_path: Path) -> None:
    draw(tmp_path, "a/7.png", "b/7.jpg", "b/8.png")
    text = refused(lambda: named(tmp_path, "stem"))
    assert "a/7.png and b/7.jpg" in text
    assert "--id path" in text
    draw(tmp_path / "n", "007.png", "7.png")
    assert "007.png and 7.png" in refused(lambda: named(tmp_path / "n", "number"))


def test_a_name_that_is_no_number_and_a_rule_that_is_none(tmp_path: Path) -> None:
    draw(tmp_path, "1.png", "image_2.png", "٣.png")
    text = refused(lambda: named(tmp_path, "number"))
    assert "image_2.png" in text
    assert "٣.png" in text
    assert "--id stem" in text
    assert "'index'" in refused(lambda: named(tmp_path, "index"))


@given(st.integers(0, 10**9), st.integers(0, 6))
@settings(max_examples=30, deadline=None)
def test_a_number_is_read_alike_however_it_is_written(value: int, zeros: int) -> None:
    assert _number("0" * zeros + str(value)) == _number(value) == _number(float(value)) == str(value)


@pytest.mark.parametrize("value", ["", "-1", "1.5", "x1", 1.5, True, None, "1 2"])
def test_what_is_no_number(value: Any) -> None:
    assert _number(value) is None


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".parquet"])
def test_rows_meet_their_images_by_key_in_the_order_of_the_table(tmp_path: Path, suffix: str) -> None:
    photos = draw(tmp_path / "gen_4", "00003.png", "00001.png", "00000.png", "00002.png")
    source = opened(photos, id="number", items=table(tmp_path, PROMPTS[::-1], suffix), id_column="index")
    assert [item.id for item in source.items] == ["3", "2", "1", "0"]
    assert source.columns == ("path", "caption_id", "index", "caption", "condition")
    assert [item.columns["caption"] for item in source.items] == ["snow", "a kite", "a dog", "a bear"]
    for item in source.items:
        assert np.asarray(source.open(item))[0, 0, 0] == 40 * int(item.id)


def test_a_failed_image_is_named_and_shifts_nothing(tmp_path: Path) -> None:
    photos = draw(tmp_path / "gen_4", "00000.png", "00001.png", "00003.png", "00009.png")
    (photos / "00001.png").write_bytes(b"\x89PNG broken")
    (tmp_path / "model.py").write_text(MODEL)
    source = opened(photos, id="number", items=table(tmp_path), id_column="index")
    done = extract(
        source, f"{tmp_path / 'model.py'}:build", study=tmp_path / "s", name="gen_4", capture="stem"
    )
    reasons = {one.id: one.reason for one in done.sets[0].skipped}
    assert set(reasons) == {"1", "2", "9"}
    assert reasons["2"] == "no image of this id in gen_4"
    assert reasons["9"] == "no row with index '9' in prompts.csv"
    assert "decode" in reasons["1"] or "image" in reasons["1"]
    found = Study.open(tmp_path / "s").verify("gen_4")
    assert list(found.ids) == ["0", "3"]
    assert found.items.column("caption").to_pylist() == ["a bear", "snow"]
    assert [Path(one).name for one in found.items.column("path").to_pylist()] == ["00000.png", "00003.png"]
    # Pixels, not only columns: the second row is the image of caption 3, alone.
    alone = open_source(draw(tmp_path / "alone", "3.png"))
    extract(alone, f"{tmp_path / 'model.py'}:build", study=tmp_path / "s", name="one", capture="stem")
    np.testing.assert_allclose(
        found.vectors[1], Study.open(tmp_path / "s").verify("one").vectors[0], atol=1e-6
    )
    said = found.provenance["source"]
    assert said["table"]["rows_without_image"] == 1
    assert said["table"]["images_without_row"] == 1
    assert (said["items"], said["ids"]) == (5, "number")


@pytest.mark.parametrize(
    ("gone", "reason"), [("00002.png", "no image of this id"), (None, "no row with index")]
)
def test_strict_stops_at_either(tmp_path: Path, gone: str | None, reason: str) -> None:
    names = [f"{number:05d}.png" for number in range(4 if gone else 5)]
    photos = draw(tmp_path / "gen_4", *(name for name in names if name != gone))
    (tmp_path / "model.py").write_text(MODEL)
    source = opened(photos, id="number", items=table(tmp_path), id_column="index")
    with pytest.raises(InputError, match=reason):
        extract(source, f"{tmp_path / 'model.py'}:build", study=tmp_path / "s", name="x", strict=True)


def test_a_stem_is_taken_as_it_is_written(tmp_path: Path) -> None:
    photos = draw(tmp_path / "gen_4", "00000.png", "00001.png")
    text = refused(lambda: opened(photos, id="stem", items=table(tmp_path), id_column="index"))
    assert "'00000'" in text
    assert "'0'" in text
    assert "number" in text
    rows = [{"name": "00001", "caption": "x"}, {"name": "00000", "caption": "y"}]
    source = opened(photos, id="stem", items=table(tmp_path, rows), id_column="name")
    assert [(item.id, item.columns["caption"]) for item in source.items] == [("00001", "x"), ("00000", "y")]


def test_numbers_that_became_floats_are_whole(tmp_path: Path) -> None:
    photos = draw(tmp_path / "gen_4", "0.png", "1.png")
    rows = [{"index": 0.0, "w": 0.5}, {"index": 1.0, "w": None}]
    for rule in ("stem", "number"):
        source = opened(photos, id=rule, items=table(tmp_path, rows, ".parquet"), id_column="index")
        assert [item.id for item in source.items] == ["0", "1"]
        assert not source.problems


def test_columns_that_the_folder_has_are_renamed(tmp_path: Path) -> None:
    photos = draw(tmp_path / "gen_4", "cat/0.png", "dog/1.png")
    rows = [{"id": "0", "label": "x", "path": "p"}, {"id": "1", "label": "y", "path": "q"}]
    source = opened(photos, id="stem", items=table(tmp_path, rows))
    assert source.columns == ("path", "label", "table_label", "table_path")
    assert [item.columns["label"] for item in source.items] == ["cat", "dog"]
    assert [item.columns["table_label"] for item in source.items] == ["x", "y"]
    other = [{"key": 0, "id": "first"}, {"key": 1, "id": "second"}]
    kept = opened(photos, id="stem", items=table(tmp_path, other), id_column="key")
    assert [item.columns["table_id"] for item in kept.items] == ["first", "second"]


def test_a_table_that_changed_is_another_source(tmp_path: Path) -> None:
    photos = draw(tmp_path / "gen_4", "0.png", "1.png", "2.png", "3.png")
    before = opened(photos, id="number", items=table(tmp_path), id_column="index")
    rows = [{**row, "condition": "recursive"} for row in PROMPTS]
    after = opened(photos, id="number", items=table(tmp_path, rows), id_column="index")
    assert digest_items(before.items) != digest_items(after.items)


def test_bad_tables(tmp_path: Path) -> None:
    photos = draw(tmp_path / "gen_4", "0.png", "1.png")

    def given(rows: Sequence[dict[str, Any]], key: str | None = "index", rule: str = "number") -> str:
        return refused(lambda: opened(photos, id=rule, items=table(tmp_path, rows), id_column=key))

    with pytest.raises(UnknownNameError, match="columns nothing"):
        opened(photos, id="number", items=table(tmp_path), id_column="nothing")
    assert "--id-column" in given(PROMPTS, None)
    assert "'0' 2×" in given([PROMPTS[0], PROMPTS[0]])
    assert "'0' 2×" in given([{"index": "0", "x": 1}, {"index": "00", "x": 2}])
    assert "row 2" in given([{"index": "0", "x": 1}, {"index": "", "x": 2}])
    assert "'zero'" in given([{"index": "zero", "x": 1}])
    with pytest.raises(MissingError, match="--items"):
        opened(photos, items=tmp_path / "gone.csv", id_column="index")
    (tmp_path / "empty.csv").write_text("index,caption\n")
    with pytest.raises(InputError, match="0 rows"):
        opened(photos, items=tmp_path / "empty.csv", id_column="index")


def test_bad_folders_and_options(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="an empty folder"):
        opened(tmp_path / "empty", id="stem", items=table(tmp_path), id_column="index")
    photos = draw(tmp_path / "gen_4", "0.png")
    with pytest.raises(InputError, match="name the table with --items"):
        open_source(photos, SourceOptions(id_column="index"))
    with pytest.raises(InputError, match=r"--items, which it does not take"):
        open_source(table(tmp_path), SourceOptions(items=table(tmp_path)))


def coco(folder: Path) -> Path:
    """Four captions; their ids are in another order than they lie in."""
    annotations = [
        {"id": 40, "image_id": 7, "caption": "a bear "},
        {"id": 10, "image_id": 7, "caption": "a dog"},
        {"id": 30, "image_id": 8, "caption": "a kite"},
        {"id": 20, "image_id": 9, "caption": "snow"},
    ]
    images = [{"id": number, "file_name": f"{number}.jpg"} for number in (7, 8, 9)]
    path = folder / "captions.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


@pytest.mark.parametrize(("names", "key"), [((0, 1, 3), "index"), ((40, 10, 20), "caption_id")])
def test_captions_of_coco_link_with_generated_images(
    tmp_path: Path, names: tuple[int, ...], key: str
) -> None:
    photos = draw(tmp_path / "gen_0", *(f"{number:05d}.png" for number in names))
    source = describe_items(name_items(ImageFolder.scan(photos), "number"), coco(tmp_path), key)
    assert [item.id for item in source.items if item.id not in source.problems] == [str(one) for one in names]
    made, study = Path(tmp_path / "model.py"), tmp_path / "s"
    made.write_text(MODEL)
    extract(source, f"{made}:build", study=study, name="gen_0", capture="stem")
    captions = open_source(coco(tmp_path), SourceOptions(kind="coco-captions-text"))
    columns = {name: [item.columns[name] for item in captions.items] for name in captions.columns}
    rng = np.random.default_rng(0)
    opened_study = Study(study)
    opened_study.add(
        "captions", rng.normal(size=(4, 4)), {"id": [one.id for one in captions.items], **columns}
    )
    images, texts = opened_study.verify("gen_0"), opened_study.verify("captions")
    found = link(images, texts, "caption_id")
    said = texts.items.column("text").to_pylist()
    for code, shown in zip(found.left, images.items.column("caption").to_pylist(), strict=True):
        (row,) = np.flatnonzero(found.right == code)
        assert said[row] == shown.strip()


def test_an_image_without_its_file_is_unreadable(tmp_path: Path) -> None:
    source = opened(draw(tmp_path / "gen_4", "1.png"), id="number", items=table(tmp_path), id_column="index")
    with pytest.raises(UnreadableError, match="no image of this id"):
        source.open(source.items[0])
