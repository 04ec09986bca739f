"""npz archives of recursive generation: captions, and CLIP's vectors of the pictures made from them.

================================================  =======================================
``coco_caption_embeddings.npz``                   ``text_embeddings``, ``captions``
``gen_{g}_embeddings.npz``                        the same and ``image_embeddings``
``CLIP_{model}_embeddings_gen_{g}{,_finetune,     the same and ``image_files``
_baseline}.npz``
================================================  =======================================

A text's id is the index of its caption. A picture's id is its file's name where the archive has
``image_files``, else the index of its caption; ``caption_id`` links the two either way. What those
scripts call "paired by index" only holds while no picture failed: with another number of pictures
than captions nothing is linked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, VectorError
from repscope.formats.columns import to_columns, unique_ids
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.loose.shapes import as_matrix

TEXT, IMAGE, CAPTIONS, FILES = "text_embeddings", "image_embeddings", "captions", "image_files"
RECURSIVE = "recursive"
"""Condition of a generation whose file's name says nothing else."""

_NAME = re.compile(
    r"(?:CLIP_(?P<model>.+?)_embeddings_)?gen_(?P<generation>\d{1,9})(?:_(?P<condition>finetune|baseline))?"
    r"(?:_embeddings)?"
)


def is_generation(arrays: Mapping[str, Any]) -> bool:
    """Whether an archive has the arrays of a generation, and no others."""
    return {TEXT, CAPTIONS} <= set(arrays) <= {TEXT, IMAGE, CAPTIONS, FILES}


def read_generation(
    arrays: Mapping[str, Any], stem: str, source: str, options: ReadOptions
) -> list[Incoming]:
    """The sets ``…_text`` and ``…_image`` of one archive, ``generation`` and ``condition`` from its name.

    Raises:
        VectorError: not one caption for each text, not one file for each picture, or no matrices.
        FormatError: captions or files that are no list of texts.
    """
    named = _NAME.fullmatch(stem)
    constants: dict[str, Any] = {}
    base, about = stem.removesuffix("_embeddings"), {}
    if named:
        constants = {"generation": int(named["generation"]), "condition": named["condition"] or RECURSIVE}
        parts = (named["model"], f"gen_{named['generation']}", named["condition"])
        base = "_".join(part for part in parts if part)
        about = {"model": named["model"]} if named["model"] else {}

    def made(vectors: NDArray[Any], columns: Mapping[str, Sequence[Any]], key: str, note: str) -> Incoming:
        own = {column: [value] * len(vectors) for column, value in constants.items()}
        return Incoming(
            f"{base}_{key.partition('_')[0]}",
            vectors,
            to_columns({**columns, **own}),
            key,
            provenance={"metadata": about} if about else {},
            notes=(note,),
        )

    text = as_matrix(arrays[TEXT], TEXT, source)
    captions = _texts(arrays, CAPTIONS, len(text), TEXT, source)
    indices = [str(index) for index in range(len(text))]
    columns: dict[str, Sequence[Any]] = {"id": indices, "caption_id": indices, "text": captions}
    sets = [made(text, columns, TEXT, "ids are indices of captions")]
    if arrays.get(IMAGE) is not None:
        image = as_matrix(arrays[IMAGE], IMAGE, source)
        columns, note = _pictures(arrays, len(image), captions, source, options)
        sets.append(made(image, columns, IMAGE, note))
    return sets


def _pictures(
    arrays: Mapping[str, Any], n: int, captions: Sequence[Any], source: str, options: ReadOptions
) -> tuple[dict[str, Sequence[Any]], str]:
    """Columns of the pictures, and what their ids are."""
    files = _texts(arrays, FILES, n, IMAGE, source) if arrays.get(FILES) is not None else None
    aligned = n == len(captions)
    columns: dict[str, Sequence[Any]] = {}
    if files is not None:
        names = [re.split(r"[/\\]", str(file))[-1] or str(file) for file in files]
        columns["id"], repeats = unique_ids(names)
        columns["path"] = [str(file) for file in files]
        note = "ids are names of image_files"
        if repeats:
            note += f"; {repeats:,} names repeat and got a suffix ~2, ~3, …"
    else:
        # A row number would look like the index of a caption where it is none.
        columns["id"] = [str(row) if aligned else f"image-{row}" for row in range(n)]
        note = "ids are indices of captions" if aligned else "ids are row numbers"
    if aligned:
        columns["caption_id"] = [str(row) for row in range(n)]
        columns["text"] = captions
        return columns, f"{note}; paired to the captions by index, as the file says no other"
    pairs = (
        "compare and drift pair them with sets that have the same file names, and with no others"
        if files is not None
        else "compare and drift cannot pair them with other generations, as nothing says which is which"
    )
    options.warn(
        f"{source} has {n:,} pictures for {len(captions):,} captions: some failed where it was made, and "
        "which is not recorded. They are imported without caption_id, since pairs by index would be wrong. "
        "`repscope describe` measures them against captions as distributions; " + pairs
    )
    return columns, f"{note}; not linked to captions"


def _texts(arrays: Mapping[str, Any], key: str, n: int, of: str, source: str) -> list[Any]:
    """The texts under ``key``, one for each of the ``n`` rows of ``of``."""
    array = np.asarray(arrays[key])
    if array.ndim != 1 or array.dtype.kind not in "UOS":
        raise FormatError(
            f"a list of texts in {key!r} of {source}",
            f"{array.dtype} of shape {array.shape}",
            "write one text for each row",
        )
    if len(array) != n:
        raise VectorError(
            f"one of {key} for each of the {n:,} rows of {of} in {source}",
            f"{len(array):,}",
            "write the file again",
        )
    return list(array.tolist())
