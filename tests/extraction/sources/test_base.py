from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from repscope.errors import InputError, MissingError
from repscope.extraction.sources.base import ImageFolder, Item, digest_items


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(file, format="PNG")
    return folder


def ids(folder: Path) -> list[str]:
    return [item.id for item in ImageFolder.scan(folder).items]


def test_ids_are_relative_paths_in_order_and_sub_folders_labels(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.png", "b/10.png", "a/deep/1.JPG", "top.png")
    source = ImageFolder.scan(tmp_path)
    assert [item.id for item in source.items] == ["a/deep/1.JPG", "b/10.png", "b/2.png", "top.png"]
    assert [item.columns["label"] for item in source.items] == ["a", "b", "b", None]
    assert [Path(str(item.columns["path"])) for item in source.items] == [
        tmp_path.resolve() / one for one in ids(tmp_path)
    ]
    assert source.columns == ("path", "label")
    assert source.open(source.items[0]).size == (4, 4)


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    source = ImageFolder.scan(touch(tmp_path, "x.png"))
    assert source.columns == ("path",)
    assert "label" not in source.items[0].columns


def test_other_and_hidden_files_are_counted(tmp_path: Path) -> None:
    touch(tmp_path, "x.png", "._x.png", ".cache/y.png")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "Makefile").write_text("x")
    source = ImageFolder.scan(tmp_path)
    assert ids(tmp_path) == ["x.png"]
    assert source.ignored == 3
    assert source.to_json()["ignored_files"] == 3


def test_formats_that_are_not_read_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "x.png")
    for name in ("a.HEIC", "b.heic", "c.tga", "d.txt", ".e.heic"):
        (tmp_path / name).write_bytes(b"x")
    source = ImageFolder.scan(tmp_path)
    assert source.to_json()["unread_formats"] == {".heic": 2, ".tga": 1}
    assert source.ignored == 5
    (tmp_path / "x.png").unlink()
    with pytest.raises(InputError, match=r"none among 5 files \(2 \.heic, 1 \.tga: formats that are not"):
        ImageFolder.scan(tmp_path)


def test_unicode_spaces_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    touch(tmp_path, "é ü/图 1.png", "cafe\u0301.png", "caf\u00e9.png")
    assert ids(tmp_path) == ["cafe\u0301.png", "caf\u00e9.png", "é ü/图 1.png"]
    raw = os.fsencode(tmp_path) + b"/\xff.png"
    try:
        Path(os.fsdecode(raw)).write_bytes((tmp_path / "caf\u00e9.png").read_bytes())
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    source = ImageFolder.scan(tmp_path)
    odd = next(item for item in source.items if "xff" in item.id or "udcff" in item.id)
    odd.id.encode()
    assert source.open(odd).size == (4, 4)


def test_symbolic_links_are_followed_but_not_round(tmp_path: Path) -> None:
    touch(tmp_path / "photos", "a/1.png")
    touch(tmp_path / "elsewhere", "2.png")
    (tmp_path / "photos" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos" / "a" / "loop").symlink_to(tmp_path / "photos")
    (tmp_path / "photos" / "self.png").symlink_to("self.png")
    (tmp_path / "photos" / "gone.png").symlink_to("nowhere.png")
    source = ImageFolder.scan(tmp_path / "photos")
    assert [item.id for item in source.items] == ["a/1.png", "b/2.png", "gone.png", "self.png"]
    assert source.loops == 1


def test_what_is_no_folder_of_images(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such folder"):
        ImageFolder.scan(tmp_path / "none")
    with pytest.raises(InputError, match="an empty folder"):
        ImageFolder.scan(tmp_path)
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(InputError, match="none among 1 files"):
        ImageFolder.scan(tmp_path)
    with pytest.raises(InputError, match=f"give its folder: {tmp_path}"):
        ImageFolder.scan(tmp_path / "x.txt")


def test_the_digest_follows_ids_and_sizes_only(tmp_path: Path) -> None:
    def digest(*pairs: tuple[str, int]) -> str:
        return digest_items([Item(name, size, {"path": str(size)}, name) for name, size in pairs])

    assert digest(("a", 1), ("b", 2)) == digest(("a", 1), ("b", 2))
    assert (
        len({digest(("a", 1)), digest(("a", 2)), digest(("b", 1)), digest(("a", 1), ("b", 2)), digest()}) == 5
    )
    first = digest_items(ImageFolder.scan(touch(tmp_path / "one", "x.png")).items)
    assert first == digest_items(ImageFolder.scan(touch(tmp_path / "two", "x.png")).items)
