"""Images as bytes in a table: read in parts, by row, and never written."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from PIL import Image
from torch import nn

from repscope.errors import FormatError, InputError, UnknownNameError
from repscope.extraction.capture.decode_ahead import decode_all
from repscope.extraction.models.preprocess import Preprocessing
from repscope.extraction.sources.base import digest_items
from repscope.extraction.sources.decode import UnreadableError, open_image
from repscope.extraction.sources.stored_images import StoredImages
from repscope.extraction.sources.tables import read_table
from repscope.study import Study
from repscope.verbs.extract.extract import extract

STRUCTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(seed: int, size: tuple[int, int] = (6, 5)) -> bytes:
    """A file of noise; sizes differ, so that a wrong row is seen."""
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write(
    path: Path, cells: list[Any], kind: pa.DataType = STRUCTURE, group: int = 4, **columns: Any
) -> Path:
    table = pa.table({"image": pa.array(cells, kind), **columns})
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=group)
    else:
        pyarrow.feather.write_feather(table, path, chunksize=group)
    return path


def opened(path: Path, **options: Any) -> StoredImages:
    source = read_table(path, **options)
    assert isinstance(source, StoredImages)
    return source


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
@pytest.mark.parametrize("alone", [False, True])
def test_every_row_is_the_image_of_its_bytes(tmp_path: Path, suffix: str, alone: bool) -> None:
    files = [png(seed, (6, 5 + seed)) for seed in range(11)]
    cells = files if alone else [{"bytes": one, "path": None} for one in files]
    kind = pa.binary() if alone else STRUCTURE
    source = opened(write(tmp_path / f"x{suffix}", cells, kind, label=list("abcdefghijk")))
    assert [item.id for item in source.items] == [str(row) for row in range(1, 12)]
    assert source.columns == ("path", "label")
    assert [item.columns["label"] for item in source.items] == list("abcdefghijk")
    assert [item.columns["path"] for item in source.items] == [None] * 11
    assert [item.size for item in source.items] == [len(one) for one in files]
    for row in (0, 10, 3, 4, 7, 8, 0):
        assert np.array_equal(source.open(source.items[row]), open_image(files[row]))
    assert source.to_json()["path_column"] == "image"
    assert list(tmp_path.iterdir()) == [tmp_path / f"x{suffix}"]


def test_the_arrow_files_of_hugging_face_data_sets(tmp_path: Path) -> None:
    import datasets

    files = [png(seed, (4, 5 + seed)) for seed in range(5)]
    made = datasets.Dataset.from_dict(
        {"image": [{"bytes": one, "path": None} for one in files], "label": list("abcde")},
        features=datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")}),
    )
    made.save_to_disk(tmp_path / "set")
    source = opened(next((tmp_path / "set").glob("*.arrow")))
    assert [item.columns["label"] for item in source.items] == list("abcde")
    for row in (4, 0, 2):
        assert np.array_equal(source.open(source.items[row]), open_image(files[row]))


def test_threads_read_the_right_rows_over_the_borders_of_row_groups(tmp_path: Path) -> None:
    files = [png(seed, (1, 1 + seed)) for seed in range(40)]
    source = opened(write(tmp_path / "x.parquet", files, pa.large_binary(), group=3))
    found = list(decode_all(source, Preprocessing(), source.items, workers=4, ahead=20))
    assert [one.item.id for one in found] == [item.id for item in source.items]
    assert [one.array.shape for one in found if one.array is not None] == [(3, 1, 1 + n) for n in range(40)]


def test_paths_stay_and_are_ids_where_each_image_has_its_own(tmp_path: Path) -> None:
    cells = [{"bytes": png(0), "path": "a/cat.png"}, {"bytes": png(1), "path": "dog.png"}]
    source = opened(write(tmp_path / "x.parquet", cells, key=["p", "q"]))
    assert [item.id for item in source.items] == ["a/cat.png", "dog.png"]
    assert [item.columns["path"] for item in source.items] == ["a/cat.png", "dog.png"]
    named = opened(tmp_path / "x.parquet", id_column="key")
    assert [item.id for item in named.items] == ["p", "q"]
    assert named.columns == ("path", "key")
    # Where they repeat, as names without their folders do, or one has none, the rows are counted.
    for other in ("a/cat.png", None):
        cells[1]["path"] = other
        again = opened(write(tmp_path / "x.parquet", cells))
        assert [item.id for item in again.items] == ["1", "2"]
        assert [item.columns["path"] for item in again.items] == ["a/cat.png", other]
    assert [item.id for item in opened(write(tmp_path / "x.parquet", cells, id=["i", "j"])).items] == [
        "i",
        "j",
    ]


def test_a_row_without_bytes_is_its_file(tmp_path: Path) -> None:
    (tmp_path / "there.png").write_bytes(png(3, (2, 9)))
    paths = ["there.png", "gone.png", None, "inside.png", "http://host/x.png"]
    cells = [{"bytes": png(1) if path == "inside.png" else None, "path": path} for path in paths]
    source = opened(write(tmp_path / "x.parquet", [*cells, None], id=list("abcdef")))
    assert source.items[0].columns["path"] == str(tmp_path / "there.png")
    assert source.open(source.items[0]).size == (9, 2)
    assert source.open(source.items[3]).size == (5, 6)
    reasons = ["No such file", "no bytes, and no path in row 3", "web address", "no path in row 6"]
    for row, reason in zip((1, 2, 4, 5), reasons, strict=True):
        with pytest.raises(UnreadableError, match=reason):
            source.open(source.items[row])
    assert source.to_json()["missing_files"] == 4


def bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    ends = chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + ends


def test_bad_bytes_are_skipped_with_their_reason_and_rows_stay(tmp_path: Path) -> None:
    whole = [png(seed, (16, 16)) for seed in range(3)]
    jpeg = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(jpeg, "JPEG")
    cells = [whole[0], jpeg.getvalue()[:2000], whole[1], bomb(), b"", b"no image", None, whole[2]]
    keys = ["w0", "cut", "w1", "bomb", "empty", "text", "none", "w2"]
    path = write(tmp_path / "x.parquet", cells, pa.binary(), group=2, id=keys)
    model = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    done = extract(read_table(path), model, study=tmp_path / "s", name="stored", batch_size=2, shard_rows=3)
    skipped = {one.id: one.reason for one in done.sets[0].skipped}
    assert list(skipped) == ["cut", "bomb", "empty", "text", "none"]
    reasons = [
        "truncated",
        "limit of 89,478,485",
        "an empty file",
        "not an image in a known",
        "no bytes, and no path in row 7",
    ]
    for reason, words in zip(skipped.values(), reasons, strict=True):
        assert words in reason
    with pytest.raises(InputError, match=r"--strict.*cut: image file is truncated"):
        extract(read_table(path), model, study=tmp_path / "strict", name="x", strict=True)
    # The rows are those of the files, bit by bit.
    folder = tmp_path / "files"
    folder.mkdir()
    for number, data in enumerate(whole):
        (folder / f"w{number}.png").write_bytes(data)
    study = Study.open(tmp_path / "s")
    extract(folder, model, study=study, name="files", batch_size=2)
    assert study["stored"].ids.tolist() == ["w0", "w1", "w2"]
    assert np.array_equal(study["stored"].vectors, study["files"].vectors)
    # Opened anew, it is the same source: nothing is done again.
    again = extract(read_table(path), model, study=study, name="stored", batch_size=2, shard_rows=3)
    assert again.already_there


def test_other_bytes_are_another_source(tmp_path: Path) -> None:
    files = [png(seed) for seed in range(3)]
    path = write(tmp_path / "x.parquet", files, pa.binary())
    source = opened(path)
    first = digest_items(source.items)
    # The same number of bytes in a row that is not the last one.
    changed = bytearray(files[1])
    changed[-1] ^= 1
    write(path, [files[0], bytes(changed), files[2]], pa.binary())
    assert digest_items(opened(path).items) != first
    assert source.open(source.items[0]).size == (5, 6)
    del source.stored._kept[0]
    with pytest.raises(UnreadableError, match="other bytes than when"):
        source.open(source.items[1])


def test_which_column_holds_the_images(tmp_path: Path) -> None:
    (tmp_path / "f.png").write_bytes(png(9, (3, 3)))
    one, other = [{"bytes": png(0), "path": None}], [{"bytes": png(1, (7, 7)), "path": None}]
    stored = pa.array(other, STRUCTURE)
    path = write(tmp_path / "x.parquet", one, mask=stored, file_name=["f.png"])
    # The usual name; another one; files; each leaves the rest where it is.
    for column, size in ((None, (5, 6)), ("mask", (7, 7)), ("file_name", (3, 3))):
        source: Any = read_table(path, path_column=column)
        assert source.open(source.items[0]).size == size
        assert "mask" not in source.columns
    assert opened(path).to_json()["images_left_out"] == ["mask"]
    table = pa.table({"left": stored, "right": stored})
    pq.write_table(table, path)
    with pytest.raises(InputError, match=r"one column of images .*left, right.*--path-column"):
        read_table(path)
    # Bytes that are text are text, unless they are asked for as images.
    path = write(tmp_path / "x.parquet", one, animal=pa.array([b"cat"], pa.binary()))
    assert opened(path).items[0].columns["animal"] == "cat"
    source = opened(path, path_column="animal")
    with pytest.raises(UnreadableError, match="not an image"):
        source.open(source.items[0])


def test_texts_beside_the_images(tmp_path: Path) -> None:
    cells = [{"bytes": png(row), "path": None} for row in range(2)]
    path = write(tmp_path / "x.parquet", cells, words=["a", None], more=["b", "c"])
    source = opened(path, text_column="words")
    assert [(item.id, item.text) for item in source.texts.items] == [("1", "a"), ("2", None)]
    source = opened(path, text_column=("words", "more"))
    linked = [(item.id, item.text, item.columns["row_id"]) for item in source.texts.items]
    assert linked == [
        ("1#words", "a", "1"),
        ("1#more", "b", "1"),
        ("2#words", None, "2"),
        ("2#more", "c", "2"),
    ]
    assert [item.columns["row_id"] for item in source.items] == ["1", "2"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"id_column": "image"}, InputError, "ids and texts .*images in image.*choose among label"),
        ({"text_column": "image"}, InputError, "images in image"),
        ({"path_column": "picture"}, UnknownNameError, "picture.*label, image"),
        ({"id_column": "label"}, InputError, r"repeats \('a' 2×\)"),
    ],
)
def test_bad_options(tmp_path: Path, options: dict[str, str], error: type[Exception], words: str) -> None:
    path = write(tmp_path / "x.parquet", [png(0), png(1)], pa.binary(), label=["a", "a"])
    with pytest.raises(error, match=f"(?s){words}"):
        read_table(path, **options)  # type: ignore[arg-type]  # options of the test, by name


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_bad_files(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"x{suffix}", [png(row, (30, 30)) for row in range(9)], pa.binary())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError, match=r"a whole (Parquet|Arrow) file"):
        read_table(path)
    with pytest.raises(InputError, match="0 rows"):
        read_table(write(path, [], pa.binary(), label=pa.array([], pa.string())), path_column="image")
    twice = pa.table([pa.array([png(0)], pa.binary())] * 2, ["image", "image"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(FormatError, match="unique column names"):
        read_table(tmp_path / "twice.parquet")


def test_a_file_that_is_damaged_between_its_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", [png(row, (40, 40)) for row in range(6)], pa.binary(), group=2)
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError, match="a whole Parquet file"):
        read_table(path)


def test_a_table_of_images_alone(tmp_path: Path, make_images: Callable[..., Path]) -> None:
    files = sorted(make_images(4).rglob("*.png"))
    path = write(tmp_path / "x.parquet", [one.read_bytes() for one in files], pa.binary())
    assert opened(path).columns == ("path",)
    assert len(opened(path).items) == 4


@pytest.mark.parametrize("embedded", [True, False])
def test_a_parquet_file_of_hugging_face(
    tmp_path: Path, make_images: Callable[..., Path], embedded: bool
) -> None:
    import datasets

    files = sorted(make_images(5).rglob("*.png"))
    cells = [{"bytes": one.read_bytes(), "path": one.name} if embedded else str(one) for one in files]
    data = datasets.Dataset.from_dict({"image": cells, "label": list(range(5))})
    data.cast_column("image", datasets.Image()).to_parquet(str(tmp_path / "train.parquet"))
    source = opened(tmp_path / "train.parquet")
    assert [item.id for item in source.items] == [one.name if embedded else str(one) for one in files]
    assert [item.columns["label"] for item in source.items] == list(range(5))
    assert len(source.rows) == (5 if embedded else 0)
    for item, one in zip(source.items, files, strict=True):
        assert np.array_equal(source.open(item), open_image(one))
