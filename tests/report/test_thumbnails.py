"""Small pictures, and everything that is not one."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from repscope.report.thumbnails import SIDE, source_folders, thumbnail


def save(path: Path, size: tuple[int, int] = (300, 200), mode: str = "RGB", **options: Any) -> Path:
    shape = (size[1], size[0], {"RGB": 3, "RGBA": 4}[mode])
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    if mode == "RGBA":
        pixels[..., 3] = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def open_uri(uri: str | None) -> Image.Image:
    assert uri is not None
    head, _, data = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_an_absolute_path(tmp_path: Path) -> None:
    picture = open_uri(thumbnail(str(save(tmp_path / "a b ü.png"))))
    assert picture.format == "JPEG"
    assert picture.size == (SIDE, 64)


def test_a_relative_path_starts_at_the_source(tmp_path: Path) -> None:
    save(tmp_path / "cats" / "1.jpg")
    folders = source_folders({"before": {"source": {"kind": "image folder", "path": str(tmp_path)}}, "x": {}})
    assert folders == (tmp_path,)
    assert open_uri(thumbnail("cats/1.jpg", folders)).size == (SIDE, 64)
    assert thumbnail("cats/1.jpg") is None
    assert thumbnail("cats/2.jpg", folders) is None


def test_a_source_that_is_a_file_stands_for_its_folder(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("id\n")
    assert source_folders({"a": {"source": str(table)}, "b": {"source": 3}, "c": {"source": "\0"}}) == (
        tmp_path,
    )


def test_a_relative_path_does_not_leave_the_source(tmp_path: Path) -> None:
    secret = save(tmp_path / "secret.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.png").symlink_to(secret)
    assert thumbnail("../secret.png", [root]) is None
    assert thumbnail("link.png", [root]) is None


def test_transparent_pictures_lie_on_white(tmp_path: Path) -> None:
    picture = open_uri(thumbnail(str(save(tmp_path / "a.png", mode="RGBA"))))
    assert np.asarray(picture).min() > 250


def test_a_picture_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_uri(thumbnail(str(save(tmp_path / "a.jpg", exif=exif)))).size == (64, SIDE)


def test_small_pictures_are_not_blown_up_and_bytes_will_do(tmp_path: Path) -> None:
    content = save(tmp_path / "a.png", (8, 8)).read_bytes()
    assert open_uri(thumbnail(content)).size == (8, 8)
    assert open_uri(thumbnail({"bytes": content, "path": None})).size == (8, 8)


@pytest.mark.parametrize(
    "value", [None, "", 3, 1.5, ["a"], "http://example.org/a.png", "a\0b", {}, {"bytes": None}]
)
def test_what_is_no_picture(value: Any, tmp_path: Path) -> None:
    assert thumbnail(value, [tmp_path]) is None


def test_broken_files_are_left_out(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.png").read_bytes()
    contents = {
        "empty.png": b"",
        "text.jpg": b"not a picture",
        "cut.png": whole[: len(whole) // 3],
        "head.png": whole[:30],
        "page.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nquit\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert thumbnail(str(tmp_path / name)) is None, name
    assert thumbnail(str(tmp_path)) is None


def test_formats_that_few_programs_write_are_not_opened(tmp_path: Path) -> None:
    """Some decoders of Pillow start other programs, so only a list of formats is read."""
    assert thumbnail(str(save(tmp_path / "a.tga"))) is None
    assert thumbnail(str(save(tmp_path / "a.webp"))) is not None


def test_a_bomb_and_a_pipe_are_not_opened(tmp_path: Path) -> None:
    # A PNG whose head promises 60,000 × 60,000 pixels.
    whole = bytearray(save(tmp_path / "a.png").read_bytes())
    whole[16:24] = (60_000).to_bytes(4, "big") * 2
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(bytes(whole))
    assert thumbnail(str(bomb)) is None
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    assert thumbnail(str(pipe)) is None
