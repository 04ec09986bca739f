"""Capture points: which module, its input or its output, which call, and the set it fills."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from repscope.errors import InputError, ModelError, name_some
from repscope.study.names import check_name, safe_name
from repscope.text.json_record import JsonRecord

Side = Literal["input", "output"]
Pool = Literal["cls", "mean", "max", "last", "tokens", "none"]

POOLS: tuple[Pool, ...] = get_args(Pool)
FORM = "MODULE[:input|output][:cls|mean|max|last|tokens|none][:batchAXIS][@CALL][=SET]"


@dataclass(frozen=True)
class CapturePoint(JsonRecord, keys="module side key call"):
    """One place in a model whose tensors become rows of one set.

    Attributes:
        module: path as in ``named_modules()``; ``""`` is the whole model. ``*`` stands for anything
            within one name and ``**`` for any number of names, so ``layer*`` or ``encoder.layer.*``.
        side: what goes into the module, or what comes out.
        key: which part of a tuple, dict or keyword arguments: an index or a name; "" for the first
            tensor (``last_hidden_state`` where there is one).
        call: which call within one forward pass, counted from 0; None when there is only one.
        pool: how its tensor becomes rows; None for the run's own choice.
        name: the set to fill; "" for one made from the module's path.
        batch: the axis whose entries are the items; 1 of sequence-first blocks [T, B, D].
    """

    module: str
    side: Side = "output"
    key: str = ""
    call: int | None = None
    pool: Pool | None = None
    name: str = ""
    batch: int = 0

    def __str__(self) -> str:
        key = f".{self.key}" if self.key else ""
        batch = f":batch{self.batch}" if self.batch else ""
        call = "" if self.call is None else f"@{self.call}"
        return f"{self.module}:{self.side}{key}{batch}{call}"

    @property
    def is_glob(self) -> bool:
        """Whether the path may stand for several modules."""
        return "*" in self.module

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        axis = {"batch_axis": self.batch} if self.batch else {}
        return {"point": str(self), **super().to_json(), **axis}


def parse_point(text: str) -> CapturePoint:
    """Read ``MODULE[:input|output][:POOL][:batchAXIS][@CALL][=SET]``, such as ``adapter:input=before``.

    ``:batch1`` says that the second axis holds the items, as in sequence-first blocks.
    ``:output.pooler_output`` or ``:input.1`` picks one part of a tuple, dict or of keyword arguments.

    Raises:
        InputError: the text is not of that form.
        NameNotAllowedError: SET is not a name for a set.
    """
    head, equals, name = text.partition("=")
    module, *fields = head.strip().split(":")
    point = CapturePoint("", name=check_name(name) if equals and "*" not in name else name)
    for position, field in enumerate((module, *fields)):
        plain, call = _split_call(field, text)
        if call is not None:
            point = replace(point, call=call)
        side, _, key = plain.partition(".")
        if position == 0:
            point = replace(point, module=plain)
        elif side in get_args(Side):
            point = replace(point, side=cast(Side, side), key=key)
        elif axis := re.fullmatch(r"batch(\d)", plain):
            point = replace(point, batch=int(axis[1]))
        elif plain in POOLS:
            point = replace(point, pool=plain)
        else:
            raise InputError(
                f"a capture point {FORM}", repr(text), f"correct {plain!r}, for example adapter:input=before"
            )
    return point


def as_points(capture: str | Iterable[str | CapturePoint] | Mapping[str, str]) -> list[CapturePoint]:
    """Capture points from texts, ready-made points, or a mapping of set name to point.

    Raises:
        InputError, NameNotAllowedError: as :func:`parse_point`.
    """
    if isinstance(capture, Mapping):
        return [replace(parse_point(point), name=check_name(name)) for name, point in capture.items()]
    listed = [capture] if isinstance(capture, str) else list(capture)
    return [point if isinstance(point, CapturePoint) else parse_point(point) for point in listed]


def resolve_points(
    points: Sequence[CapturePoint], modules: Sequence[str], default: str = "model"
) -> list[CapturePoint]:
    """Expand globs against the model's module names, and give every point the name of its set.

    Args:
        points: as the user gave them.
        modules: the model's module paths, "" for the model itself.
        default: set name of the whole model's output.

    Returns:
        One point for each module that matches, in the model's order within a glob.

    Raises:
        ModelError: a path matches nothing (the nearest are named).
        InputError: two points would fill one set.
    """
    resolved: list[CapturePoint] = []
    for point in points:
        matches = _matches(point.module, modules)
        if not matches:
            raise _no_such_module(point.module, modules)
        if point.is_glob and point.name and "*" not in point.name and len(matches) > 1:
            raise InputError(
                f"a set for each of the {len(matches)} modules that {point.module!r} matches",
                f"one name, {point.name!r}",
                f"put a * in the name, for example ={point.name}_*",
            )
        for module, part in matches:
            name = (
                point.name.replace("*", part)
                if point.name
                else _default_name(replace(point, module=module), default)
            )
            resolved.append(replace(point, module=module, name=check_name(name)))
    taken: dict[str, CapturePoint] = {}
    for point in resolved:
        if point.name in taken:
            raise InputError(
                "a set of its own for each capture point",
                f"{taken[point.name]} and {point}, both for set {point.name!r}",
                "give each its name, for example adapter:input=before adapter:output=after",
            )
        taken[point.name] = point
    return resolved


def _split_call(field: str, text: str) -> tuple[str, int | None]:
    plain, at, call = field.partition("@")
    if not at:
        return plain, None
    if not call.isdecimal():
        raise InputError(
            f"a capture point {FORM} with a call counted from 0", repr(text), "write for example block@0"
        )
    return plain, int(call)


def _matches(pattern: str, modules: Sequence[str]) -> list[tuple[str, str]]:
    """Modules that a path or glob names, each with the text that its stars stand for."""
    if "*" not in pattern:
        return [(pattern, "")] if pattern in modules else []
    parts = re.split(r"(\*\*|\*)", pattern)
    expression = "".join(
        r"(.*)" if part == "**" else r"([^.]*)" if part == "*" else re.escape(part) for part in parts
    )
    matches = [(module, re.fullmatch(expression, module)) for module in modules if module]
    return [(module, ".".join(match.groups())) for module, match in matches if match]


def _default_name(point: CapturePoint, default: str) -> str:
    base = safe_name(point.module) if point.module else default
    key = f".{point.key}" if point.key else ""
    side = ".input" if point.side == "input" else ""
    call = "" if point.call is None else f"@{point.call}"
    return f"{base}{side}{key}{call}"


def _no_such_module(path: str, modules: Sequence[str]) -> ModelError:
    named = [module for module in modules if module]
    near = difflib.get_close_matches(path, named, n=5, cutoff=0.4)
    last = path.rpartition(".")[2]
    near += [module for module in named if module.rpartition(".")[2] == last and module not in near]
    if near:
        do = f"choose one of {name_some(near)}"
    else:
        do = f"choose one of {name_some([module for module in named if '.' not in module], 12)}"
    return ModelError(
        "a capture point that names a module of the model", f"{path!r}, which matches nothing", do
    )
