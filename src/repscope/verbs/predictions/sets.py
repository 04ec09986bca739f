"""Predicted and target features as sets of a study, for ``compare``, ``drift`` and the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from repscope.errors import ExistsError
from repscope.extraction.run.extract import Prepared
from repscope.study import Study
from repscope.study.names import check_name
from repscope.verbs.predictions.options import PredictionsOptions
from repscope.verbs.predictions.tally import Tally

KINDS = ("predicted", "target")


def set_names(study: str | Path | Study, prefix: str | None, *, overwrite: bool) -> Study:
    """The study, if it has no sets of the names yet.

    Raises:
        NameNotAllowedError: the prefix cannot be a name.
        ExistsError: it has.
    """
    opened = study if isinstance(study, Study) else Study(study)
    first = check_name(_name(prefix, KINDS[0], 0))
    if first in opened and not overwrite:
        raise ExistsError(
            f"a study without a set {first!r}",
            f"there is one in {opened.path}",
            "give --as NAME, or --overwrite",
        )
    return opened


def keep_sets(
    study: Study, tally: Tally, begun: Prepared, options: PredictionsOptions, command: str
) -> tuple[str, ...]:
    """Write a set of predictions and one of targets a level: a row an image, the mean over what is hidden.

    Returns:
        Their names.

    Raises:
        ExistsError, StorageError: see :meth:`repscope.study.Study.add`.
    """
    part, loaded = begun.parts[0], begun.model
    columns = {
        name: [one.columns.get(name) for one in tally.items] for name in part.source.columns if name != "id"
    }
    about: dict[str, Any] = {
        "source": part.source.to_json(),
        "model": {**loaded.record, **loaded.identity},
        "preprocessing": part.transform(loaded).to_json(),
        "masks": {"sampler": tally.sampler, "seed": options.seed},
    }
    if command:
        about["command"] = command
    written = []
    for level in range(len(tally.scores[0])):
        for kind in KINDS:
            rows = np.stack([getattr(each[level], kind) for each in tally.scores])
            name = _name(options.as_, kind, level)
            study.add(
                name,
                rows,
                {"id": [one.id for one in tally.items], **columns},
                provenance={**about, "capture": {"features": kind, "level": level}},
                overwrite=options.overwrite,
            )
            written.append(name)
    return tuple(written)


def _name(prefix: str | None, kind: str, level: int) -> str:
    return f"{prefix + '.' if prefix else ''}{kind}.{level}"
