"""What every list of items needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from repscope.errors import FormatError, InputError, MissingError, UnknownNameError
from repscope.extraction.sources.listing import (
    check_unique,
    describe,
    file_item,
    find_images,
    need_columns,
    records,
    refuse_gaps,
)


def test_columns_without_their_path_decide() -> None:
    assert describe({"path": "/a", "label": "x"}) == describe({"label": "x", "path": "/b"})
    assert describe({"label": "1"}) != describe({"label": 1})


def test_ids_are_there_and_their_own() -> None:
    check_unique(["a", "b"], "x.csv", "")
    with pytest.raises(InputError, match=r"repeats \('a' 2×, 'b' 3×\); do: rename them"):
        check_unique(["a", "b", "a", "b", "b", "c"], "x.csv", "rename them")
    refuse_gaps(["a", 0, 1.5, False], "x.csv", "")
    with pytest.raises(InputError, match=r"2 rows without: row 2, 4; do: fill it"):
        refuse_gaps(["a", None, "b", ""], "x.csv", "fill it")


def test_columns_that_are_not_there_are_named() -> None:
    need_columns(["b", "a"], ["a", "b", "c"], Path("x.csv"))
    with pytest.raises(UnknownNameError, match=r"columns d, e in x\.csv; got a, b"):
        need_columns(["a", "d", "e"], ["a", "b"], Path("x.csv"))


def test_a_file_that_is_missing_is_an_item_of_no_size(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"123")
    item = file_item("x", tmp_path / "a.png", {"label": "dog"})
    assert (item.id, item.size, dict(item.columns)) == (
        "x",
        3,
        {"path": str(tmp_path / "a.png"), "label": "dog"},
    )
    assert item.detail == file_item("x", tmp_path / "b.png", {"label": "dog"}).detail
    assert file_item("x", tmp_path / "b.png", {}).size == 0


def test_the_folder_of_images_is_looked_for_near_the_list(tmp_path: Path) -> None:
    path = tmp_path / "annotations" / "captions_val2017.json"
    folder = tmp_path / "images" / "val2017"
    for made in (path.parent, folder):
        made.mkdir(parents=True)
    names = [f"{number}.png" for number in range(900)]
    with pytest.raises(MissingError, match=r"the images of .*, such as '0\.png'.*--images"):
        find_images(path, names, None)
    # One file of 900, which is not among those at even distances.
    (folder / "1.png").write_bytes(b"x")
    assert find_images(path, names, None) == folder
    assert find_images(path, names, str(tmp_path)) == tmp_path
    with pytest.raises(MissingError, match="no such folder"):
        find_images(path, names, tmp_path / "none")


def test_records_of_an_annotation_file() -> None:
    assert records({"images": [{"id": 1}]}, "images", Path("x.json")) == [{"id": 1}]
    for value, got in (({}, "nothing"), ([], "nothing"), ({"images": [1]}, "a list of something else")):
        with pytest.raises(FormatError, match=got):
            records(value, "images", Path("x.json"))
