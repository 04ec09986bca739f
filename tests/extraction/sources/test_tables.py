from __future__ import annotations

import json
import tempfile
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from repscope.errors import FormatError, InputError, UnknownNameError
from repscope.extraction.sources.base import digest_items
from repscope.extraction.sources.decode import UnreadableError
from repscope.extraction.sources.image_lists import ImageFiles
from repscope.extraction.sources.tables import read_table
from repscope.extraction.sources.texts import TextItems

ROWS = [
    {"file": "a/1.png", "label": "cat", "score": 1, "text": "one"},
    {"file": "a/2.png", "label": "dog", "score": 2, "text": "two"},
    {"file": "3.png", "label": "cat", "score": 3, "text": "three"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, row in enumerate(ROWS):
        file = tmp_path / str(row["file"])
        file.parent.mkdir(exist_ok=True)
        Image.new("RGB", (number + 1, 2)).save(file)
    return tmp_path


def write(folder: Path, suffix: str) -> Path:
    path = folder / f"list{suffix}"
    if suffix in (".csv", ".tsv"):
        sign = "," if suffix == ".csv" else "\t"
        lines = [sign.join(ROWS[0]), *(sign.join(map(str, row.values())) for row in ROWS)]
        path.write_text("\n".join(lines) + "\n")
    elif suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
    elif suffix == ".json":
        path.write_text(json.dumps(ROWS))
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


def images(path: Path, **options: str) -> ImageFiles:
    source = read_table(path, **options)  # type: ignore[arg-type]  # only text options are given
    assert isinstance(source, ImageFiles)
    return source


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_every_kind_of_table_gives_the_same_items(folder: Path, suffix: str) -> None:
    source = images(write(folder, suffix))
    assert [item.id for item in source.items] == ["a/1.png", "a/2.png", "3.png"]
    assert source.columns == ("path", "file", "label", "score", "table_text")
    assert [item.columns["score"] for item in source.items] == [1, 2, 3]
    assert [source.open(item).size for item in source.items] == [(1, 2), (2, 2), (3, 2)]
    assert [item.columns["path"] for item in source.items] == [str(folder / str(row["file"])) for row in ROWS]
    assert digest_items(source.items) == digest_items(images(write(folder, ".csv")).items)


def test_columns_are_named(folder: Path) -> None:
    path = folder / "list.csv"
    path.write_text("key,where,id\n007,a/1.png,x\n008,3.png,x\n")
    source = images(path, id_column="key", path_column="where")
    assert [item.id for item in source.items] == ["007", "008"]
    assert source.columns == ("path", "key", "where", "table_id")
    # One column whose values end like images needs no name.
    assert [item.place for item in images(path, id_column="key").items] == [
        str(folder / "a/1.png"),
        str(folder / "3.png"),
    ]
    for option in ("id_column", "path_column", "text_column"):
        with pytest.raises(UnknownNameError, match="nothing_such"):
            images(path, **{option: "nothing_such"})


def test_texts_alone_or_beside_images(folder: Path) -> None:
    source = images(write(folder, ".csv"), text_column="text")
    assert source.texts is not None
    assert [item.text for item in source.texts.items] == ["one", "two", "three"]
    assert [item.id for item in source.texts.items] == [item.id for item in source.items]
    assert source.items[0].columns["text"] == "one"
    path = folder / "texts.csv"
    path.write_text("caption,image_id\na dog,1\n,2\n")
    alone = read_table(path, text_column="caption")
    assert isinstance(alone, TextItems)
    assert [(item.id, item.text, item.columns["image_id"]) for item in alone.items] == [
        ("1", "a dog", 1),
        ("2", None, 2),
    ]
    with pytest.raises(UnreadableError, match="no text"):
        alone.open(alone.items[1])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_several_texts_a_row_are_an_item_each_linked_by_the_row(folder: Path, suffix: str) -> None:
    path = folder / f"captions{suffix}"
    rows = [
        {"file": "a/1.png", "text": "one", "row_id": 5, "more": " "},
        {"file": "3.png", "text": "three", "row_id": 6, "more": "drei"},
    ]
    if suffix == ".csv":
        path.write_text("file,text,row_id,more\na/1.png,one,5, \n3.png,three,6,drei\n")
    elif suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    source = read_table(path, text_column=("more", "text"))
    assert isinstance(source, ImageFiles)
    # In the order that was asked for; an empty cell is an item that will be skipped with its reason.
    assert [(item.id, item.text) for item in source.texts.items] == [
        ("a/1.png#more", None),
        ("a/1.png#text", "one"),
        ("3.png#more", "drei"),
        ("3.png#text", "three"),
    ]
    assert source.texts.columns == ("text", "row_id", "text_column", "text_index", "file", "table_row_id")
    assert dict(source.texts.items[3].columns) == {
        **{"text": "three", "row_id": "3.png", "text_column": "text", "text_index": 1},
        **{"file": "3.png", "table_row_id": 6},
    }
    assert [item.columns["row_id"] for item in source.items] == ["a/1.png", "3.png"]
    assert source.columns == ("path", "file", "table_row_id", "more", "table_text", "row_id")
    assert source.to_json()["text_column"] == ("more", "text")
    assert digest_items(source.items) != digest_items(images(path, text_column="text").items)
    # One column in a list is one column.
    one, same = (read_table(path, text_column=names) for names in ("text", ["text"]))
    assert isinstance(one, ImageFiles)
    assert isinstance(same, ImageFiles)
    assert one.items == same.items
    assert one.texts is not None
    assert same.texts is not None
    assert one.texts.items == same.texts.items


def test_several_texts_a_row_without_images(folder: Path) -> None:
    path = folder / "texts.csv"
    path.write_text("en,de,n\na dog,ein Hund,1\na cat,eine Katze,2\n")
    alone = read_table(path, text_column=("en", "de"))
    assert isinstance(alone, TextItems)
    assert [(item.id, item.text, item.columns["n"]) for item in alone.items] == [
        ("1#en", "a dog", 1),
        ("1#de", "ein Hund", 1),
        ("2#en", "a cat", 2),
        ("2#de", "eine Katze", 2),
    ]
    with pytest.raises(UnknownNameError, match="fr"):
        read_table(path, text_column=("en", "fr"))
    with pytest.raises(InputError, match="after each --text-column; got en, en; do: name each column once"):
        read_table(path, text_column=("en", "en"))
    path.write_text("id,a,b#a\nx,1,2\nx#b,3,4\n")
    with pytest.raises(InputError, match="'x#b#a' 2×"):
        read_table(path, text_column=("a", "b#a"))


def test_what_cannot_be_opened_is_an_item_with_its_reason(folder: Path) -> None:
    (folder / "loop.png").symlink_to("loop.png")
    path = folder / "list.jsonl"
    names = ["gone.png", "loop.png", "http://host/x.png", "a\0b.png", None, "a"]
    path.write_text("\n".join(json.dumps({"id": i, "file": name}) for i, name in enumerate(names)))
    source = images(path)
    reasons = []
    for item in source.items:
        with pytest.raises(UnreadableError) as caught:
            source.open(item)
        reasons.append(str(caught.value))
    assert [item.size for item in source.items[:5]] == [0] * 5
    assert reasons[0] == "No such file or directory"
    assert "symbolic links" in reasons[1]
    assert reasons[2:5] == ["a web address; download it first", "a path with a zero byte", "no path in row 5"]
    assert reasons[5] == "a folder, no regular file"
    assert source.to_json()["missing_files"] == 5


def test_ids_that_repeat_or_lack_are_named(folder: Path) -> None:
    path = folder / "list.csv"
    path.write_text("file,n\n3.png,1\n3.png,2\na/1.png,3\n")
    with pytest.raises(InputError, match=r"repeats \('3.png' 2×\)"):
        read_table(path)
    path.write_text("id,file\n,3.png\nb,a/1.png\n")
    with pytest.raises(InputError, match="1 rows without: row 1"):
        read_table(path)


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("x.csv", "file,label\n", InputError, "0 rows"),
        ("x.jsonl", "\n", InputError, "0 rows"),
        ("x.jsonl", '{"file": "a"}\n{"file": ', FormatError, "line 2 of"),
        ("x.jsonl", "[" * 100_000, FormatError, "line 1 of"),
        ("x.jsonl", '["a"]\n', FormatError, "a list in entry 0"),
        ("x.json", '{"a": 1}', FormatError, "a dict"),
        ("x.csv", "number,word\n1,a\n2,b\n", InputError, "columns number, word"),
        ("x.csv", "file,file\na.png,b.png\n", FormatError, "unique column names"),
        ("x.parquet", "PAR1 and no more", FormatError, "Parquet"),
    ],
)
def test_bad_tables(tmp_path: Path, name: str, content: str, error: type[Exception], words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(error, match=words):
        read_table(tmp_path / name)


def test_a_changed_label_is_another_source_and_a_copy_is_not(folder: Path) -> None:
    first = digest_items(images(write(folder, ".csv")).items)
    path = folder / "list.csv"
    path.write_text(path.read_text().replace("dog", "cow"))
    assert digest_items(images(path).items) != first
    copy = folder / "elsewhere"
    copy.mkdir()
    for item in images(write(folder, ".csv")).items:
        target = copy / item.id
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(Path(item.place).read_bytes())
    assert digest_items(images(write(copy, ".csv")).items) == first


def test_the_captions_of_coco(shared_data: Path) -> None:
    source = images(
        shared_data / "captions/coco_val_open/manifest.csv", id_column="coco_id", text_column="caption1"
    )
    assert len(source.items) == 36
    assert source.texts is not None
    assert source.items[0].id == "285"
    assert source.open(source.items[0]).size == (586, 640)
    assert str(source.texts.items[0].text).startswith("A big burly grizzly bear")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.text("abé ôñ1ü%#", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1, max_size=3
    ),
    written_as=st.sampled_from(["slashes", "backslashes", "file://", "file://localhost"]),
    written_in=st.sampled_from(["NFC", "NFD"]),
)
def test_names_of_other_systems(
    tmp_path: Path, form: str, parts: list[str], written_as: str, written_in: str
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as place:
        file = Path(place) / unicodedata.normalize(form, "/".join(parts) + ".png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(file)
        name = unicodedata.normalize(written_in, "/".join(parts) + ".png")
        if written_as == "backslashes":
            name = name.replace("/", "\\")
        elif written_as.startswith("file"):
            name = written_as + quote(f"{place}/{name}")
        table = Path(place) / "list.json"
        table.write_text(json.dumps([{"path": name}]))
        source = read_table(table)
        assert source.items[0].place == file.as_posix()
        assert source.open(source.items[0]).size == (2, 2)


def test_a_file_of_another_machine(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label\nfile://server/share/a.png,cat\n")
    source = read_table(tmp_path / "list.csv")
    with pytest.raises(UnreadableError, match="another machine"):
        source.open(source.items[0])
