"""The formats that are read: their names, endings, and what in them becomes the vectors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A format that is read.

    Attributes:
        endings: that such files usually have; the content decides.
        vectors: which part becomes the vectors, in Markdown.
        needs: extra of the package, or "".
        folder: it is a folder of files.
    """

    endings: str
    vectors: str
    needs: str = ""
    folder: bool = False


_COLUMNS = (
    "a column with a vector in each cell, numbered columns (`x0 x1 …`, `A00 … A63`, `0 1 2 …`), "
    "or `--vectors`"
)

KNOWN = {
    "npy": Known(
        ".npy",
        "the array: N×D, also with axes of length one; K×N×D becomes K sets. Records (a field of vectors), "
        "pickled dictionaries and lists",
    ),
    "npz": Known(
        ".npz", "`vectors`, or the only 2-D array, or `--vectors`; an array an item; a sparse matrix of scipy"
    ),
    "csv": Known(".csv", f"{_COLUMNS}; in a cell `[1, 2]`, `(1, 2)`, `array(…)`, `tensor(…)`, `1;2;3`, …"),
    "tsv": Known(".tsv", "the same, tab-separated"),
    "json": Known(
        ".json",
        "records with a vector each (also under `data` or so), `{id: vector}`, pairs, a list of vectors",
    ),
    "jsonl": Known(".jsonl .ndjson", "a record, a vector or a pair in each line"),
    "words": Known(
        ".txt .vec", "a word and its vector in each line (word2vec, GloVe, fastText); numbers alone (savetxt)"
    ),
    "word2vec": Known(".bin", "words and vectors, in word2vec's binary form"),
    "parquet": Known(
        ".parquet",
        f"{_COLUMNS}; in a cell lists, nested ones too, structs with one list, bytes or base64 with "
        "`--vectors-dtype`",
    ),
    "arrow": Known(".arrow .feather", "the same, as a file or a stream"),
    "safetensors": Known(".safetensors", "every floating 2-D tensor, each under its name; a tensor an item"),
    "torch": Known(
        ".pt .pth",
        "a tensor (also sparse or quantised), a list of vectors or batches, or a dictionary as for npz; "
        "nothing is executed",
    ),
    "pickle": Known(
        ".pkl .p",
        "arrays, `{id: vector}`, pairs, records, frames of pandas, the pickles of the older pipelines; "
        "nothing is executed",
    ),
    "hdf5": Known(
        ".h5 .hdf5",
        "data sets as the arrays of npz; a data set or a group an item; `--vectors GROUP/NAME`",
        "hdf5",
    ),
    "h5ad": Known(
        ".h5ad",
        "`X`, or the matrix of `obsm` or `layers` that `--vectors` names; `obs` are the columns, `obs_names` "
        "the ids",
        "anndata",
    ),
    "fiftyone": Known(
        ".json",
        "samples: `embedding`, or the only list of numbers, or `--vectors`; `filepath` becomes `path`, "
        "`ground_truth` becomes `label`",
    ),
    "hf": Known(
        "",
        "`datasets.save_to_disk`: the column of lists `vector`, or the only one, or `--vectors`; one set for "
        "each split; class labels become their names",
        "datasets",
        folder=True,
    ),
    "projector": Known(
        "",
        "TensorBoard's projector: each embedding of `projector_config.pbtxt`, with its metadata",
        folder=True,
    ),
}
"""By the name that the provenance has."""


def known_markdown() -> str:
    """The table of the documentation."""
    rows = [
        f"| {name} | {'a folder' if one.folder else ' '.join(f'`{end}`' for end in one.endings.split())} "
        f"| {one.vectors} | {f'`{one.needs}`' if one.needs else ''} |"
        for name, one in KNOWN.items()
    ]
    head = ["| format | endings | which part becomes the vectors | extra |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def known_text() -> str:
    """The same for ``--help``, a paragraph a format; brackets are escaped as rich wants it."""
    lines = [
        f"{name} ({'a folder' if one.folder else one.endings}): {one.vectors.replace('`', '')}"
        + (f". Needs pip install 'repscope\\[{one.needs}]'" if one.needs else "")
        for name, one in KNOWN.items()
    ]
    return "\n\n".join(["Formats, each also compressed with gzip, bzip2, xz or zstd:", *lines])
