"""``repscope info``: what is in a study, what is incomplete, whether it is intact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, fail, show
from repscope.errors import CorruptError, name_some
from repscope.text.display import shell_safe
from repscope.text.tables import clip, table
from repscope.verbs.info.options import InfoOptions

SHOWN = 5
"""Skipped items that are listed without --json."""


@command
def info(
    study: StudyFolder,
    name: Annotated[str | None, typer.Argument(metavar="SET", help="One set; all of them without.")] = None,
    *,
    options: InfoOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show what a study holds, what is incomplete, and the command that completes it.

    With --items a set first gets the columns of a table, by id: seen, split, anything to compare --by.

    Example: repscope info bridge-study visual_before --verify
    """
    from repscope.verbs.info.info import info as run

    record = run(study, name, **options.keywords())
    lines = _study_lines(record) if "sets" in record else _set_lines(record, study)
    show(record, map(shell_safe, lines), as_json=as_json, quiet=quiet)
    _fail_for_damage(record.get("sets", []))


def _fail_for_damage(sets: list[dict[str, Any]]) -> None:
    """What was found is shown; the exit code says that it is not well."""
    damaged = [one for one in sets if one["problem"]]
    if damaged:
        problem = damaged[0]["problem"]
        error = CorruptError(problem["expected"], problem["got"], problem["do"])
        error.add_note(f"damaged sets: {name_some((one['name'] for one in damaged), 20)}")
        fail(error)


def _study_lines(record: dict[str, Any]) -> list[str]:
    sets = record["sets"]
    lines = [f"study {record['name']}   {record['path']}"]
    if record["description"]:
        lines.append(record["description"])
    lines.append("")
    if not sets:
        return [*lines, "no sets yet; add one with: repscope import FILE --study " + record["path"]]
    left = [at for at, name in enumerate(_HEAD) if name not in ("rows", "width", "size")]
    rows = [tuple(map(shell_safe, _row(one))) for one in sets]
    lines += table(_HEAD, rows, left=left, rule=False, width=None)
    for one in sets:
        lines += _remarks(one)
    for one in record["transforms"]:
        lines += ["", *_bridge_lines(one)]
    lines += [
        f"bridge  {one['name']}: a training that was killed, or runs now, at step {one['step']:,}; the same "
        "bridge fit continues it"
        for one in record["trainings"]
    ]
    if record["stages"] or record["links"]:
        lines.append("")
    lines += [f"stages  {name}: {' → '.join(order)}" for name, order in record["stages"].items()]
    lines += [f"link    {one['left']} – {one['right']} on {one['on']}" for one in record["links"]]
    return lines


def _bridge_lines(one: dict[str, Any]) -> list[str]:
    if one["problem"]:
        return [f"bridge  {one['name']}: DAMAGED: {one['problem']['got']}; do: {one['problem']['do']}"]
    fit = one["provenance"].get("fit") or {}
    sets = f", {fit['source']['name']} → {fit['target']['name']}" if "source" in fit else ""
    return [
        f"bridge  {one['name']}: {one['method']}{sets}, {one['fingerprint'][:12]}",
        *(f"        warning: {text}" for text in one["warnings"]),
    ]


_HEAD = ("set", "rows", "width", "dtype", "size", "columns", "fingerprint")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["name"],
        f"{one['n']:,}",
        str(one["d"]),
        one["dtype"],
        _size(one["bytes"]),
        clip(" ".join(one["columns"]), 40),
        _state(one),
    )


def _state(one: dict[str, Any]) -> str:
    if one["problem"]:
        return "DAMAGED"
    if one["complete"]:
        return f"{one['fingerprint'][:12]}{'  verified' if one['verified'] else ''}"
    return "INCOMPLETE"


def _remarks(one: dict[str, Any]) -> list[str]:
    """Below the table: what a person should do about a set."""
    lines = []
    if not one["complete"] and not one["problem"]:
        lines += ["", f"{one['name']} is incomplete: {one['n']:,} rows are committed", *_next_step(one)]
    elif _is_replaced(one):
        lines += ["", f"{one['name']} is being replaced: {_replacement(one)}", *_next_step(one)]
    if one["skipped"]:
        lines += ["", f"{one['name']} skipped {_count(one['skipped'], 'item')}", *_skipped(one)]
    return lines


def _set_lines(one: dict[str, Any], study: Path) -> list[str]:
    lines = [
        f"set {one['name']}   {study}",
        "",
        *_field("vectors", f"{one['n']:,} × {one['d']} {one['dtype']}, {_size(one['bytes'])}"),
        *_field("shards", f"{one['shards']:,}"),
        *_field("columns", "\n".join(f"{key} ({kind})" for key, kind in one["types"].items())),
        *_field("state", "complete" if one["complete"] else "INCOMPLETE"),
    ]
    if one["complete"]:
        lines += _field("fingerprint", one["fingerprint"])
    else:
        lines += _next_step(one)
    if one["complete"] and _is_replaced(one):
        lines += [*_field("replacement", _replacement(one)), *_next_step(one)]
    if one["verified"]:
        lines += _field("verified", "every committed byte is as it was written")
    if one["skipped"]:
        lines += [*_field("skipped", _count(one["skipped"], "item")), *_skipped(one)]
    if one["provenance"]:
        lines += ["", "provenance"]
        for key, value in one["provenance"].items():
            lines += _field(key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return lines


def _next_step(one: dict[str, Any]) -> list[str]:
    if one["writer"]:
        return _field("now", f"being written by process {one['writer']['pid']} on {one['writer']['host']}")
    command = (one["replacement"] or one)["resume"]
    return _field("complete it", command or "run the command that wrote it again")


def _is_replaced(one: dict[str, Any]) -> bool:
    """A set that is there has a writer, or an unfinished one that will take its place."""
    return bool(one["replacement"] or one["writer"])


def _replacement(one: dict[str, Any]) -> str:
    rows = one["replacement"]["n"] if one["replacement"] else 0
    return f"{rows:,} rows of the new set are committed; until it is whole the old one is read"


def _skipped(one: dict[str, Any]) -> list[str]:
    lines = [
        line for item in one["skipped"][:SHOWN] for line in _field("", f"{item['id']}: {item['reason']}")
    ]
    more = len(one["skipped"]) - SHOWN
    return lines + (_field("", f"and {more:,} more; --json lists all") if more > 0 else [])


def _field(key: str, text: str) -> list[str]:
    first, *rest = text.split("\n")
    return [f"  {key:<12} {first}".rstrip(), *(f"  {'':<12} {line}" for line in rest)]


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _count(items: list[Any], noun: str) -> str:
    return f"{len(items):,} {noun}{'' if len(items) == 1 else 's'}"
