"""The catalogue of bridges for readers: lines of a terminal, a table of the documentation, JSON values."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from repscope.errors import RepscopeError
from repscope.transform.catalogue import MethodInfo, method, methods
from repscope.verbs.bridge.params import parameters_of

LEARNS = {
    "nothing": "nothing",
    "source": "the rows moved",
    "target": "the rows moved towards",
    "unpaired": "both, without pairs",
    "paired": "pairs",
}
"""What a method learns from, in words."""

WIDTH = 100


def methods_lines(all_of_them: Sequence[MethodInfo]) -> list[str]:
    """One block a method, for a terminal."""
    wide = max(len(one.name) for one in all_of_them)
    learns = max(map(len, LEARNS.values()))
    lines = []
    for one in all_of_them:
        back = "invertible" if one.invertible else ""
        lines.append(
            f"{one.name:<{wide}}  {LEARNS[one.learns_from]:<{learns}}  {back:<10}  {one.cost}".rstrip()
        )
        lines += textwrap.wrap(
            one.when, WIDTH, initial_indent=" " * (wide + 2), subsequent_indent=" " * (wide + 2)
        )
    return lines


def method_lines(one: MethodInfo) -> list[str]:
    """One method with its parameters and their defaults."""
    lines = [
        one.name,
        f"  when        {one.when}",
        f"  learns from {LEARNS[one.learns_from]}; a class text may stand for many items"
        if one.by_class
        else f"  learns from {LEARNS[one.learns_from]}",
        f"  cost        {one.cost}",
        f"  invertible  {'yes' if one.invertible else 'no'}",
        f"  in Python   rs.bridges.{one.class_name}",
    ]
    if one.paper:
        lines.append(f"  paper       {one.paper}")
    lines += ["", *(f"  --param {name}={_shown(value)}" for name, value in parameters_of(one.name).items())]
    return lines


def methods_record(name: str | None = None) -> Any:
    """JSON values: one method with its parameters, or all without."""
    if name is None:
        return [_json(one) for one in methods()]
    return {**_json(method(name)), "params": parameters_of(name)}


def methods_markdown() -> str:
    """The table of the documentation."""
    lines = [
        "| method | learns from | invertible | cost (N rows of width D) | choose it |",
        "|---|---|---|---|---|",
    ]
    for one in methods():
        when = f"{one.when}<br>*{one.paper}*" if one.paper else one.when
        back = "yes" if one.invertible else "no"
        lines.append(f"| `{one.name}` | {LEARNS[one.learns_from]} | {back} | {one.cost} | {when} |")
    return "\n".join(lines)


def _json(one: MethodInfo) -> dict[str, Any]:
    record = one.to_json()
    try:
        one.load()
        record["available"], record["why"] = True, ""
    except RepscopeError as error:
        record["available"], record["why"] = False, error.do
    return record


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return "[" + ",".join(map(_shown, value)) + "]" if isinstance(value, list | tuple) else str(value)
