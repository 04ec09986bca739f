"""What a pickle may say about pandas: frames and series of plain columns, which become a :class:`Frame`.

Nothing of pandas runs, nor need it be installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from repscope.formats.pickles.machine import Constructor, Pending


@dataclass(frozen=True)
class Frame:
    """A table out of a pickle.

    Attributes:
        columns: name and values of each column, in order.
        index: the same of each level of the index; none where it only counts.
        n: rows.
    """

    columns: tuple[tuple[str, Any], ...]
    index: tuple[tuple[str, Any], ...]
    n: int


@dataclass(frozen=True)
class _Index:
    """Labels of rows or columns: names and values of its levels, and whether it only counts from 0."""

    names: tuple[str | None, ...]
    levels: tuple[Sequence[Any], ...]
    counted: bool = False

    def labels(self) -> list[str]:
        if len(self.levels) == 1:
            return [str(label) for label in self.levels[0]]
        return ["_".join(map(str, parts)) for parts in zip(*self.levels, strict=True)]


@dataclass(frozen=True)
class _Block:
    values: Any
    places: Sequence[int]


@dataclass(frozen=True)
class _Manager:
    blocks: tuple[_Block, ...]
    axes: tuple[_Index, ...]


class _Built(Pending):
    """A value whose state arrives with BUILD and is given to a function."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[object], object]) -> None:
        self.make = make

    def build(self, state: object) -> object:
        return self.make(state)


def _later(make: Callable[[object], object]) -> Callable[..., object]:
    return lambda *_: _Built(make)


def _state(state: object, *keys: str) -> list[Any]:
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], dict):
        state = state[0]
    if not isinstance(state, dict) or not all(key in state for key in keys):
        raise TypeError(f"a pandas object without {', '.join(keys)}")
    return [state[key] for key in keys]


def _manager(blocks: object = None, axes: object = None, *_: object) -> object:
    if blocks is None:
        return _Built(_older_manager)
    if isinstance(blocks, _Block):
        blocks = (blocks,)
    if isinstance(axes, _Index):
        axes = [axes]
    if not isinstance(blocks, tuple | list) or not all(isinstance(block, _Block) for block in blocks):
        raise TypeError("a frame without blocks")
    if not isinstance(axes, list | tuple) or not all(isinstance(axis, _Index) for axis in axes):
        raise TypeError("a frame without axes")
    return _Manager(tuple(blocks), tuple(axes))


def _older_manager(state: object) -> object:
    """Before pandas 1.3: (…, {"0.14.1": {"axes": …, "blocks": [{"values": …, "mgr_locs": …}, …]}})."""
    if (
        not isinstance(state, tuple)
        or not state
        or not isinstance(state[-1], dict)
        or "0.14.1" not in state[-1]
    ):
        raise TypeError("a frame of an unknown version of pandas")
    axes, blocks = _state(state[-1]["0.14.1"], "axes", "blocks")
    made = [_Block(*_placed(*_state(block, "values", "mgr_locs"))) for block in blocks]
    return _manager(tuple(made), axes)


def _block(values: object, places: object, *_: object) -> _Block:
    return _Block(*_placed(values, places))


def _placed(values: Any, places: object) -> tuple[Any, Sequence[int]]:
    if isinstance(places, slice):
        start, stop, step = places.start or 0, places.stop, places.step or 1
        if type(start) is not int or type(stop) is not int or type(step) is not int:
            raise TypeError("columns at no number")
        return values, range(start, stop, step)
    if isinstance(places, np.ndarray) and places.dtype.kind in "iu" and places.ndim == 1:
        return values, places.tolist()
    raise TypeError("columns at no number")


def _placement(places: object = None, *_: object) -> object:
    return places


def _new_index(kind: object, state: object) -> _Index:
    if not isinstance(kind, Constructor) or not isinstance(state, dict):
        raise TypeError("an index without a kind")
    if kind.name == "RangeIndex":
        start, stop, step = _state(state, "start", "stop", "step")
        if not all(type(number) is int for number in (start, stop, step)) or not step:
            raise TypeError("an index from no number to no number")
        return _Index((_name(state.get("name")),), (range(start, stop, step),), start == 0 and step == 1)
    if kind.name == "MultiIndex":
        levels, names = _state(state, "levels", "names")
        codes = state.get("codes", state.get("labels"))
        if not isinstance(codes, list | tuple) or len(codes) != len(levels):
            raise TypeError("an index without codes")
        parts = tuple(_chosen(_values(level), code) for level, code in zip(levels, codes, strict=True))
        return _Index(tuple(_name(name) for name in names), parts)
    (data,) = _state(state, "data")
    return _Index((_name(state.get("name")),), (_values(data),))


def _name(name: object) -> str | None:
    return None if name is None else str(name)


def _values(data: Any) -> Any:
    if isinstance(data, _Index) and len(data.levels) == 1:
        return data.levels[0]
    if isinstance(data, np.ndarray) and data.ndim == 1:
        return data.tolist() if data.dtype.kind == "O" else data
    if isinstance(data, list):
        return data
    raise TypeError("an index without values")


def _chosen(values: Sequence[Any], codes: Any) -> list[Any]:
    found = np.asarray(codes if isinstance(codes, np.ndarray | list) else _values(codes))
    if found.dtype.kind not in "iu" or (found.size and (found.max() >= len(values) or found.min() < -1)):
        raise ValueError("codes of no category")
    return [None if code < 0 else values[code] for code in found.tolist()]


def _backed(kind: object, *_: object) -> object:
    """An array of pandas around one of numpy: categories, texts, dates."""
    if not isinstance(kind, Constructor):
        raise TypeError("an array without a kind")

    def build(state: object) -> object:
        parts = state if isinstance(state, tuple) else ()
        data = next((part for part in parts if isinstance(part, np.ndarray)), None)
        if data is None:
            raise TypeError("an array of pandas without one of numpy")
        if kind.name == "Categorical":
            categories = next((part for part in parts if isinstance(part, _Index)), None)
            if categories is None:
                raise TypeError("categories without names")
            return np.array([*_chosen(categories.levels[0], data.reshape(-1)), None], object)[:-1]
        return data

    return _Built(build)


def _masked(state: object) -> object:
    """Numbers or truths of which some are missing."""
    data, mask = _state(state, "_data", "_mask")
    if not isinstance(data, np.ndarray) or not isinstance(mask, np.ndarray) or data.shape != mask.shape:
        raise TypeError("an array of pandas without its mask")
    cells = data.astype(object)
    cells[mask.astype(bool)] = None
    return cells


def _categories(state: object) -> object:
    (categories,) = _state(state, "categories")
    if not isinstance(categories, _Index):
        raise TypeError("categories without names")
    return categories


def _frame(state: object) -> Frame:
    manager = state.get("_mgr", state.get("_data")) if isinstance(state, dict) else None
    if not isinstance(manager, _Manager) or len(manager.axes) != 2:
        raise TypeError("a frame without its columns")
    names, rows = manager.axes[0].labels(), manager.axes[1]
    n = len(rows.levels[0])
    columns: dict[int, Any] = {}
    for block in manager.blocks:
        values = np.asarray(block.values)
        for at, place in enumerate(block.places):
            column = values if values.ndim == 1 else values[at]
            if column.shape != (n,) or place in columns:
                raise ValueError("a column of another length than the index")
            columns[place] = column
    if sorted(columns) != list(range(len(names))):
        raise ValueError("a frame whose blocks are not its columns")
    return Frame(tuple((names[at], columns[at]) for at in range(len(names))), _rows(rows), n)


def _series(state: object) -> Frame:
    manager = state.get("_mgr", state.get("_data")) if isinstance(state, dict) else None
    if not isinstance(manager, _Manager) or len(manager.axes) != 1 or len(manager.blocks) != 1:
        raise TypeError("a series without its values")
    rows = manager.axes[0]
    values = np.asarray(manager.blocks[0].values).reshape(-1)
    name = state.get("_name", state.get("name")) if isinstance(state, dict) else None
    if len(values) != len(rows.levels[0]):
        raise ValueError("a series of another length than its index")
    return Frame(((str(name) if name is not None else "vector", values),), _rows(rows), len(values))


def _rows(index: _Index) -> tuple[tuple[str, Any], ...]:
    if index.counted:
        return ()
    named = zip(index.names, index.levels, strict=True)
    return tuple((name or f"__index_level_{at}__", values) for at, (name, values) in enumerate(named))


def pandas_names() -> dict[tuple[str, str], object]:
    """Allowed globals of pandas, by exact (module, name)."""
    arrays, internals = "pandas.core.arrays", "pandas._libs.internals"
    calls: dict[tuple[str, str], Callable[..., object]] = {
        ("pandas.core.frame", "DataFrame"): _later(_frame),
        ("pandas.core.series", "Series"): _later(_series),
        ("pandas.core.indexes.base", "_new_Index"): _new_index,
        ("pandas.core.indexes.datetimes", "_new_DatetimeIndex"): _new_index,
        (internals, "_unpickle_block"): _block,
        (internals, "BlockPlacement"): _placement,
        ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"): _backed,
        ("pandas.core.dtypes.dtypes", "CategoricalDtype"): _later(_categories),
        (f"{arrays}.integer", "IntegerArray"): _later(_masked),
        (f"{arrays}.floating", "FloatingArray"): _later(_masked),
        (f"{arrays}.boolean", "BooleanArray"): _later(_masked),
        (f"{arrays}.string_", "StringDtype"): _later(lambda _: None),
        (f"{arrays}.boolean", "BooleanDtype"): _later(lambda _: None),
    }
    for module in ("pandas.core.internals.managers", internals):
        for name in ("BlockManager", "SingleBlockManager"):
            calls[module, name] = _manager
    for size in (8, 16, 32, 64):
        calls[f"{arrays}.integer", f"Int{size}Dtype"] = _later(lambda _: None)
        calls[f"{arrays}.integer", f"UInt{size}Dtype"] = _later(lambda _: None)
        calls[f"{arrays}.floating", f"Float{size}Dtype"] = _later(lambda _: None)
    names: dict[tuple[str, str], object] = {key: Constructor(*key, call) for key, call in calls.items()}
    inert = [
        ("pandas.core.indexes.base", "Index"),
        ("pandas.core.indexes.range", "RangeIndex"),
        ("pandas.core.indexes.datetimes", "DatetimeIndex"),
        ("pandas.core.indexes.multi", "MultiIndex"),
        ("pandas.core.indexes.numeric", "Int64Index"),
        ("pandas.core.indexes.numeric", "UInt64Index"),
        ("pandas.core.indexes.numeric", "Float64Index"),
        (f"{arrays}.categorical", "Categorical"),
        (f"{arrays}.string_", "StringArray"),
        (f"{arrays}.datetimes", "DatetimeArray"),
        (f"{arrays}.numpy_", "NumpyExtensionArray"),
    ]
    names.update({key: Constructor(*key) for key in inert})
    names["pandas._libs.missing", "NA"] = None
    names["pandas._libs.tslibs.nattype", "_nat_unpickle"] = Constructor(
        "pandas._libs.tslibs.nattype", "_nat_unpickle", lambda *_: None
    )
    return names
