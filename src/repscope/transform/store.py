"""STUDY/transforms: fitted bridges by name, each with the record of its fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import ExistsError, FormatError, MissingError, RepscopeError, name_some
from repscope.study import Study
from repscope.study.names import check_name, inside, is_name
from repscope.study.provenance import as_json
from repscope.study.storage import TEMPORARY, json_hash, storage_errors
from repscope.text.json_record import JsonRecord
from repscope.transform import bridges
from repscope.transform.files import CONFIG, read_config

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

_STEP = re.compile(r"step-(\d{8,})\.safetensors")

FIT = "fit"
"""Key of a bridge's provenance under which the study's record of the fit stands."""


@dataclass(frozen=True)
class SavedBridge(JsonRecord, keys="name method params fingerprint width_in width_out warnings provenance"):
    """A bridge of a study, without its weights.

    Attributes:
        name: in the study.
        folder: its files.
        method: in the catalogue.
        params: its constructor's arguments.
        fingerprint: hash of its method, parameters, widths and weights.
        width_in, width_out: of the rows.
        warnings: why the fit should not be trusted.
        provenance: what it was fitted on; ``fit`` holds the rule of the held-out rows and the cost.
    """

    name: str
    folder: Path
    method: str
    params: Mapping[str, Any]
    fingerprint: str
    width_in: int
    width_out: int
    warnings: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def fit(self) -> Mapping[str, Any]:
        """The study's record of the fit; {} for a bridge that came from elsewhere."""
        found: Mapping[str, Any] = self.provenance.get(FIT) or {}
        return found

    @property
    def imported(self) -> bool:
        """Trained elsewhere, on rows that this study does not know."""
        return "imported" in self.fit

    def load(self) -> Bridge:
        """The bridge with its weights.

        Raises:
            FormatError: the files are damaged.
        """
        return bridges.load(self.folder)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**super().to_json(), "problem": None}


def transform_folder(study: Study, name: str) -> Path:
    """Folder of a bridge, whether it exists or not.

    Raises:
        NameNotAllowedError: the name, or a symbolic link, leads out of the study.
    """
    return inside(study.path, study.path / "transforms" / check_name(name, "bridge"))


def transforms(study: Study) -> list[str]:
    """Names of all bridges of a study, sorted."""
    folder = study.path / "transforms"
    with storage_errors(folder, "read"):
        if not folder.is_dir():
            return []
        names = [path.name for path in folder.iterdir() if (path / CONFIG).is_file()]
    return sorted(name for name in names if is_name(name) and not name.endswith(TEMPORARY))


def refuse_taken(study: Study, name: str, overwrite: bool) -> Path:
    """The folder for a new bridge.

    Raises:
        ExistsError: the name is taken, and overwriting was not asked for.
    """
    folder = transform_folder(study, name)
    if folder.exists() and not overwrite:
        raise ExistsError(
            f"a free name for the bridge {name!r}",
            f"a bridge of that name in {study.path}",
            "choose another name with --as, or pass --overwrite",
        )
    return folder


def keep(bridge: Bridge, study: Study, name: str, fit: Mapping[str, Any], *, overwrite: bool) -> SavedBridge:
    """Save a fitted bridge into a study, whole or not at all.

    Raises:
        ExistsError: see :func:`refuse_taken`.
        StorageError: the disk refuses.
    """
    folder = refuse_taken(study, name, overwrite)
    study.create()
    bridge.provenance_ = {**bridge.provenance_, FIT: as_json(dict(fit), f"record of the fit of {name!r}")}
    bridge.save_pretrained(folder)
    return stored(study, name)


def stored(study: Study, name: str) -> SavedBridge:
    """A bridge of a study.

    Raises:
        MissingError: there is none of that name.
        FormatError: its files are damaged.
    """
    folder = transform_folder(study, name)
    if not (folder / CONFIG).is_file():
        known = transforms(study)
        raise MissingError(
            f"a bridge named {name!r} in study {study.path}",
            "no such bridge",
            f"choose one of {name_some(known, 12)}"
            if known
            else f"fit one: repscope bridge fit {study.path} --source S --target T --method M --as {name}",
        )
    config = read_config(folder)
    return SavedBridge(
        name=folder.name,
        folder=folder,
        method=config["method"],
        params=config["params"],
        fingerprint=fingerprint_of(config),
        width_in=config["n_features_in"],
        width_out=config["n_features_out"],
        warnings=tuple(str(text) for text in config.get("warnings", ())),
        provenance=dict(config.get("provenance") or {}),
    )


def fingerprint_of(config: Mapping[str, Any]) -> str:
    """Hash of what a saved bridge does: method, parameters, widths and weights; 32 hexadecimal digits.

    Raises:
        FormatError: the config does not name its weights.
    """
    keys = ("method", "params", "n_features_in", "n_features_out", "weights_sha256")
    if not config.get("weights_sha256"):
        raise FormatError("the checksum of a bridge's weights", "none", "fit the bridge again")
    return json_hash([config[key] for key in keys])[:32]


def describe_transforms(study: Study) -> list[dict[str, Any]]:
    """Every bridge of a study as JSON values; one that cannot be read has a ``problem``."""
    records = []
    for name in transforms(study):
        try:
            records.append(stored(study, name).to_json())
        except RepscopeError as error:
            problem = {"expected": error.expected, "got": error.got, "do": error.do}
            records.append({"name": name, "method": "", "fingerprint": "", "problem": problem})
    return records


def unfinished_trainings(study: Study) -> list[tuple[str, int]]:
    """Name and newest step of each training that was killed, or runs now: its checkpoints are still there."""
    folder = study.path / "transforms"
    with storage_errors(folder, "read"):
        if not folder.is_dir():
            return []
        places = sorted(one for one in folder.glob(".*.training") if one.is_dir())
        return [(place.name[1:].rsplit(".", 2)[0], _newest_step(place)) for place in places]


def _newest_step(place: Path) -> int:
    found = (_STEP.fullmatch(path.name) for path in place.iterdir())
    return max((int(match[1]) for match in found if match), default=0)
