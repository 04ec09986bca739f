"""TensorBoard's embedding projector in and out: a folder of tables and a ``projector_config.pbtxt``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, InputError, VectorError, first_line, name_some
from repscope.formats.columns import to_columns
from repscope.formats.external.sprite import draw_sprite
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.outgoing import plain_items, row_blocks
from repscope.formats.text_files import read_text
from repscope.study import EmbeddingSet
from repscope.study.names import inside, safe_name

CONFIG, VECTORS, METADATA, SPRITE = "projector_config.pbtxt", "vectors.tsv", "metadata.tsv", "sprite.png"
_FIELD = re.compile(r'(\w+)\s*:\s*"((?:[^"\\]|\\.)*)"')
_SHAPE = re.compile(r"tensor_shape\s*:\s*(\d+)")
_BREAKS = re.compile(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


def write_projector(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """``vectors.tsv``, ``metadata.tsv``, ``projector_config.pbtxt``; a sprite where pictures are readable.

    Tabs and line breaks within texts become spaces, since these tables have no quotes.

    Raises:
        InputError: ids that are the same without their tabs and line breaks.
    """
    path.mkdir()
    notes: list[str] = []
    items = plain_items(embeddings)
    columns = {name: items.column(name).to_pylist() for name in items.column_names}
    cells = {name: [_cell(value) for value in values] for name, values in columns.items()}
    changed = sum(bool(_BREAKS.search(value)) for values in columns.values() for value in _texts(values))
    if len(set(cells["id"])) != len(cells["id"]):
        raise InputError(
            f"ids of {embeddings.name!r} that differ in more than tabs and line breaks",
            "some that do not",
            "export as parquet",
        )
    if changed:
        notes.append(f"tabs and line breaks in {changed:,} texts became spaces")
    with (path / VECTORS).open("w", encoding="utf-8", newline="\n") as file:
        for _, block in row_blocks(embeddings, np.float32):
            file.writelines("\t".join(row) + "\n" for row in block.astype("U32").tolist())
    with (path / METADATA).open("w", encoding="utf-8", newline="\n") as file:
        if len(cells) > 1:
            # One column alone has no header there: it would be shown as an item.
            file.write("\t".join(map(_cell, cells)) + "\n")
        file.writelines("\t".join(row) + "\n" for row in zip(*cells.values(), strict=True))
    sprite = ""
    if "path" in columns:
        size, note = draw_sprite(columns["path"], path / SPRITE)
        notes.append(note)
        if size:
            sprite = (
                f'  sprite {{\n    image_path: "{SPRITE}"\n'
                f"    single_image_dim: {size}\n    single_image_dim: {size}\n  }}\n"
            )
    name = embeddings.name.replace("\\", "\\\\").replace('"', '\\"')
    (path / CONFIG).write_text(
        f'embeddings {{\n  tensor_name: "{name}"\n  tensor_shape: {embeddings.n}\n'
        f'  tensor_shape: {embeddings.d}\n  tensor_path: "{VECTORS}"\n  metadata_path: "{METADATA}"\n'
        f"{sprite}}}\n",
        encoding="utf-8",
    )
    return tuple(notes)


def _texts(values: list[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _cell(value: Any) -> str:
    return "" if value is None else _BREAKS.sub(" ", str(value))


def read_projector(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """One set for each embedding of the configuration: named by its tensor when there are several.

    Raises:
        FormatError: the configuration or a table is damaged, or points out of the folder.
        VectorError: as many rows of metadata as vectors are needed.
    """
    config = read_text(path / CONFIG)
    blocks = re.split(r"^\s*embeddings\s*\{", config, flags=re.MULTILINE)[1:]
    sets = []
    for block in blocks:
        fields = dict(_FIELD.findall(block.split("sprite", 1)[0]))
        if "tensor_path" not in fields:
            raise FormatError(
                f"tensor_path in each embedding of {path / CONFIG}",
                "none (the tensor is in a checkpoint)",
                "write vectors.tsv beside it",
            )
        name = safe_name(fields.get("tensor_name") or stem) if len(blocks) > 1 else stem
        tensor = _beside(path, fields["tensor_path"])
        vectors = (
            _binary(tensor, [int(n) for n in _SHAPE.findall(block)])
            if tensor.suffix == ".bytes"
            else _numbers(tensor)
        )
        columns = {}
        if fields.get("metadata_path"):
            columns = _metadata(_beside(path, fields["metadata_path"]), len(vectors))
        sets.append(Incoming(name, vectors, columns, fields["tensor_path"]))
    if not sets:
        raise FormatError(f"embeddings in {path / CONFIG}", "none", "export it again")
    return sets


def _beside(folder: Path, name: str) -> Path:
    path = inside(folder, folder / name)
    if not path.is_file():
        raise FormatError(f"the file {name} in {folder}", "no such file", "copy the whole folder")
    return path


def _numbers(path: Path) -> NDArray[np.float32]:
    rows = []
    for number, line in enumerate(read_text(path).rstrip("\n").split("\n")):
        try:
            rows.append(np.array(line.split("\t"), np.float32))
        except ValueError as error:
            raise FormatError(
                f"numbers in row {number:,} of {path}", first_line(error), "export it again"
            ) from error
        if rows[-1].shape != rows[0].shape:
            raise VectorError(
                f"{len(rows[0]):,} numbers in row {number:,} of {path}, as in row 0",
                f"{len(rows[-1]):,}",
                "export it again",
            )
    return np.stack(rows)


def _binary(path: Path, shape: list[int]) -> NDArray[np.float32]:
    if len(shape) != 2 or path.stat().st_size != 4 * shape[0] * shape[1]:
        raise FormatError(
            f"{path} of tensor_shape N and D, four bytes a number",
            f"shape {shape} and {path.stat().st_size:,} bytes",
            "export it again",
        )
    return np.fromfile(path, "<f4").reshape(shape)


def _metadata(path: Path, n: int) -> dict[str, Any]:
    """The columns; the first row is a header where there is one row more than vectors.

    Raises:
        FormatError: one row too many whose last is empty: a header, or a blank line at the end.
        VectorError: another number of rows or cells.
    """
    text = read_text(path)
    rows = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    if len(rows) == n - 1 and text.endswith("\n\n"):
        rows.append([""])
    width = len(rows[0])
    if len(rows) == n + 1 and rows[-1] == [""]:
        raise FormatError(
            f"{n:,} rows in {path}, one for each vector, or one more that is a header",
            f"{n + 1:,} rows, the last of them empty: with a header, or with a blank line at the end",
            "remove the line that is no row",
        )
    names = rows.pop(0) if len(rows) == n + 1 else _names(rows, width)
    odd = [number for number, row in enumerate(rows) if len(row) != width]
    if odd or len(rows) != n or len(set(names)) != width:
        what = (
            f"rows of other widths ({name_some(odd)})"
            if odd
            else f"{len(rows):,} rows"
            if len(rows) != n
            else f"repeated names {name_some(names)}"
        )
        raise VectorError(
            f"{n:,} rows of {width} columns in {path}, one for each vector", what, "export it again"
        )
    return to_columns({name: _typed(name, [row[at] for row in rows]) for at, name in enumerate(names)})


def _names(rows: list[list[str]], width: int) -> list[str]:
    """Names of columns without a header: the first of texts that do not repeat are the ids."""
    names = [f"column_{at}" for at in range(width)]
    for at in range(width):
        cells = [row[at] for row in rows if at < len(row)]
        if all(cells) and len(set(cells)) == len(rows):
            names[at] = "id"
            break
    if width == 1 and names == ["column_0"]:
        return ["label"]
    return names


def _typed(name: str, cells: list[str]) -> list[Any]:
    """Whole numbers as such where none would lose a digit; everything else stays the text it is."""
    if name in ("id", "ids") or not all(map(_WHOLE.fullmatch, cells)):
        return cells
    return [int(cell) for cell in cells]
