"""Records that write themselves as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class JsonRecord:
    """A dataclass whose JSON is its fields by name, in their order, but for those that ``repr`` hides.

    A class says at its head what is otherwise: ``schema``, the name of the record, which comes first;
    ``keys``, attributes in the order of the JSON, as ``key=attribute`` where they differ in name; and
    ``optional``, keys that are left out where they are empty.
    """

    _schema: ClassVar[str] = ""
    _keys: ClassVar[Mapping[str, str]] = {}
    _optional: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, schema: str = "", keys: str = "", optional: str = "") -> None:
        super().__init_subclass__()
        cls._schema = schema or cls._schema
        if keys:
            named = (key.partition("=") for key in keys.split())
            cls._keys = {key: attribute or key for key, _, attribute in named}
        cls._optional = cls._optional | set(optional.split())

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        keys = self._keys or {field.name: field.name for field in fields(self) if field.repr}
        record = {key: json_value(getattr(self, attribute)) for key, attribute in keys.items()}
        record = {key: value for key, value in record.items() if value or key not in self._optional}
        return {"schema": self._schema, **record} if self._schema else record


def json_value(value: Any) -> Any:
    """Records and what they hold as dicts and lists; everything else as it is."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: json_value(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    return value
