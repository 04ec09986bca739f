"""Which columns of a table are the vectors.

In this order:

1. what ``--vectors`` names: a column of vectors, or what numbered columns have in common; without it
   ``vector``, if there is one;
2. the only column of lists of numbers (in text: any form that
   :func:`~repscope.formats.tables.cells.parse_cell` reads), or the only run of numbered columns; of several
   the only one of floats, the only one that is called like vectors, or one that is :data:`WIDER` times as
   wide as any other, which is said;
3. where no column seems to hold vectors in a form that is not read, all floating columns that are not ids or
   labels, if there are two or more (a note lists them).

Anything else is an error that names the candidates, or the column and one of its cells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, UnknownNameError, name_some
from repscope.formats.incoming import ReadOptions, called_like_vectors, choose
from repscope.formats.outgoing import VECTOR
from repscope.formats.tables.byte_cells import base64_floats
from repscope.formats.tables.cells import SAMPLE, as_lists, first_list, looks_like_vectors, unread
from repscope.formats.tables.runs import Run, find_runs

if TYPE_CHECKING:
    import pyarrow as pa

WIDER = 8
"""Of two candidates, one that is this many times as wide holds the vectors."""

SURE = 16
"""Numbered columns that outweigh a column in a form that is not read."""

NOT_VECTORS = ("id", "ids", "label", "labels")
_NUMERAL = re.compile(r"\s*[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?\s*")
_THOUSANDS = re.compile(r"\s*[+-]?\d{1,3}(?:,\d{3})+\s*")


@dataclass(frozen=True)
class Chosen:
    """The columns of the vectors.

    Attributes:
        key: what they are called.
        names: the columns; one of lists, text or bytes, or several of numbers.
        notes: what the person who imports should know.
        insisted: they were named by the person, or are our own: whole numbers are vectors.
    """

    key: str
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    insisted: bool = False


@dataclass(frozen=True)
class _Candidate:
    key: str
    names: tuple[str, ...]
    floating: bool
    width: int
    run: Run | None = None

    @property
    def called(self) -> bool:
        return called_like_vectors(self.key)


def choose_columns(table: pa.Table, source: str, options: ReadOptions) -> Chosen:
    """The columns of the vectors, by the rules at the top of this module.

    Raises:
        FormatError: none, or several sets of columns, could be the vectors.
        UnknownNameError: ``options.vectors`` names none.
    """
    runs = find_runs(table.column_names)
    if options.vectors:
        return _named(table, runs, options.vectors, source, options)
    candidates = _candidates(table, runs, source)
    if own := next((one for one in candidates if one.key == VECTOR), None):
        return _taken(own, source, insisted=True)
    if options.vectors_dtype and (held := _of_bytes(table)):
        _only_one(held, source)
        return Chosen(held[0], (held[0],))
    best, notes = _best(candidates, source)
    unreadable = _unreadable(table, candidates)
    if best and not (unreadable and best.width < SURE and not best.called):
        return _taken(best, source, notes)
    if unreadable:
        name, cell = unreadable
        raise _unread(table, name, cell, source)
    _refuse_thousands(table, runs, source)
    kept = {*NOT_VECTORS, options.ids, options.labels}
    floats = [name for name in table.column_names if _is_float(table, name) and name not in kept]
    if len(floats) > 1:
        said = f"vectors are the {len(floats)} floating columns {name_some(floats, 8)}"
        return Chosen("floating columns", tuple(floats), (said,))
    raise FormatError(
        f"vectors in {source}: a column of lists, numbered columns (x0, x1, …), or floating columns",
        f"columns {name_some(f'{field.name} ({field.type})' for field in table.schema)}",
        "name the column or the prefix with --vectors; a table without vectors goes to --items",
    )


def _named(table: pa.Table, runs: dict[str, Run], wanted: str, source: str, options: ReadOptions) -> Chosen:
    if wanted in table.column_names and (
        as_lists(table.column(wanted))
        or first_list(table.column(wanted), 2)
        or _is_bytes(table, wanted)
        or (options.vectors_dtype and _texts(table, wanted))
    ):
        if _is_bytes(table, wanted) and not options.vectors_dtype:
            raise _unread(table, wanted, looks_like_vectors(table.column(wanted)), source)
        return Chosen(wanted, (wanted,), insisted=True)
    if wanted in table.column_names and wanted not in runs:
        cell = next((value for value in table.column(wanted)[:SAMPLE].to_pylist() if value is not None), None)
        raise _unread(table, wanted, str(cell), source)
    meant = [run for run in runs.values() if wanted in run.spellings]
    exact = [run for run in meant if run.key == wanted] or meant
    if len(exact) > 1:
        _only_one([run.key for run in exact], source)
    if not exact:
        lists = [name for name in table.column_names if _list_candidate(table, name)]
        choose(wanted, [*lists, *runs], "--vectors", source)
        raise UnknownNameError(f"{wanted!r} in {source}", "something else", "choose another with --vectors")
    run = exact[0]
    _refuse_twins(run, source)
    return Chosen(run.key, run.names, run.notes(), insisted=True)


def _candidates(table: pa.Table, runs: dict[str, Run], source: str) -> list[_Candidate]:
    lists = [one for name in table.column_names if (one := _list_candidate(table, name))]
    numbered = []
    for run in runs.values():
        members = tuple(name for name in run.names if _is_number(table, name))
        if 2 * len(members) < len(run.names) or len(members) < 2:
            continue
        names = tuple(name for name in run.names if name in members or _meant_as_number(table, name))
        floating = any(not _is_whole(table, name) for name in names)
        numbered.append(_Candidate(run.key, names, floating, len(names), run))
    return [*lists, *numbered]


def _list_candidate(table: pa.Table, name: str) -> _Candidate | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.column(name)
    if found := as_lists(column):
        lists = found[0]
        width = pc.max(pc.list_value_length(lists)).as_py() or 0
        return _Candidate(name, (name,), pa.types.is_floating(lists.type.value_type), width)
    numbers = first_list(column, 2 if called_like_vectors(name) else 3)
    if not numbers:
        return None
    text = next(value for value in column[:SAMPLE].to_pylist() if value)
    floating = any(isinstance(number, float) for number in numbers) and bool(re.search(r"[.eEn]", text))
    # Without brackets only floats are beyond doubt: "10 20 30 40" is a box, a date, a list of codes.
    if not floating and text.strip()[0] not in "[({<" and not called_like_vectors(name):
        return None
    return _Candidate(name, (name,), floating, len(numbers))


def _best(candidates: Sequence[_Candidate], source: str) -> tuple[_Candidate | None, tuple[str, ...]]:
    """The one that holds the vectors, and which others there are."""
    left = [one for one in candidates if one.floating] or list(candidates)
    if len(left) > 1 and (called := [one for one in left if one.called]):
        left = called
    if len(left) > 1:
        widest = max(left, key=lambda one: one.width)
        if all(one is widest or widest.width >= WIDER * one.width for one in left):
            left = [widest]
    if len(left) > 1 and (proper := [one for one in left if not one.run or one.run.proper]):
        # A pair such as top_1, top_5 is no rival of numbered columns without a gap.
        rivals = [one for one in left if one not in proper]
        if all(one.width <= 3 for one in rivals):
            left = proper
    if not left:
        return None, ()
    _only_one([one.key for one in left], source)
    others = [one.key for one in candidates if one is not left[0] and one.floating]
    said = (
        (f"vectors are {left[0].key!r}; {name_some(others)} could be too, see --vectors",) if others else ()
    )
    return left[0], said


def _taken(one: _Candidate, source: str, notes: tuple[str, ...] = (), *, insisted: bool = False) -> Chosen:
    run = one.run
    if run is None:
        return Chosen(one.key, one.names, notes, insisted)
    _refuse_twins(run, source)
    if run.divided:
        raise FormatError(
            f"one run of numbered columns called {run.key!r} in {source}",
            f"{len(run.names):,} columns whose numbers lie far apart ({run.names[0]} … {run.names[-1]})",
            f"take all of them with --vectors {run.key}, or rename those that are no part of the vectors",
        )
    left = [name for name in run.names if name not in one.names]
    said = (f"{name_some(left)} hold text and stay columns",) if left else ()
    return Chosen(one.key, one.names, (*notes, *run.notes(), *said), insisted)


def _refuse_twins(run: Run, source: str) -> None:
    if run.twins:
        raise FormatError(
            f"one column for each number of {run.key!r} in {source}",
            f"{name_some(run.twins)}, which have the same",
            "rename the columns that are no part of the vectors",
        )


def _only_one(keys: Sequence[str], source: str) -> None:
    if len(keys) > 1:
        raise FormatError(
            f"one column (or run of columns) of vectors in {source}",
            f"{len(keys)}: {name_some(map(repr, keys))}",
            f"choose with --vectors {keys[0]}",
        )


def _of_bytes(table: pa.Table) -> list[str]:
    """The columns of bytes; where there are none, of base64."""
    names = table.column_names
    texts = (name for name in names if base64_floats(_texts(table, name)))
    return [name for name in names if _is_bytes(table, name)] or list(texts)


def _is_bytes(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    kind = table.column(name).type
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _unreadable(table: pa.Table, candidates: Sequence[_Candidate]) -> tuple[str, str] | None:
    """The first column that seems to hold vectors in a form that is not read, and one of its cells."""
    read = {name for one in candidates for name in one.names}
    rest = [name for name in table.column_names if name not in read]
    found = ((name, looks_like_vectors(table.column(name))) for name in rest)
    return next(((name, cell) for name, cell in found if cell), None)


def _unread(table: pa.Table, name: str, cell: str, source: str) -> FormatError:
    if _is_bytes(table, name):
        return FormatError(
            f"the type of the numbers in the column of bytes {name!r} of {source}",
            cell or "bytes of different lengths",
            f"name it, for example: --vectors {name} --vectors-dtype float32",
        )
    if base64_floats(_texts(table, name)):
        return FormatError(
            f"the type of the numbers in {name!r} of {source}, which are written as base64",
            cell,
            f"name it, for example: --vectors {name} --vectors-dtype float32",
        )
    return unread(name, source, cell)


def _refuse_thousands(table: pa.Table, runs: dict[str, Run], source: str) -> None:
    for run in runs.values():
        for name in run.names:
            cells = _texts(table, name)
            if cells and all(_THOUSANDS.fullmatch(cell) for cell in cells):
                raise FormatError(
                    f"numbers in column {name!r} of {source}",
                    f"{cells[0]!r}, where the comma may stand before decimals or thousands",
                    "write the numbers with a decimal point",
                )


def _texts(table: pa.Table, name: str) -> list[str]:
    """The first cells of a column of text that hold anything."""
    import pyarrow as pa

    kind = table.column(name).type
    if not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
        return []
    return [value for value in table.column(name)[:SAMPLE].to_pylist() if value]


def _is_float(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_floating(table.column(name).type))


def _is_whole(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(table.column(name).type) or pa.types.is_null(table.column(name).type))


def _is_number(table: pa.Table, name: str) -> bool:
    """Numbers, or text that is nothing but numbers: with decimal commas, or in a column of text."""
    if _is_float(table, name) or _is_whole(table, name):
        return True
    cells = _texts(table, name)
    return (
        bool(cells)
        and all(_NUMERAL.fullmatch(cell) for cell in cells)
        and not all(_THOUSANDS.fullmatch(cell) for cell in cells)
    )


def _meant_as_number(table: pa.Table, name: str) -> bool:
    """Text most of which is numbers: a cell of it is wrong, which reading it will say."""
    cells: list[Any] = _texts(table, name)
    return 2 * sum(bool(_NUMERAL.fullmatch(cell)) for cell in cells) >= len(cells) > 0
