"""A set into a file of another format, whole or not at all."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from repscope.errors import InputError
from repscope.formats.destination import check_destination, open_destination
from repscope.formats.detect import holds_export
from repscope.formats.remote import is_url
from repscope.formats.tables.write import write_csv, write_tsv
from repscope.formats.write import target_for
from repscope.study import Study
from repscope.study.together import replace_together
from repscope.text.json_record import JsonRecord

SAFE = {"csv": write_csv, "tsv": write_tsv}
"""Formats that a spreadsheet opens."""


@dataclass(frozen=True)
class Exported(JsonRecord, schema="repscope.export/1"):
    """What an export wrote.

    Attributes:
        study: folder that the set is from.
        name, n, d, dtype, columns, fingerprint: of the set.
        format: of the files.
        to: the file, folder or URL.
        files: everything that was written: ``to``, and a companion where the format has one.
        bytes: of all of them; None behind a URL.
        notes: what the person who exports should know.
    """

    study: str
    name: str
    n: int
    d: int
    dtype: str
    columns: tuple[str, ...]
    fingerprint: str
    format: str
    to: str
    files: tuple[str, ...]
    bytes: int | None
    notes: tuple[str, ...]

    def __str__(self) -> str:
        size = "" if self.bytes is None else f", {self.bytes:,} bytes"
        return (
            f"{self.name}: {self.n:,} × {self.d} {self.dtype} → {', '.join(self.files)} ({self.format}{size})"
        )


def export(
    study: str | Path | Study,
    name: str,
    to: str | Path,
    *,
    as_format: str | None = None,
    safe_csv: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write one set of a study to a file, a folder or a URL in another format.

    Vectors keep their dtype where the format has it. ``repscope import`` reads every format back with
    the same ids and vectors.

    Args:
        study: the study, or its folder.
        name: of a complete set.
        to: path or fsspec URL; its ending says the format.
        as_format: name of the format, where the ending does not say it; see
            :data:`repscope.formats.write.TARGETS`.
        safe_csv: of csv and tsv: put an apostrophe before texts that a spreadsheet would run as a formula.
        overwrite: replace what is there. A folder is only replaced if it is an earlier export.

    Raises:
        MissingError: no such study or set.
        IncompleteSetError, CorruptError: the set was never finished, or its bytes are not what was written.
        UnknownNameError, InputError: see :func:`repscope.formats.write.target_for`; item columns that
            the format cannot hold; a target inside the study.
        ExistsError: something is there.
        DependencyError: the format needs a package that is missing.
        StorageError: the disk or the other side refuses.
    """
    opened = Study.open(study)
    embeddings = opened.open_sets([name])[name]
    location = str(to)
    target = target_for(location, as_format)
    _refuse_inside(opened, location)
    write = target.write
    if safe_csv:
        if target.name not in SAFE:
            raise InputError(f"--safe-csv with {' or '.join(SAFE)}", target.name, "leave --safe-csv out")
        write = partial(SAFE[target.name], safe=True)
    places = [(location, write, target.folder)]
    if target.write_companion is not None:
        places.append((_beside(location, target.companion), target.write_companion, False))
    files = tuple(where for where, _, _ in places)
    notes: list[str] = []
    with ExitStack() as stack:
        if len(places) > 1 and not is_url(location):
            # Vectors never stand beside the items of other vectors.
            local = [Path(where).expanduser() for where in files]
            for place in local:
                check_destination(place, folder=False, overwrite=overwrite)
            room = stack.enter_context(replace_together(local[0].parent, local[0].name, lambda: ()))
            places = [(str(room / Path(where).name), write, folder) for where, write, folder in places]
        for where, write, folder in places:
            path = stack.enter_context(
                open_destination(
                    where,
                    folder=folder,
                    overwrite=overwrite,
                    replaceable=lambda found: holds_export(found, target.name),
                )
            )
            notes += write(embeddings, path)
    return Exported(
        study=str(opened.path),
        name=embeddings.name,
        n=embeddings.n,
        d=embeddings.d,
        dtype=embeddings.dtype.name,
        columns=tuple(embeddings.columns),
        fingerprint=embeddings.fingerprint,
        format=target.name,
        to=location,
        files=files,
        bytes=None if is_url(location) else sum(map(_size, files)),
        notes=tuple(notes),
    )


def _beside(location: str, ending: str) -> str:
    head, dot, _ = location.rpartition(".")
    return (head if dot and "/" not in location[len(head) :] else location) + ending


def _refuse_inside(study: Study, location: str) -> None:
    """A file among a study's own would be taken for damage."""
    if is_url(location):
        return
    sets = (study.path / "sets").resolve()
    if Path(location).expanduser().resolve().is_relative_to(sets):
        raise InputError(
            "a place outside the study's sets", f"{location}", f"choose another folder than {sets}"
        )


def _size(location: str) -> int:
    path = Path(location).expanduser()
    return (
        sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
        if path.is_dir()
        else path.stat().st_size
    )
