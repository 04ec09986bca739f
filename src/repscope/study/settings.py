"""``study.toml``: what a person says about a study. Written once, and again only when asked."""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import CorruptError, InputError
from repscope.study.names import check_name
from repscope.study.storage import read_bytes, write_bytes

SCHEMA = "repscope.study/1"
FILE_NAME = "study.toml"

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class SetLink:
    """Two sets of a study whose rows belong together, and the column that says how."""

    left: str
    right: str
    on: str = "id"


def load_settings(folder: Path) -> dict[str, Any]:
    """All keys of ``study.toml``, or {} where there is none.

    Raises:
        CorruptError: not TOML, of a schema this version does not know, or stages and links of
            another form.
        StorageError: it cannot be read.
    """
    file = folder / FILE_NAME
    content = read_bytes(file)
    if content is None:
        return {}
    try:
        settings = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"TOML in {file}", str(error), "correct the file") from error
    if settings.get("schema") != SCHEMA:
        raise CorruptError(f"schema {SCHEMA!r} in {file}", repr(settings.get("schema")), "upgrade repscope")
    for key in ("name", "description"):
        if not isinstance(settings.get(key, ""), str):
            raise CorruptError(f"a string as {key!r} in {file}", repr(settings[key]), "correct the file")
    stages_of(settings, file)
    links_of(settings, file)
    return settings


def stages_of(settings: Mapping[str, Any], file: Path) -> dict[str, list[str]]:
    """The ``[stages]`` table: named orders of sets.

    Raises:
        CorruptError: it is of another form.
    """
    stages = settings.get("stages", {})
    orders = stages.values() if isinstance(stages, dict) else [None]
    if not all(isinstance(order, list) and all(isinstance(one, str) for one in order) for order in orders):
        raise CorruptError(
            f"[stages] with lists of set names in {file}", repr(stages), 'write order = ["a", "b"]'
        )
    return {name: list(order) for name, order in stages.items()}


def links_of(settings: Mapping[str, Any], file: Path) -> list[SetLink]:
    """The ``[[links]]`` tables.

    Raises:
        CorruptError: one has other keys than left, right, on.
    """
    links = settings.get("links", [])
    try:
        found = [SetLink(**one) for one in links]
        if all(isinstance(part, str) for one in found for part in (one.left, one.right, one.on)):
            return found
    except TypeError:
        pass
    raise CorruptError(f"[[links]] with left, right, on in {file}", repr(links), "correct the file")


def save_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Replace ``study.toml`` atomically. Comments that a person wrote in it are lost.

    Raises:
        InputError: a value that TOML cannot hold.
        StorageError: the disk refuses.
    """
    write_bytes(folder / FILE_NAME, as_toml(settings).encode())


def checked_stages(stages: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Stage orders whose set names are allowed.

    Raises:
        InputError: an order that is not a list of at least two different sets.
    """
    for name, order in stages.items():
        if isinstance(order, str) or len(order) < 2 or len(set(order)) != len(order):
            raise InputError(
                f"two or more different sets in stage order {name!r}",
                repr(order),
                "list them from first to last",
            )
    return {name: [check_name(one) for one in order] for name, order in stages.items()}


def as_toml(settings: Mapping[str, Any]) -> str:
    """Settings as TOML: plain values first, then tables and lists of tables.

    Raises:
        InputError: a value that TOML cannot hold.
    """
    return "\n".join(_table(settings, ())).lstrip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    lines, below = [], []
    for key, value in table.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            below += ["", f"[{_dotted(here)}]", *_table(value, here)]
        elif isinstance(value, list | tuple) and value and all(isinstance(one, Mapping) for one in value):
            for one in value:
                below += ["", f"[[{_dotted(here)}]]", *_table(one, here)]
        else:
            lines.append(f"{_key(key)} = {_value(value, _dotted(here))}")
    return lines + below


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(map(_key, path))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: object, where: str) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | datetime.date | datetime.time):
        return str(value) if isinstance(value, int) else value.isoformat()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one, where) for one in value)}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(one, where)}" for key, one in value.items())
        return f"{{{inner}}}"
    raise InputError(
        f"a value that TOML can hold at {where}", f"a {type(value).__name__}", "give a string or number"
    )


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c for c in escaped)
    return f'"{escaped.encode("utf-8", "replace").decode()}"'
