"""The dictionaries that the older pipelines pickle: what their keys mean.

============================================  ==================================================
``embeddings_for_viz.pkl``                    ``visual_before``, ``visual_after``, ``text_adapted``
``hoi_adapted_text_embeddings_*.pkl``         class texts, one row for each selected class
``hoi_text_mean_*.pkl``                       one row, the mean of the texts
``hoi_visual_embeddings_*.pkl``               one row for each human-object pair
``oscar_split_*.pkl``                         ``images`` and ``captions``, linked by ``image_id``
============================================  ==================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError, name_some
from repscope.formats.columns import columns_of_records, to_column, to_columns, unique_ids
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.loose.shapes import as_matrix, as_vectors
from repscope.formats.older.centred import decentre, looks_centred
from repscope.formats.older.oscar import read_oscar
from repscope.formats.plain import as_json, json_lines, scalar
from repscope.study.keys import is_missing

_NO_DECENTRE = "leave --decentre out, or give the pickle that holds both"

CLUSTER = "image_id"
"""Pairs of one image are not independent: intervals resample images."""


def read_pipeline(mapping: Mapping[str, Any], stem: str, source: str, options: ReadOptions) -> list[Incoming]:
    """The sets of a known pipeline's dictionary; [] when it is not one."""
    keys = set(mapping)
    if "visual_before" in keys and keys & {"visual_after", "text_adapted"}:
        return _visualisation(mapping, source, options)
    if {"embeddings", "select_HOI_index"} <= keys:
        return [_class_texts(mapping, stem, source)]
    if "text_mean" in keys:
        return [_text_mean(mapping, stem)]
    if {"embeddings", "metadata"} <= keys:
        vectors = as_matrix(mapping["embeddings"], "embeddings", source)
        columns, notes = _pairs(mapping["metadata"], len(vectors), source)
        return [Incoming(stem, vectors, columns, "embeddings", {}, _about(mapping, columns), tuple(notes))]
    if {"images", "captions"} <= keys and all(
        isinstance(mapping[key], Mapping) for key in ("images", "captions")
    ):
        return read_oscar(mapping["images"], mapping["captions"], stem, source, options)
    return []


def _visualisation(mapping: Mapping[str, Any], source: str, options: ReadOptions) -> list[Incoming]:
    """visual_before, visual_after (unless None) with the metadata as items; text_adapted, row i = class i."""
    before = as_matrix(mapping["visual_before"], "visual_before", source)
    columns, notes = _pairs(mapping.get("metadata"), len(before), source)
    if stale := _stale_rows(before, columns):
        options.warn(
            f"{stale:,} rows of visual_before repeat the vectors of the image before them exactly: the older "
            "extraction wrote an image's features again when the next image had no pairs"
        )
    about = _about(mapping, columns)
    after = text = None
    if mapping.get("visual_after") is None:
        notes.append(f"{source} holds no visual_after (None)")
    else:
        after = as_matrix(mapping["visual_after"], "visual_after", source)
        if len(after) != len(before):
            raise VectorError(
                f"as many rows in visual_after as in visual_before of {source}",
                f"{len(after):,} and {len(before):,}",
                "extract both stages of the same pairs again",
            )
    known = True
    if mapping.get("text_adapted") is not None:
        text = as_matrix(mapping["text_adapted"], "text_adapted", source)
        known = _classes_are_rows(columns, len(text), options)
    if after is not None and text is not None:
        after = _with_mean(after, before, text, options)
    elif options.decentre:
        raise InputError(
            "visual_after and text_adapted, to decentre", f"one of them in {source}", _NO_DECENTRE
        )
    sets = [Incoming("visual_before", before, columns, "visual_before", {}, about, tuple(notes))]
    if after is not None:
        again = {"decentred": "mean of text_adapted added"} if options.decentre else {}
        sets.append(Incoming("visual_after", after, columns, "visual_after", {}, about | again))
    if text is not None:
        named = _classes(range(len(text)))
        named = named if known else {"id": to_column([f"row-{row}" for row in range(len(text))], "id")}
        sets.append(Incoming("text_adapted", text, named, "text_adapted", {}, about))
    return sets


def _with_mean(after: Any, before: Any, text: Any, options: ReadOptions) -> Any:
    """visual_after with the mean of the texts again, where that is asked for; else a warning if it lacks."""
    if options.decentre:
        return decentre(after, np.asarray(text, np.float64).mean(axis=0)).astype(np.float32)
    if looks_centred(after, before, text):
        options.warn(
            "visual_after has rows of length 1 with hardly a mean, visual_before and text_adapted have one: "
            "the older pipeline took the mean of the texts away and stored the rows so; --decentre text adds "
            "it again, exactly, and without it no verdict on visual_after says much"
        )
    return after


def _classes_are_rows(columns: Mapping[str, Any], classes: int, options: ReadOptions) -> bool:
    """Whether row i of the texts may be class i: no item is of a class beyond them."""
    known = {None, *(str(row) for row in range(classes))}
    beyond = set(columns["label"].to_pylist()) - known if "label" in columns else set()
    if beyond:
        options.warn(
            f"{len(beyond):,} ground-truth classes ({name_some(sorted(beyond))}) are beyond the {classes:,} "
            "rows of text_adapted, so that its rows are other classes than 0, 1, 2 …, and it has no label; "
            "import the class texts from the file that holds select_HOI_index, which says what each row is"
        )
    return not beyond


def _class_texts(mapping: Mapping[str, Any], stem: str, source: str) -> Incoming:
    vectors = as_matrix(mapping["embeddings"], "embeddings", source)
    index = [scalar(number) for number in list(mapping["select_HOI_index"])]
    if len(index) < len(vectors) and _zero_but(vectors, index):
        vectors = vectors[np.array(index, np.int64)]
    if len(index) != len(vectors):
        raise VectorError(
            f"one class in select_HOI_index for each of the {len(vectors):,} embeddings of {source}",
            f"{len(index):,}",
            "extract the class texts again",
        )
    rest = {key: value for key, value in mapping.items() if key != "select_HOI_index"}
    extra = {
        key: to_column(value, key)
        for key, value in rest.items()
        if isinstance(value, list | tuple) and len(value) == len(vectors) and key not in ("id", "label")
    }
    about = _about({key: value for key, value in rest.items() if key not in extra}, {})
    return Incoming(stem, vectors, {**_classes(index), **extra}, "embeddings", {}, about)


def _zero_but(vectors: Any, index: Sequence[Any]) -> bool:
    """A table of all classes, whose rows are zero where a class was not selected."""
    if not all(isinstance(row, int) and 0 <= row < len(vectors) for row in index):
        return False
    rest = np.ones(len(vectors), bool)
    rest[np.array(index, np.int64)] = False
    return not np.any(vectors[rest])


def _text_mean(mapping: Mapping[str, Any], stem: str) -> Incoming:
    mean = as_vectors(mapping["text_mean"])
    vectors = np.asarray([]) if mean is None else mean.reshape(1, -1) if mean.ndim == 1 else mean
    columns = {"id": to_column(["text_mean"], "id")} if len(vectors) == 1 else {}
    return Incoming(stem, vectors, columns, "text_mean", {}, _about(mapping, {}))


def _classes(numbers: Sequence[Any]) -> dict[str, Any]:
    labels = [str(number) for number in numbers]
    ids, _ = unique_ids(f"class-{label}" for label in labels)
    return to_columns({"id": ids, "label": labels})


def _pairs(metadata: Any, n: int, source: str) -> tuple[dict[str, Any], list[str]]:
    """Item columns of human-object pairs: unique id, image_id, label where there is one truth.

    ``gt_hoi`` may be a class or a list of classes; the older extraction wrote the list of the whole
    image at each of its pairs. The label is the class when the list names exactly one; with several
    it stays empty, since choosing one would invent a truth. ``gt_hoi`` itself is kept as text.
    """
    if metadata is None:
        return {}, [f"{source} has no metadata: ids are row numbers, there are no labels and no images"]
    if isinstance(metadata, Mapping):
        raw = {str(key): list(values) for key, values in metadata.items()}
    else:
        raw = columns_of_records(list(metadata), f"the metadata of {source}")
    lengths = {key: len(values) for key, values in raw.items()} or {"metadata": 0}
    if set(lengths.values()) != {n}:
        wrong = {key: length for key, length in lengths.items() if length != n}
        raise VectorError(
            f"metadata of {n:,} entries in {source}, one for each vector",
            name_some(f"{length:,} ({key})" for key, length in wrong.items()),
            "extract vectors and metadata of the same pairs again",
        )
    notes: list[str] = []
    ids, repeats = unique_ids(_pair_ids(raw, n))
    if repeats:
        notes.append(f"{repeats:,} ids repeat (same image and pair) and got a suffix ~2, ~3, …")
    columns: dict[str, Any] = {"id": to_column(ids, "id")}
    if "gt_hoi" in raw:
        truths = [_truths(value) for value in raw["gt_hoi"]]
        labels = [next(iter(truth)) if len(truth) == 1 else None for truth in truths]
        columns["label"] = to_column(labels, "label")
        several, none = sum(len(truth) > 1 for truth in truths), sum(not truth for truth in truths)
        if several or none:
            notes.append(
                f"label: {n - several - none:,} of {n:,} rows have one ground-truth class; {several:,} have "
                f"several and {none:,} none, so their label is empty and measures that need the truth leave "
                "them out"
            )
    for key, values in raw.items():
        target = key if key not in columns else f"{key}_original"
        if key.startswith("gt_"):
            columns[target] = to_column(json_lines(values), key)
        else:
            columns[target] = to_column(values, key)
    if CLUSTER in columns:
        columns[CLUSTER] = to_column(
            [None if image is None else str(scalar(image)) for image in raw[CLUSTER]], CLUSTER
        )
    return columns, notes


def _pair_ids(raw: Mapping[str, list[Any]], n: int) -> list[str]:
    images = [str(scalar(image)) for image in raw.get(CLUSTER, [""] * n)]
    if "pair_idx" in raw:
        parts = [str(scalar(pair)) for pair in raw["pair_idx"]]
    elif "human_idx" in raw and "object_idx" in raw:
        parts = [f"{scalar(h)}-{scalar(o)}" for h, o in zip(raw["human_idx"], raw["object_idx"], strict=True)]
    else:
        seen: dict[str, int] = {}
        parts = []
        for image in images:
            parts.append(str(seen.get(image, 0)))
            seen[image] = seen.get(image, 0) + 1
    return [f"{image}#{part}" for image, part in zip(images, parts, strict=True)]


def _truths(value: Any) -> list[str]:
    """The distinct classes of one row, in order."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    many = value if isinstance(value, list | tuple | set | frozenset) else [value]
    named = (str(scalar(truth)) for truth in many if not is_missing(truth))
    return list(dict.fromkeys(named))


def _stale_rows(vectors: NDArray[Any], columns: Mapping[str, Any]) -> int:
    """Rows that equal the same pair of the preceding image, bit for bit."""
    if CLUSTER not in columns or len(vectors) < 2:
        return 0
    images = np.array(columns[CLUSTER].to_pylist(), object)
    starts = np.flatnonzero(np.r_[True, images[1:] != images[:-1]])
    ends = np.r_[starts[1:], len(images)]
    stale = 0
    for (first, middle), (start, end) in zip(
        zip(starts[:-1], ends[:-1], strict=True), zip(starts[1:], ends[1:], strict=True), strict=True
    ):
        if end - start == middle - first and np.array_equal(vectors[first:middle], vectors[start:end]):
            stale += int(end - start)
    return stale


def _about(mapping: Mapping[str, Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says about itself; ``cluster`` is the column whose rows are not independent."""
    rows = {"visual_before", "visual_after", "text_adapted", "embeddings", "metadata", "text_mean"}
    about = {key: as_json(value) for key, value in mapping.items() if key not in rows}
    return {**({"metadata": about} if about else {}), **({"cluster": CLUSTER} if CLUSTER in columns else {})}
