from __future__ import annotations

import contextlib
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repscope.extraction.sources import decode
from repscope.extraction.sources.decode import UnreadableError, open_image

RAMP = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5


def pixels(path: Path) -> np.ndarray:
    image = open_image(path)
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P", "CMYK", "YCbCr"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(RAMP).convert(mode)
    file = tmp_path / ("x.tif" if mode in ("CMYK", "YCbCr") else "x.png")
    image.save(file)
    got = pixels(file)
    assert got.shape == (4, 4, 3)
    reference = image.convert("RGB") if mode != "LA" else image.convert("L").convert("RGB")
    assert np.abs(got.astype(int) - np.asarray(reference).astype(int)).max() <= 2


def test_palette_with_transparency_gives_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(RAMP).quantize(8)
    image.save(tmp_path / "x.png", transparency=bytes([0, 128, 255]))
    assert np.array_equal(pixels(tmp_path / "x.png"), np.asarray(image.convert("RGB")))


def test_16_bit_is_scaled_not_clipped(tmp_path: Path) -> None:
    wide = np.linspace(0, 65535, 16).astype(np.uint16).reshape(4, 4)
    Image.fromarray(wide).save(tmp_path / "x.png")
    got = pixels(tmp_path / "x.png")
    assert np.abs(got[..., 0].astype(int) - wide / 257).max() <= 1
    assert np.array_equal(got[..., 0], got[..., 2])
    Image.fromarray(wide).save(tmp_path / "x.tif")
    assert np.array_equal(pixels(tmp_path / "x.tif"), got)


def test_pixels_without_a_known_range_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "f.tif")
    with pytest.raises(UnreadableError, match="floating-point"):
        open_image(tmp_path / "f.tif")
    Image.fromarray(np.full((4, 4), 10**6, np.int32)).save(tmp_path / "i.tif")
    with pytest.raises(UnreadableError, match="beyond 16 bits"):
        open_image(tmp_path / "i.tif")


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    tall = Image.fromarray(np.zeros((8, 16, 3), np.uint8))
    exif = tall.getexif()
    exif[0x0112] = 6  # rotate by 90° to display
    tall.save(tmp_path / "x.jpg", exif=exif)
    assert open_image(tmp_path / "x.jpg").size == (8, 16)


def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert pixels(tmp_path / "x.gif")[0, 0].tolist() == [255, 0, 0]


def test_truncated_empty_and_other_files_give_their_reason(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = tmp_path / "whole.jpg"
    Image.fromarray(noise).save(whole)
    for name, content, reason in (
        ("cut.jpg", whole.read_bytes()[:2000], "truncated"),
        ("head.jpg", whole.read_bytes()[:20], "."),
        ("empty.jpg", b"", "an empty file"),
        ("text.png", b"not an image", "not an image"),
        ("page.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableError, match=reason):
            open_image(tmp_path / name)
    with pytest.raises(UnreadableError, match="No such file"):
        open_image(tmp_path / "gone.jpg")


@pytest.mark.parametrize("side", [12_000, 30_000])
def test_decompression_bombs_are_refused_before_they_are_decoded(tmp_path: Path, side: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(UnreadableError, match="limit of 89,478,485"):
        open_image(tmp_path / "bomb.png")


@pytest.mark.parametrize("seed", range(6))
def test_corrupt_bytes_never_raise_anything_else(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    for suffix in ("png", "jpg", "gif", "tif", "bmp", "webp"):
        file = tmp_path / f"x.{suffix}"
        Image.fromarray(noise).save(file)
        content = bytearray(file.read_bytes())
        for position in rng.integers(0, len(content), 8):
            content[position] = rng.integers(0, 256)
        file.write_bytes(bytes(content))
        with warnings.catch_warnings(), contextlib.suppress(UnreadableError):
            # As in a run, which ignores what Pillow finds odd and reads all the same.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            assert open_image(file).mode == "RGB"


@pytest.mark.parametrize(("suffix", "name"), [("avif", "AVIF"), ("jp2", "JPEG2000")])
def test_newer_formats_are_read_where_pillow_reads_them(tmp_path: Path, suffix: str, name: str) -> None:
    file = tmp_path / f"x.{suffix}"
    Image.init()
    if name not in Image.SAVE:
        pytest.skip(f"this Pillow has no {name}")
    Image.fromarray(np.full((16, 16, 3), (200, 40, 40), np.uint8)).save(file, quality=100)
    assert np.abs(pixels(file).astype(int) - [200, 40, 40]).max() <= 3


@pytest.mark.parametrize(
    ("head", "name"), [(b"\0\0\0\x1cftypavif", "AVIF"), (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000")]
)
def test_a_pillow_without_a_format_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes, name: str
) -> None:
    monkeypatch.setattr(decode, "_known_formats", lambda: ["PNG", "JPEG"])
    (tmp_path / "x").write_bytes(head + bytes(100))
    for source in (tmp_path / "x", head + bytes(100)):
        with pytest.raises(UnreadableError, match=f"{name}, which this Pillow cannot read"):
            open_image(source)


def png_of_16_bits(values: np.ndarray) -> bytes:
    """Colours of 16 bits, which Pillow reads but does not write."""
    height, width, _ = values.shape
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("bits", [12, 16])
def test_the_largest_value_of_16_bits_is_kept(tmp_path: Path, bits: int) -> None:
    ramp = np.linspace(0, 2**bits - 1, 64).astype(np.uint16).reshape(8, 8)
    for suffix in ("png", "tif"):
        Image.fromarray(ramp).save(tmp_path / f"x.{suffix}")
        assert open_image(tmp_path / f"x.{suffix}").info[decode.LARGEST] == 2**bits - 1
    colours = png_of_16_bits(np.stack([ramp] * 3, axis=2))
    assert (open_image(colours).info[decode.LARGEST] < 4096) == (bits == 12)
    Image.fromarray((ramp >> 8).astype(np.uint8)).save(tmp_path / "8.png")
    assert decode.LARGEST not in open_image(tmp_path / "8.png").info


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.png")
    with pytest.raises(UnreadableError, match="a pipe, no regular file"):
        open_image(tmp_path / "x.png")
    assert decode.image_size(tmp_path / "x.png") is None
    (tmp_path / "y.png").symlink_to("/dev/zero")
    with pytest.raises(UnreadableError, match="a device, no regular file"):
        open_image(tmp_path / "y.png")
