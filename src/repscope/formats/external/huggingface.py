"""Hugging Face datasets in and out: folders that ``save_to_disk`` writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, first_line
from repscope.formats.columns import to_column
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.outgoing import VECTOR, optional, plain_items, row_blocks
from repscope.formats.tables.read import table_set
from repscope.formats.tables.write import list_column
from repscope.study import EmbeddingSet

if TYPE_CHECKING:
    import pyarrow as pa


def write_dataset(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """A dataset of the item columns and a fixed-length list ``vector``; memory-mapped shards are not copied.

    Raises:
        DependencyError: datasets is missing.
        InputError: an item column is called ``vector``.
    """
    import pyarrow as pa

    datasets = optional("datasets", "which writes Hugging Face datasets", "datasets")
    items = plain_items(embeddings, "a dataset", [VECTOR])
    vectors = pa.chunked_array([list_column(block) for _, block in row_blocks(embeddings)])
    with _quiet(datasets):
        datasets.Dataset(items.append_column(VECTOR, vectors)).save_to_disk(str(path))
    return ()


def read_dataset(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a saved dataset, or one set STEM_SPLIT for each split, with a column ``split``.

    Class labels become their names. Columns of pictures and sounds are left out.

    Raises:
        DependencyError: datasets is missing.
        FormatError: the folder is damaged, or has no columns that could be vectors.
    """
    datasets = optional("datasets", "which reads Hugging Face datasets", "datasets")
    try:
        with _quiet(datasets):
            loaded = datasets.load_from_disk(str(path), keep_in_memory=False)
            splits = dict(loaded) if isinstance(loaded, datasets.DatasetDict) else {"": loaded}
            tables = {name: _table(dataset, datasets) for name, dataset in splits.items()}
    except Exception as error:
        # datasets raises many kinds for damaged folders, pyarrow's among them.
        raise FormatError(
            f"a whole dataset in {path}",
            f"{type(error).__name__}: {first_line(error)}",
            "save it again with save_to_disk",
        ) from error
    sets = []
    for split, (table, left_out) in tables.items():
        incoming = table_set(table, f"{stem}_{split}" if split else stem, str(path), options)
        columns = dict(incoming.columns)
        if split and "split" not in columns:
            columns["split"] = to_column([split] * incoming.n, "split")
        sets.append(replace(incoming, columns=columns, left_out=left_out))
    return sets


def _table(dataset: Any, datasets: Any) -> tuple[pa.Table, dict[str, str]]:
    """The rows in the dataset's order, and the columns that are left out."""
    import pyarrow as pa

    media = tuple(
        getattr(datasets, name) for name in ("Image", "Audio", "Video", "Pdf") if hasattr(datasets, name)
    )
    left_out = {
        name: f"a column of {type(kind).__name__}"
        for name, kind in dataset.features.items()
        if isinstance(kind, media)
    }
    kept = dataset.remove_columns(list(left_out))
    table = kept.with_format("arrow")[:]
    for name, kind in kept.features.items():
        if isinstance(kind, datasets.ClassLabel) and kind.names:
            codes = table.column(name).to_pylist()
            names = [kind.names[code] if code is not None and code >= 0 else None for code in codes]
            table = table.set_column(table.column_names.index(name), name, pa.array(names, pa.string()))
    return table, left_out


@contextlib.contextmanager
def _quiet(datasets: Any) -> Iterator[None]:
    """No progress bars of its own: stderr is ours."""
    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()
