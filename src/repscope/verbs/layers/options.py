"""The options of ``layers``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class LayersOptions(Options):
    """The options of ``repscope layers``."""

    weights: Path | None = option(None, shared.WEIGHTS)
    weights_key: str | None = option(None, "As for extract.", metavar="KEY")
    weights_prefix: str | None = option(None, "As for extract.", metavar="TEXT")
    resize: str | None = option(None, "Of the trial image, as for extract; the model's own.")
    crop: str | None = option(None, "Of the trial image; the model's own, or 224 where it has none.")
    device: str | None = option(None, shared.DEVICE)
    seed: int = shared.SEED()
