"""Upstream's Oscar-style caption pickle, and the means that its bridge subtracts.

``oscar_split_{model}_{split}.pkl``: ``{images: {id: {img_path, embed [1, D]}}, captions: {id: {caption,
img_id, embed [1, D]}}}``; ``normalized_{text,image}_embed_mean.pkl``: one [1, D] array.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from repscope.errors import FormatError, name_some
from repscope.formats.columns import columns_of_records, to_column, to_columns
from repscope.formats.incoming import Incoming, ReadOptions
from repscope.formats.loose.shapes import as_matrix
from repscope.formats.plain import scalar

_NAMES = {"img_path": "path", "caption": "text", "img_id": "image_id", "id": "id_original"}
_FILE = re.compile(r"oscar_split_(?P<model>.+)_(?P<split>[^_]+)")
_MEAN = re.compile(r"normalized_(text|image)_embed_mean")


def read_oscar(
    images: Mapping[Any, Any], captions: Mapping[Any, Any], stem: str, source: str, options: ReadOptions
) -> list[Incoming]:
    """The sets ``images`` and ``captions``, linked by ``image_id``; captions of one image are a cluster.

    Raises:
        FormatError: entries without a vector.
        VectorError: vectors of other shapes.
    """
    named = _FILE.fullmatch(stem)
    about = {"metadata": named.groupdict()} if named else {}
    sets = [
        _entries(entries, name, source, {**about, "cluster": "image_id"})
        for name, entries in (("images", images), ("captions", captions))
    ]
    known = set(sets[0].columns["id"].to_pylist())
    orphans = {image for image in sets[1].columns["image_id"].to_pylist() if image not in known}
    if orphans:
        options.warn(
            f"captions of {source} name {len(orphans):,} images that it does not hold "
            f"({name_some(sorted(map(str, orphans)))}); measures that need the link leave their captions out"
        )
    return sets


def _entries(entries: Mapping[Any, Any], name: str, source: str, provenance: Mapping[str, Any]) -> Incoming:
    """{id: {embed [1, D], img_path | caption, img_id}} as a set."""
    records = columns_of_records(list(entries.values()), f"{name} of {source}")
    if "embed" not in records:
        raise FormatError(
            f"'embed' in each entry of {name!r} in {source}",
            name_some(records) or "no entries",
            "extract them again",
        )
    vectors = as_matrix(records.pop("embed"), f"embed of {name}", source)
    ids = [str(scalar(key)) for key in entries]
    columns: dict[str, Any] = {"id": ids, **{_NAMES.get(key, key): values for key, values in records.items()}}
    links = columns.get("image_id", ids)
    # As text, so that 7 and "7" are one image.
    columns["image_id"] = [None if link is None else str(scalar(link)) for link in links]
    return Incoming(
        name,
        vectors,
        to_columns(columns),
        name,
        provenance=provenance,
    )


def read_mean(array: NDArray[Any], stem: str) -> Incoming | None:
    """The one row of a mean's file, with the id ``text_mean`` or ``image_mean``; None for any other file."""
    named = _MEAN.fullmatch(stem)
    if named is None or array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[0] != 1):
        return None
    row = f"{named[1]}_mean"
    return Incoming(stem, array.reshape(1, -1), {"id": to_column([row], "id")}, row)
