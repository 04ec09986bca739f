"""``study.toml``: what a person says about a study. Written once, and changed only when asked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import CorruptError, InputError
from repscope.study.names import check_name
from repscope.study.storage import read_bytes, write_bytes

SCHEMA = "repscope.study/1"
FILE_NAME = "study.toml"


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
    if not all(isinstance(order, list) and all(isinstance(name, str) for name in order) for order in orders):
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
        pairs = [SetLink(**given) for given in links]
        if all(isinstance(part, str) for pair in pairs for part in (pair.left, pair.right, pair.on)):
            return pairs
    except TypeError:
        pass
    raise CorruptError(f"[[links]] with left, right, on in {file}", repr(links), "correct the file")


def save_settings(folder: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change some keys of ``study.toml`` atomically; other keys, comments and their order stay.

    Args:
        folder: of the study.
        changes: new values by key. Of a table, keys that the new one lacks are removed.

    Returns:
        All keys.

    Raises:
        InputError: a value that TOML cannot hold.
        StorageError: the disk refuses.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    document = tomlkit.parse((read_bytes(folder / FILE_NAME) or b"").decode("utf-8"))
    for key, value in changes.items():
        try:
            _change(document, key, value)
        except TOMLKitError as error:
            raise InputError(
                f"a value that TOML can hold at {key}", str(error), "give a string or number"
            ) from error
    content = tomlkit.dumps(document).encode("utf-8", "replace")
    write_bytes(folder / FILE_NAME, content)
    return tomllib.loads(content.decode("utf-8"))


def _change(table: MutableMapping[str, Any], key: str, value: object) -> None:
    """Set one key; what is equal already keeps the way in which a person wrote it."""
    before = table.get(key)
    if not (isinstance(before, MutableMapping) and isinstance(value, Mapping)):
        if key not in table or before != value:
            table[key] = value
        return
    for gone in [name for name in before if name not in value]:
        del before[gone]
    for name, inner in value.items():
        _change(before, name, inner)


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
    return {name: [check_name(member) for member in order] for name, order in stages.items()}
