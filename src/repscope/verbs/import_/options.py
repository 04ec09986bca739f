"""The options of ``import``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common.options import REQUIRED, Options, option


@dataclass(frozen=True, kw_only=True)
class ImportOptions(Options):
    """The options of ``repscope import``."""

    study: Path = option(REQUIRED, "Folder of the study; created if there is none.", "--study -s")
    names: str | None = option(
        None, "Names of the sets; by default the files' names.", "--as", metavar="SET[,SET…]"
    )
    vectors: str | None = option(None, "Key, column or column prefix of the vectors.", metavar="KEY")
    vectors_dtype: str | None = option(
        None, "Type of the numbers in a column of bytes or base64: float32, float16, …", metavar="DTYPE"
    )
    encoding: str | None = option(
        None, "Of text files, --items too; UTF-8, and UTF-16 by its mark, are found.", metavar="NAME"
    )
    ids: str | None = option(None, "Key or column of the ids.", metavar="KEY")
    labels: str | None = option(None, "Key or column of the labels.", metavar="KEY")
    items: str | None = option(
        None,
        "Table of item columns (csv, json, parquet): joined by id, else row by row.",
        metavar="FILE",
    )
    decentre: str | None = option(
        None,
        "Of an older pipeline's pickle: add the mean of the texts to visual_after again.",
        metavar="text",
    )
    drop_invalid: bool = option(False, "Leave rows with NaN, Inf or only zeros out, and record them.")
    trust_pickle: bool = option(False, "DANGEROUS: run the code that a pickle asks for; recorded.")
    overwrite: bool = option(False, "Replace sets of the same names; each stays until the new one is whole.")
