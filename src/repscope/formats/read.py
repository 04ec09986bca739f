"""One door for all formats: :func:`read_sets`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from repscope.errors import RepscopeError
from repscope.formats.arrays.hdf5 import read_hdf5
from repscope.formats.arrays.read import read_npy, read_npz
from repscope.formats.detect import check_file, detect
from repscope.formats.external.annotated import read_h5ad
from repscope.formats.external.fiftyone import read_samples
from repscope.formats.external.huggingface import read_dataset
from repscope.formats.external.projector import read_projector
from repscope.formats.incoming import Incoming, Reading, ReadOptions
from repscope.formats.objects import sets_from
from repscope.formats.pickles.load import load_pickle
from repscope.formats.pickles.pandas_types import Frame
from repscope.formats.tables.delimited import read_delimited
from repscope.formats.tables.frames import frame_table, of_pandas
from repscope.formats.tables.json_lines import json_table
from repscope.formats.tables.read import read_columnar, table_set
from repscope.formats.tables.words import read_word2vec, read_words
from repscope.formats.text_files import load_json
from repscope.formats.torch_files import read_safetensors, read_torch
from repscope.formats.trust import read_or_trust
from repscope.formats.unpack import unpacked

Reader = Callable[[Path, str, ReadOptions], list[Incoming]]


def read_pickle(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The sets of a pickle, through the restricted reader.

    Raises:
        UnsafePickleError: it asks for anything but arrays, tensors and containers.
        FormatError: it is damaged, or holds no embeddings.
    """

    def trusted() -> Any:
        import pickle

        with path.open("rb") as file:
            return pickle.load(file)

    value = read_or_trust(lambda: load_pickle(path), trusted, str(path), options)
    frame = value if isinstance(value, Frame) else of_pandas(value)
    if frame is not None:
        return [table_set(frame_table(frame), stem, str(path), options)]
    return sets_from(value, stem, str(path), options)


def read_json(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The sets of a JSON file: of whatever :func:`repscope.formats.objects.sets_from` finds in its value.

    Raises:
        FormatError: it is no JSON, or holds no embeddings.
    """
    return sets_from(load_json(path), stem, str(path), options)


def read_json_lines(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a file with one JSON value in each line: an object of fields, a vector, or a pair.

    Raises:
        FormatError: a line is no JSON, or there are no embeddings.
    """
    table = json_table(path)
    if table is not None:
        return [table_set(table, stem, str(path), options)]
    return sets_from(load_json(path, lines=True), stem, str(path), options)


READERS: dict[str, Reader] = {
    "npy": read_npy,
    "npz": read_npz,
    "csv": read_delimited,
    "tsv": read_delimited,
    "json": read_json,
    "jsonl": read_json_lines,
    "words": read_words,
    "word2vec": read_word2vec,
    "parquet": read_columnar,
    "arrow": read_columnar,
    "safetensors": read_safetensors,
    "torch": read_torch,
    "pickle": read_pickle,
    "hdf5": read_hdf5,
    "h5ad": read_h5ad,
    "fiftyone": read_samples,
    "hf": read_dataset,
    "projector": read_projector,
}


def read_sets(path: Path, stem: str, options: ReadOptions | None = None) -> Reading:
    """All sets of a file, in whichever format its content has.

    Args:
        path: a local file, or a folder of a format that is one.
        stem: name of a set that the file does not name itself.
        options: what the caller knows about the file.

    Raises:
        MissingError, InputError: see :func:`repscope.formats.detect.check_file`.
        FormatError: the content is damaged, of no known format, or holds no embeddings.
        UnsafePickleError: a pickle asks for code; nothing was executed.
        UnknownNameError: a key that was asked for is not there.
        VectorError: lengths that differ.
    """
    given = replace(options or ReadOptions(), trusted=[])
    check_file(path)
    try:
        with unpacked(path, given.encoding) as (plain, done):
            kind = detect(plain)
            sets = READERS[kind](plain, stem, given)
    except RepscopeError as error:
        if str(path) not in str(error):
            error.add_note(f"in {path}")
        raise
    if done:
        sets = [replace(one, provenance={**one.provenance, **done}) for one in sets]
    return Reading(kind, tuple(sets), trusted_pickle=bool(given.trusted))
