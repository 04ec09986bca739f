"""TensorBoard's projector in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from repscope.errors import FormatError, InputError, NameNotAllowedError, VectorError
from repscope.formats import Incoming, read_sets
from repscope.formats.external.projector import write_projector
from repscope.formats.external.sprite import draw_sprite, thumbnail_size
from repscope.study import EmbeddingSet, Study
from repscope.verbs.export.export import export
from repscope.verbs.import_.import_ import import_files

X = np.random.default_rng(0).standard_normal((4, 3)).astype("f4")


def read(path: Path) -> list[Incoming]:
    return list(read_sets(path, path.name).sets)


@given(
    vectors=st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=2, max_size=2),
        min_size=1,
        max_size=4,
    ),
    labels=st.lists(st.text(st.characters(codec="utf-8"), max_size=4), min_size=4, max_size=4),
)
@settings(max_examples=25, deadline=None)
def test_vectors_to_the_bit_and_texts_without_breaks(
    vectors: list[list[float]], labels: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("projector") / "a"
    labels = labels[: len(vectors)]
    ids = [f"0{row}" for row in range(len(vectors))]
    one = EmbeddingSet("a", np.array(vectors, "f4"), {"id": ids, "label": labels, "n": list(range(len(ids)))})
    write_projector(one, folder)
    (found,) = read(folder)
    np.testing.assert_array_equal(found.vectors, one.vectors)
    assert found.columns["id"].to_pylist() == ids
    assert found.columns["n"].to_pylist() == one.items["n"].to_pylist()
    texts = [str(text) for text in found.columns["label"].to_pylist()]
    assert [len(text) for text in texts] == [len(text) for text in labels]
    assert all(
        a in (b, " ")
        for text, label in zip(texts, labels, strict=True)
        for a, b in zip(text, label, strict=True)
    )


def test_ids_alone_have_no_header_and_are_still_ids(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    study.add("a", X, {"id": ["b", "a", "0", "9"]})
    made = export(study.path, "a", tmp_path / "out", as_format="projector")
    assert (tmp_path / "out" / "metadata.tsv").read_text() == "b\na\n0\n9\n"
    (again,) = import_files([tmp_path / "out"], study.path, names="again")
    assert again.fingerprint == made.fingerprint
    export(study.path, "a", tmp_path / "out", as_format="projector", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "s"]


def test_what_tensorboard_reads(tmp_path: Path) -> None:
    for row, colour in enumerate(("red", "blue", "lime")):
        Image.new("RGB", (20, 10 + row), colour).save(tmp_path / f"{row}.png")
    paths = [str(tmp_path / f"{row}.png") for row in range(3)] + [str(tmp_path / "gone.png")]
    one = EmbeddingSet("a", X, {"id": list("abcd"), "path": paths})
    notes = write_projector(one, tmp_path / "out")
    assert notes == ("sprite of 3 thumbnails of 64 pixels; 1 that cannot be read are grey",)
    config = (tmp_path / "out" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "vectors.tsv"' in config
    assert "tensor_shape: 4\n  tensor_shape: 3" in config
    assert 'image_path: "sprite.png"' in config
    assert (tmp_path / "out" / "metadata.tsv").read_text().splitlines()[0] == "id\tpath"
    sprite = Image.open(tmp_path / "out" / "sprite.png")
    assert sprite.size == (128, 128)
    at = [sprite.getpixel(point) for point in ((5, 5), (70, 5), (5, 70), (70, 70))]
    assert at == [(255, 0, 0), (0, 0, 255), (0, 255, 0), (128, 128, 128)]


def test_sprites_that_cannot_be_drawn(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    for paths, says in (
        ([None, str(tmp_path / "none.png")], "none of the paths"),
        ([str(tmp_path / "a.png"), str(tmp_path)], "none of the files is a picture"),
        ([None] * (513**2), "do not fit"),
    ):
        size, note = draw_sprite(paths, tmp_path / "sprite.png")
        assert size == 0
        assert says in note
    assert not (tmp_path / "sprite.png").exists()
    assert [thumbnail_size(n) for n in (1, 16_384, 16_385, 512**2, 512**2 + 1)] == [64, 64, 48, 16, 0]


def test_ids_that_only_breaks_tell_apart_are_refused(tmp_path: Path) -> None:
    one = EmbeddingSet("a", X[:2], {"id": ["a\tb", "a b"]})
    with pytest.raises(InputError, match="parquet"):
        write_projector(one, tmp_path / "out")


def folder(tmp_path: Path, config: str, **files: Any) -> Path:
    path = tmp_path / "hand"
    path.mkdir(exist_ok=True)
    (path / "projector_config.pbtxt").write_text(config)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (path / name.replace("_", ".")).write_bytes(data)
    return path


ONE = 'embeddings {\n tensor_path: "v.tsv"\n metadata_path: "m.tsv"\n}\n'


def test_several_embeddings_and_binary_ones(tmp_path: Path) -> None:
    config = (
        'embeddings {\n tensor_name: "w/1"\n tensor_path: "v.tsv"\n}\n'
        'embeddings {\n tensor_name: "two"\n tensor_shape: 2\n tensor_shape: 3\n tensor_path: "v.bytes"\n}\n'
    )
    first, second = read(folder(tmp_path, config, v_tsv="1\t2\n3\t4\n", v_bytes=X[:2].tobytes()))
    assert (first.name, second.name) == ("w_1", "two")
    np.testing.assert_array_equal(first.vectors, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(second.vectors, X[:2])


@pytest.mark.parametrize(
    ("config", "files", "error", "says"),
    [
        (ONE, {"v_tsv": "1\t2\n3\n", "m_tsv": "a\nb\n"}, VectorError, "row 1"),
        (ONE, {"v_tsv": "1\t2\n3\tx\n", "m_tsv": "a\nb\n"}, FormatError, "row 1"),
        (ONE, {"v_tsv": "1\t2\n3\t4\n", "m_tsv": "a\n"}, VectorError, "1 rows"),
        (ONE, {"v_tsv": "1\t2\n", "m_tsv": "id\tx\na\n"}, VectorError, "other widths"),
        (ONE, {"v_tsv": "1\t2\n", "m_tsv": "id\tid\na\tb\n"}, VectorError, "repeated"),
        (ONE, {"v_tsv": "1\t2\n"}, FormatError, "m.tsv"),
        (ONE, {"v_tsv": b"\xff\xfe\x00"}, FormatError, "UTF-8"),
        ("", {}, FormatError, "embeddings"),
        ('embeddings {\n tensor_name: "w"\n}\n', {}, FormatError, "checkpoint"),
        ('embeddings {\n tensor_path: "../v.tsv"\n}\n', {}, NameNotAllowedError, "inside"),
        (
            'embeddings {\n tensor_shape: 9\n tensor_path: "v.bytes"\n}\n',
            {"v_bytes": b"12"},
            FormatError,
            "shape",
        ),
    ],
)
def test_hostile_folders(
    config: str, files: dict[str, Any], error: type[Exception], says: str, *, tmp_path: Path
) -> None:
    (tmp_path / "v.tsv").write_text("1\t2\n")
    with pytest.raises(error, match=says):
        read(folder(tmp_path, config, **files))


def test_nan_and_repeated_ids_do_not_enter_a_study(tmp_path: Path) -> None:
    path = folder(tmp_path, ONE, v_tsv="1\t2\nnan\t4\n", m_tsv="id\tx\na\t1\nb\t2\n")
    with pytest.raises(VectorError, match="rows 1"):
        import_files([path], tmp_path / "s")
    path = folder(tmp_path, ONE, v_tsv="1\t2\n3\t4\n", m_tsv="id\tx\na\t1\na\t2\n")
    with pytest.raises(InputError, match="unique ids"):
        import_files([path], tmp_path / "s")


def folder_with(tmp_path: Path, metadata: str) -> Path:
    (tmp_path / "tensors.tsv").write_text("".join(f"{at}.5\t1.5\n" for at in range(3)))
    (tmp_path / "metadata.tsv").write_text(metadata)
    (tmp_path / "projector_config.pbtxt").write_text(
        'embeddings {\n  tensor_path: "tensors.tsv"\n  metadata_path: "metadata.tsv"\n}\n'
    )
    return tmp_path


@pytest.mark.parametrize(
    ("metadata", "columns"),
    [
        ("cat\ndog\ncow\n", {"id": ["cat", "dog", "cow"]}),
        ("cat\ndog\ncow", {"id": ["cat", "dog", "cow"]}),
        ("unit\ncat\ndog\ncow\n", {"unit": ["cat", "dog", "cow"]}),
        ("cat\n\ndog\n", {"label": ["cat", "", "dog"]}),
        ("cat\ndog\n\n", {"label": ["cat", "dog", ""]}),
        ("x\tcat\ny\tdog\nx\tcow\n", {"column_0": ["x", "y", "x"], "id": ["cat", "dog", "cow"]}),
        ("name\tnum\ncat\t0\ndog\t1\ncow\t2\n", {"name": ["cat", "dog", "cow"], "num": [0, 1, 2]}),
    ],
)
def test_a_header_is_one_row_more_than_vectors(
    tmp_path: Path, metadata: str, columns: dict[str, list[Any]]
) -> None:
    (one,) = read_sets(folder_with(tmp_path, metadata), "a").sets
    assert {name: column.to_pylist() for name, column in one.columns.items()} == columns


def test_a_header_or_a_blank_line_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="with a header, or with a blank line"):
        read_sets(folder_with(tmp_path, "cat\ndog\ncow\n\n"), "a")
