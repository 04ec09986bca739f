"""The options of ``extract``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common.model_options import ModelOptions, of_model, of_run
from repscope.verbs.common.options import REQUIRED, option


@dataclass(frozen=True, kw_only=True)
class ExtractOptions(ModelOptions):
    """The options of ``repscope extract``."""

    replayed = (
        "study model source_kind path_column id_column text_column images regions templates array id_rule "
        "items encoding weights weights_key weights_prefix capture name pool resize crop mean std "
        "interpolation device dtype autocast limit batch_size shard_rows workers seed strict"
    )

    study: Path = option(REQUIRED, "Folder of the study; made if it is not there.")
    capture: tuple[str, ...] = of_model(
        (),
        "A module's input or output becomes a set. Repeatable; * is a glob; @K is the K-th call; "
        "without it, the model's own output.",
        metavar="MODULE[:input|output][=SET]",
        repeated=True,
    )
    name: str | None = of_model(None, "Name of the only set.", "--as", metavar="SET")
    pool: str | None = of_model(None, "How tokens become rows.", metavar="cls|mean|max|last|tokens|none")
    strict: bool = of_run(
        False, "Stop at an unreadable image, or at rows that depend on their batch or on chance."
    )
    overwrite: bool = of_run(False, "Replace sets of these names; each stays until the new one is whole.")
    shard_rows: int = of_run(1024, "Images committed at a time.")
    dry_run: bool = of_run(
        False,
        "Show what would be extracted, and save the first batch as a contact sheet; write no set.",
        shell=True,
    )
    out: Path | None = of_run(
        None,
        "Of the contact sheet of --dry-run: contact_sheet.png if not given.",
        metavar="FILE.png",
        shell=True,
    )
