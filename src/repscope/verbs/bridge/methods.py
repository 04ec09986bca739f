"""The catalogue of bridges for readers: lines of a terminal, a table of the documentation, JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repscope.errors import RepscopeError
from repscope.text.display import wrap
from repscope.text.tables import WIDTH, table
from repscope.transform.catalogue import MethodInfo, method, methods
from repscope.verbs.bridge.params import explanations_of, parameters_of

LEARNS = {
    "nothing": "nothing",
    "source": "the rows moved",
    "target": "the rows moved towards",
    "unpaired": "both, without pairs",
    "paired": "pairs",
}
"""What a method learns from, in words."""


def methods_lines(all_of_them: Sequence[MethodInfo]) -> list[str]:
    """One block a method, for a terminal."""
    indent = " " * (max(len(info.name) for info in all_of_them) + 2)
    rows = [
        (info.name, LEARNS[info.learns_from], "invertible" if info.invertible else "", info.cost)
        for info in all_of_them
    ]
    below = [wrap(info.when, WIDTH, first=indent) for info in all_of_them]
    return table((), rows, left=range(4), below=below, width=None)


def method_lines(info: MethodInfo) -> list[str]:
    """One method with its parameters and their defaults."""
    lines = [
        info.name,
        f"  when        {info.when}",
        f"  learns from {LEARNS[info.learns_from]}; a class text may stand for many items"
        if info.by_class
        else f"  learns from {LEARNS[info.learns_from]}",
        f"  cost        {info.cost}",
        f"  invertible  {'yes' if info.invertible else 'no'}",
        f"  in Python   rs.bridges.{info.class_name}",
    ]
    if info.paper:
        lines.append(f"  paper       {info.paper}")
    lines.append("")
    explained = explanations_of(info.name)
    for name, value in parameters_of(info.name).items():
        lines.append(f"  --param {name}={_shown(value)}")
        if name in explained:
            lines += wrap(explained[name].replace("``", ""), WIDTH, first=" " * 6)
    return lines


def methods_record(name: str | None = None) -> Any:
    """JSON values: one method with its parameters, or all without."""
    if name is None:
        return [_json(info) for info in methods()]
    return {**_json(method(name)), "params": parameters_of(name), "explained": explanations_of(name)}


def methods_markdown() -> str:
    """The table of the documentation."""
    lines = [
        "| method | learns from | invertible | cost (N rows of width D) | choose it |",
        "|---|---|---|---|---|",
    ]
    for info in methods():
        when = f"{info.when}<br>*{info.paper}*" if info.paper else info.when
        back = "yes" if info.invertible else "no"
        lines.append(f"| `{info.name}` | {LEARNS[info.learns_from]} | {back} | {info.cost} | {when} |")
    return "\n".join(lines)


def _json(info: MethodInfo) -> dict[str, Any]:
    record = info.to_json()
    try:
        info.load()
        record["available"], record["why"] = True, ""
    except RepscopeError as error:
        record["available"], record["why"] = False, error.do
    return record


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return "[" + ",".join(map(_shown, value)) + "]" if isinstance(value, list | tuple) else str(value)
