from __future__ import annotations

from pathlib import Path

import pytest

from repscope.errors import FormatError, InputError, UnknownNameError
from repscope.extraction.sources.base import digest_items
from repscope.extraction.sources.open import SourceOptions, open_source
from repscope.extraction.sources.texts import read_classes, read_texts


def test_a_line_is_an_item_with_the_number_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes("\ufeffa dog\r\n\r\n  zwei Hunde \r\na dog\u2028still".encode())
    source = read_texts(path)
    assert [(item.id, item.text) for item in source.items] == [
        ("1", "a dog"),
        ("3", "zwei Hunde"),
        ("4", "a dog\u2028still"),
    ]
    assert source.columns == ("text",)
    assert source.to_json()["items"] == 3


def test_classes_in_templates(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("cat\nhot dog\n")
    source = read_classes(path, ["a photo of a {}", "{}, drawn"])
    assert [(item.id, item.text, item.columns["label"]) for item in source.items] == [
        ("cat#0", "a photo of a cat", "cat"),
        ("cat#1", "cat, drawn", "cat"),
        ("hot dog#0", "a photo of a hot dog", "hot dog"),
        ("hot dog#1", "hot dog, drawn", "hot dog"),
    ]
    assert [item.columns["class"] for item in source.items] == [0, 0, 1, 1]
    assert [item.columns["template_index"] for item in source.items] == [0, 1, 0, 1]
    one = read_classes(path, ["a {}"])
    assert [item.id for item in one.items] == ["cat", "hot dog"]
    assert [item.text for item in read_classes(path).items] == ["cat", "hot dog"]
    assert digest_items(one.items) != digest_items(read_classes(path, ["the {}"]).items)


def test_bad_templates_and_classes(tmp_path: Path) -> None:
    path = tmp_path / "classes.json"
    path.write_text('["cat", "dog"]')
    for template in ("a photo", "{} and {}"):
        with pytest.raises(InputError, match="for the class name"):
            read_classes(path, [template])
    with pytest.raises(InputError, match="--templates"):
        read_classes(path, ["a {}", "a {}"])
    path.write_text('["cat", "cat"]')
    with pytest.raises(InputError, match="'cat' 2×"):
        read_classes(path)
    path.write_text('{"cat": 1}')
    with pytest.raises(FormatError, match="a list of strings"):
        read_classes(path)


def test_bad_text_files(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    for content, error, words in [
        (b"\n \n", InputError, "none"),
        (b"caf\xe9\n", FormatError, "UTF-8"),
        (b"a\0b", FormatError, "zero bytes"),
    ]:
        path.write_bytes(content)
        with pytest.raises(error, match=words):
            read_texts(path)


def test_the_six_hundred_prompts(shared_data: Path) -> None:
    source = read_texts(shared_data / "hoi/hicodet_prompts_600.json")
    assert len(source.items) == 600
    assert source.items[0].text == "A photo of a person boarding an airplane"


@pytest.mark.parametrize(("written", "said"), [("utf-16", None), ("cp1252", "cp1252"), ("utf-8-sig", None)])
def test_text_in_another_encoding(tmp_path: Path, written: str, said: str | None) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_bytes("Füchse\nvé\n".encode(written))
    found = open_source(lines, SourceOptions(encoding=said))
    assert [item.text for item in found.items] == ["Füchse", "vé"]
    table = tmp_path / "t.csv"
    table.write_bytes("id,text\n1,Füchse\n2,vé\n".encode(written))
    found = open_source(table, SourceOptions(text_column="text", encoding=said))
    assert [item.text for item in found.items] == ["Füchse", "vé"]
    if said:
        with pytest.raises(FormatError, match="--encoding cp1252"):
            open_source(lines)
        with pytest.raises(UnknownNameError, match="klingon"):
            open_source(lines, SourceOptions(encoding="klingon"))
