"""One door for all formats out: :data:`TARGETS`, :func:`target_for`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from repscope.errors import InputError, UnknownNameError
from repscope.formats.arrays.write import write_npy, write_npz, write_safetensors
from repscope.formats.external.annotated import write_h5ad
from repscope.formats.external.atlas import write_atlas
from repscope.formats.external.fiftyone import write_samples
from repscope.formats.external.huggingface import write_dataset
from repscope.formats.external.projector import write_projector
from repscope.formats.remote import is_url
from repscope.formats.tables.write import write_arrow, write_csv, write_items, write_parquet, write_tsv
from repscope.study import EmbeddingSet

Writer = Callable[[EmbeddingSet, Path], tuple[str, ...]]
"""Writes a set to a path of its own; returns what the person who exports should know."""


@dataclass(frozen=True)
class Target:
    """A format that sets can be exported to.

    Attributes:
        name: of the format, as in ``--format``.
        suffixes: endings of file names that mean it.
        write: the writer.
        what: one line for the list of formats.
        folder: it is a folder of files.
        fits: endings of file names that it may have besides, when asked for by name.
        companion: ending of a second file, written by ``write_companion``, or "".
    """

    name: str
    suffixes: tuple[str, ...]
    write: Writer
    what: str
    folder: bool = False
    fits: tuple[str, ...] = ()
    companion: str = ""
    write_companion: Writer | None = None


TARGETS = {
    target.name: target
    for target in (
        Target("parquet", (".parquet", ".pq"), write_parquet, "item columns and a list column `vector`"),
        Target("arrow", (".arrow", ".feather"), write_arrow, "the same, as Arrow IPC (Feather)"),
        Target("npz", (".npz",), write_npz, "`vectors` and one array for each item column, no pickle"),
        Target(
            "npy",
            (".npy",),
            write_npy,
            "the vectors alone; the items beside them in NAME.items.parquet",
            companion=".items.parquet",
            write_companion=write_items,
        ),
        Target("csv", (".csv",), write_csv, "item columns, then `vector_0 vector_1 …`"),
        Target("tsv", (".tsv",), write_tsv, "the same, tab-separated"),
        Target("safetensors", (".safetensors",), write_safetensors, "`vectors` and item columns as tensors"),
        Target("h5ad", (".h5ad",), write_h5ad, "AnnData: `X` and `obs`"),
        Target("hf", (), write_dataset, "a Hugging Face dataset, as save_to_disk writes it", folder=True),
        Target("projector", (), write_projector, "TensorBoard's projector", folder=True),
        Target("fiftyone", (".json",), write_samples, "FiftyOne-style samples"),
        Target("atlas", (), write_atlas, "parquet for Embedding Atlas", fits=(".parquet", ".pq")),
    )
}


def target_for(location: str, wanted: str | None = None) -> Target:
    """The format that was asked for, else the one that the file name's ending means.

    Raises:
        UnknownNameError: no such format.
        InputError: the ending means none, or another one.
    """
    if wanted is not None and wanted not in TARGETS:
        raise UnknownNameError(f"a format ({', '.join(TARGETS)})", repr(wanted), "choose one with --format")
    last = location.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] if is_url(location) else location
    suffix = Path(last).suffix.lower()
    meant = [target for target in TARGETS.values() if suffix in target.suffixes]
    if wanted is None:
        if not meant:
            endings = " ".join(ending for target in TARGETS.values() for ending in target.suffixes)
            raise InputError(
                f"a file name that ends in one of {endings}",
                f"{location!r}",
                f"add the ending, or choose with --format ({', '.join(TARGETS)})",
            )
        return meant[0]
    if meant and meant[0].name != wanted and suffix not in TARGETS[wanted].fits:
        raise InputError(
            f"a file name that fits --format {wanted}",
            f"{location!r}, which ends like {meant[0].name}",
            "leave --format out, or end the name otherwise",
        )
    return TARGETS[wanted]
