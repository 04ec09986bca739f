"""Files into sets: read everything, check everything, only then write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import (
    CorruptError,
    ExistsError,
    InputError,
    LinkError,
    RepscopeError,
    VectorError,
    name_some,
)
from repscope.formats import Incoming, Reading, ReadOptions, read_sets
from repscope.formats.blocks import scan, stored_blocks
from repscope.formats.detect import is_binary
from repscope.formats.incoming import (
    Notify,
    check_keys,
    name_columns,
    split_stacked,
    warn_user,
    with_usual_ids,
)
from repscope.formats.items_file import join_items, read_items
from repscope.formats.remote import content_hash, is_url, local_copy, name_of
from repscope.study import Manifest, Skipped, Study
from repscope.study.items import as_items
from repscope.study.names import check_name, safe_name
from repscope.study.provenance import command, describe_environment
from repscope.study.storage import json_hash
from repscope.study.study import SHARD_ROWS
from repscope.text.json_record import JsonRecord

if TYPE_CHECKING:
    import pyarrow as pa

INVALID = "NaN or Inf in the vector"
ZERO = "a zero vector has no direction"


@dataclass(frozen=True)
class ImportedSet(JsonRecord):
    """One set that an import wrote.

    Attributes:
        name, n, d, dtype, fingerprint, columns: as in its manifest.
        trusted_pickle: it came from a pickle whose code was trusted.
        source, format, key: file, what its content is, where inside it the vectors were.
        skipped: rows left out because they were not finite, or zero.
        notes: what the person who imports should know.
        found_complete: the set was there whole, made by the same import, so nothing was done for it.
    """

    name: str
    n: int
    d: int
    dtype: str
    fingerprint: str
    columns: tuple[str, ...]
    trusted_pickle: bool
    source: str
    format: str
    key: str
    skipped: int
    notes: tuple[str, ...]
    found_complete: bool = False

    def __str__(self) -> str:
        skipped = f"  ({self.skipped:,} rows left out)" if self.skipped else ""
        size = f"{self.n:>9,} × {self.d:<5} {self.dtype:<8}"
        return f"{self.name:<24} {size} {', '.join(self.columns)}{skipped}"


@dataclass(frozen=True)
class _File:
    """A file that was read."""

    source: str
    sha256: str
    reading: Reading


@dataclass(frozen=True)
class _Found:
    """A set, and the file it is from."""

    file: _File
    one: Incoming


@dataclass(frozen=True)
class _Planned(_Found):
    """A set that passed every check."""

    recipe: str
    provenance: dict[str, Any]
    table: pa.Table
    rows: NDArray[np.int64] | None
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


def import_files(
    files: Sequence[str | Path],
    study: str | Path | Study,
    *,
    names: str | None = None,
    vectors: str | None = None,
    ids: str | None = None,
    labels: str | None = None,
    items: str | Path | None = None,
    drop_invalid: bool = False,
    overwrite: bool = False,
    trust_pickle: bool = False,
    vectors_dtype: str | None = None,
    encoding: str | None = None,
    decentre: str | None = None,
    warn: Notify = warn_user,
) -> list[ImportedSet]:
    """Write the embedding sets of some files into a study.

    Every file is read and every set checked before the first is written. An import that was
    interrupted is continued by the same call; one that was finished does nothing.

    Args:
        files: paths or fsspec URLs; the format is found by content.
        study: the study, or its folder; created if there is none.
        names: comma-separated names, one for each set; for one K×N×D array also a common prefix.
        vectors: key, column or prefix of the vectors; several comma-separated for several sets.
        ids: key or column of the ids.
        labels: key or column of the labels.
        items: a table of item columns, joined by ``id`` where both have one, else row by row.
        drop_invalid: leave rows with NaN, Inf or only zeros out and record them, instead of refusing.
        overwrite: replace sets of the same names.
        trust_pickle: let a pickle that asks for code run it. Only for files whose every possible
            writer is trusted; recorded in the provenance.
        vectors_dtype: type of the numbers in a column of bytes.
        decentre: "text": add the mean of the texts to the rows of an older pipeline that stored them without.
        encoding: of text files, ``items`` too, that are not UTF-8, nor begin with a mark of UTF-16 or UTF-32.
        warn: takes lines that somebody must see; warnings by default.

    Returns:
        The sets, in order: written, or found complete.

    Raises:
        MissingError, FormatError, UnsafePickleError, UnknownNameError: see
            :func:`repscope.formats.read_sets`.
        VectorError: vectors that no set may hold; rows that are not finite.
        InputError: ids that repeat; names that do not fit the sets.
        ExistsError: a name is taken.
        StorageError: the disk refuses; a note says what was written before.
    """
    if decentre not in (None, "text"):
        raise InputError("text, whose mean is added again", repr(decentre), "write --decentre text")
    opened = study if isinstance(study, Study) else Study(study)
    options = ReadOptions(
        vectors,
        ids,
        labels,
        trust_pickle,
        warn,
        vectors_dtype=vectors_dtype,
        encoding=encoding,
        decentre=decentre,
    )
    with ExitStack() as stack:
        table, about_items = _items(stack, items, options)
        found = _name([_read(stack, str(file), options, table is not None) for file in files], names)
        if table is not None:
            found = _join(found, table, str(items), options)
        planned = [_plan(one, options, about_items, drop_invalid) for one in found]
        return _write(opened, planned, _finished(opened, planned, overwrite, warn), overwrite)


def _items(
    stack: ExitStack, items: str | Path | None, options: ReadOptions
) -> tuple[dict[str, pa.Array] | None, dict[str, str]]:
    if items is None:
        return None, {}
    path = stack.enter_context(local_copy(str(items)))
    table = read_items(path, options.ids, options.encoding)
    return table, {"items": _location(str(items)), "items_sha256": content_hash(path)}


def _read(stack: ExitStack, source: str, options: ReadOptions, items: bool) -> _File:
    path = stack.enter_context(local_copy(source))
    if items and options.encoding and path.is_file() and is_binary(path):
        # Then it is that of the items.
        options = replace(options, encoding=None)
    reading = read_sets(path, name_of(source), options)
    return _File(source, content_hash(path), reading)


def _name(files: Sequence[_File], names: str | None) -> list[_Found]:
    """Split stacked arrays, and give every set its name.

    Raises:
        InputError: another number of names than sets, or a name twice.
        NameNotAllowedError: a name that cannot be a folder.
    """
    given = [name.strip() for name in names.split(",")] if names is not None else []
    whole = [_Found(file, one) for file in files for one in file.reading.sets]
    prefix = given[0] if len(given) == len(whole) == 1 else None
    found: list[_Found] = []
    for each in whole:
        named = replace(each.one, name=safe_name(each.one.name) if prefix is None else check_name(prefix))
        found += [_Found(each.file, part) for part in split_stacked(named, len(given))]
    if given and prefix is None:
        if len(given) != len(found):
            raise InputError(
                f"{len(found)} names, comma-separated, one for each set "
                f"({name_some(each.one.name for each in found)})",
                f"{len(given)} in --as {names}",
                "give one name for each, or leave --as out",
            )
        found = [
            _Found(each.file, replace(each.one, name=check_name(name)))
            for each, name in zip(found, given, strict=True)
        ]
    _refuse_twins(found)
    return found


def _refuse_twins(found: Sequence[_Found]) -> None:
    taken: dict[str, str] = {}
    for each in found:
        key = each.one.name.casefold()
        if key in taken:
            raise InputError(
                "sets of different names",
                f"{each.one.name!r} twice (from {taken[key]} and {each.file.source})",
                "name them with --as a,b,…",
            )
        taken[key] = each.file.source


def _join(
    found: Sequence[_Found], table: Mapping[str, pa.Array], items: str, options: ReadOptions
) -> list[_Found]:
    """The sets with the item columns. A set that they do not fit keeps what it has; one must fit."""
    joined: list[_Found] = []
    refusals: list[RepscopeError] = []
    for each in found:
        one = each.one
        check_keys(one, table, options)
        own_ids, own_labels = _present(one, options)
        own = replace(one, columns=name_columns(one.columns, own_ids, own_labels))
        other = name_columns(table, None if own_ids else options.ids, None if own_labels else options.labels)
        try:
            own = join_items(own, other, items)
        except (VectorError, LinkError) as error:
            refusals.append(error)
            own = replace(own, notes=(*own.notes, f"{items} does not fit and was left out: {error.got}"))
        joined.append(replace(each, one=own))
    if len(refusals) == len(found):
        raise refusals[0]
    return joined


def _plan(each: _Found, options: ReadOptions, about_items: Mapping[str, str], drop_invalid: bool) -> _Planned:
    """Check vectors and items, and work out everything that will be written."""
    one, file = each.one, each.file
    try:
        if not about_items:
            check_keys(one, (), options)
        finite, zero = scan(one, drop_invalid)
        named, from_column = name_columns(one.columns, *_present(one, options)), ""
        if not options.ids:
            named, from_column = with_usual_ids(named)
        table = as_items(named, one.n, one.name)
    except RepscopeError as error:
        if file.source not in str(error):
            error.add_note(f"in {file.source}")
        raise
    if zero.any() and not drop_invalid:
        options.warn(
            f"set {one.name!r} has {int(zero.sum()):,} zero vectors in {one.n:,} rows; they have no "
            "direction, and measures that use cosine will refuse them; leave them out with --drop-invalid"
        )
    keep = finite & ~zero if drop_invalid else finite
    bad = np.flatnonzero(~keep)
    left_out = [f"{key} ({what})" for key, what in one.left_out.items()]
    origin = {
        "source": _location(file.source),
        "source_sha256": file.sha256,
        "format": file.reading.format,
        "key": one.key,
        "trusted_pickle": file.reading.trusted_pickle,
        **about_items,
        **one.provenance,
    }
    decides = [
        file.sha256,
        one.key,
        options.ids,
        options.labels,
        about_items.get("items_sha256"),
        drop_invalid,
        *([options.vectors_dtype, options.encoding] if options.vectors_dtype or options.encoding else []),
        *([f"decentre {options.decentre}"] if options.decentre else []),
    ]
    said = [f"ids are those of {from_column!r}"] if from_column else []
    return _Planned(
        file,
        one,
        recipe=f"import:{json_hash([*decides, SHARD_ROWS])}",
        provenance=origin,
        table=table,
        rows=np.flatnonzero(keep) if len(bad) else None,
        skipped=tuple(
            Skipped(name, ZERO if zero[row] else INVALID)
            for row, name in zip(bad, table.column("id").take(bad).to_pylist(), strict=True)
        ),
        notes=(*one.notes, *said, *([f"not imported: {name_some(left_out)}"] if left_out else [])),
    )


def _present(one: Incoming, options: ReadOptions) -> tuple[str | None, str | None]:
    """The chosen keys of ids and labels, where the set itself has them."""
    return (
        options.ids if options.ids in one.columns else None,
        options.labels if options.labels in one.columns else None,
    )


def _finished(opened: Study, planned: list[_Planned], overwrite: bool, warn: Notify) -> set[str]:
    """Names of the sets that the same import finished before.

    Raises:
        ExistsError: a name is taken by something else.
    """
    if overwrite:
        return set()
    there = {one.one.name: manifest for one in planned if (manifest := _manifest(opened, one.one.name))}
    same = {
        one.one.name for one in planned if one.one.name in there and there[one.one.name].recipe == one.recipe
    }
    for name, manifest in there.items():
        if name in same:
            continue
        state = "a complete set" if manifest.complete else "an interrupted set from something else"
        raise ExistsError(
            f"a free name for the set {name!r}",
            f"{state} of {manifest.n:,} rows in {opened.folder(name)}",
            "choose another name with --as, or pass --overwrite",
        )
    finished = {name for name in same if there[name].complete}
    if len(finished) == len(planned):
        warn("already there, made by this same import; nothing to do")
        return finished
    for name in sorted(finished):
        warn(
            f"set {name!r} is there already, from the same file; it is kept and the import continues after it"
        )
    return finished


def _manifest(opened: Study, name: str) -> Manifest | None:
    try:
        return opened.manifest(name) if name in opened else None
    except CorruptError as error:
        error.add_note("pass --overwrite to replace it")
        raise


def _write(opened: Study, planned: list[_Planned], finished: set[str], overwrite: bool) -> list[ImportedSet]:
    environment = describe_environment()
    written: list[ImportedSet] = []
    for plan in planned:
        try:
            if plan.one.name not in finished:
                _write_one(opened, plan, environment, overwrite)
        except RepscopeError as error:
            if before := [one.name for one in written if not one.found_complete]:
                error.add_note(f"written before that: {name_some(before)}")
            raise
        manifest = opened.manifest(plan.one.name)
        written.append(
            ImportedSet(
                name=manifest.name,
                n=manifest.n,
                d=manifest.d,
                dtype=manifest.dtype,
                fingerprint=manifest.fingerprint,
                columns=tuple(manifest.columns),
                trusted_pickle=plan.file.reading.trusted_pickle,
                source=plan.provenance["source"],
                format=plan.file.reading.format,
                key=plan.one.key,
                skipped=len(plan.skipped),
                notes=plan.notes,
                found_complete=plan.one.name in finished,
            )
        )
    return written


def _write_one(opened: Study, plan: _Planned, environment: Mapping[str, Any], overwrite: bool) -> None:
    table = plan.table if plan.rows is None else plan.table.take(plan.rows)
    with opened.writer(
        plan.one.name,
        recipe=plan.recipe,
        resume=command(),
        provenance={**environment, **plan.provenance},
        overwrite=overwrite,
    ) as writer:
        for start, block in stored_blocks(plan.one.vectors, plan.rows, SHARD_ROWS, writer.rows_committed):
            skipped = plan.skipped if not writer.shards_committed else ()
            writer.write_shard(block, table.slice(start, len(block)), skipped=skipped)
        writer.finish()


def _location(source: str) -> str:
    """The source as it is recorded: absolute, and without bytes that UTF-8 cannot hold."""
    where = source if is_url(source) else str(Path(source).expanduser().resolve())
    return where.encode("utf-8", "backslashreplace").decode()
