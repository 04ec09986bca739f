"""Records as JSON values: order, what is left out, what is renamed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from repscope.text.json_record import JsonRecord, json_value


@dataclass(frozen=True)
class Plain:
    width: int
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Inner(JsonRecord, optional="why"):
    value: float | None
    why: str = ""


@dataclass(frozen=True)
class Outer(JsonRecord, schema="test.outer/1", keys="inner half count=n table"):
    n: int
    inner: Inner
    table: Mapping[str, tuple[Plain, ...]]

    @property
    def half(self) -> float:
        return self.n / 2


@dataclass(frozen=True)
class Child(Outer):
    extra: int = 0


@dataclass(frozen=True)
class Hidden(JsonRecord):
    shown: int = 1
    array: object = field(default=None, repr=False)


def test_fields_stand_in_their_order_and_an_empty_reason_is_left_out() -> None:
    assert list(Inner(0.0).to_json().items()) == [("value", 0.0)]
    assert list(Inner(None, "no rows").to_json().items()) == [("value", None), ("why", "no rows")]


def test_a_hidden_field_stays_out() -> None:
    assert Hidden(array=object()).to_json() == {"shown": 1}


def test_keys_order_rename_and_reach_properties_and_what_is_nested() -> None:
    outer = Outer(3, Inner(1.0), {"a": (Plain(2, (4, 5)),)})
    expected = {
        "schema": "test.outer/1",
        "inner": {"value": 1.0},
        "half": 1.5,
        "count": 3,
        "table": {"a": [{"width": 2, "sizes": [4, 5]}]},
    }
    assert json.dumps(outer.to_json()) == json.dumps(expected)


def test_a_subclass_keeps_what_its_base_says() -> None:
    assert Child(3, Inner(1.0), {}).to_json() == Outer(3, Inner(1.0), {}).to_json()


def test_other_values_are_left_as_they_are() -> None:
    assert json_value("text") == "text"
    assert json_value(None) is None
    assert json_value(Plain) is Plain
