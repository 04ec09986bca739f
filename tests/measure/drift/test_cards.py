"""The cards of drift: names, functions that exist, the registry's table."""

from __future__ import annotations

import importlib
import inspect

import pytest

from repscope.measure.catalogue.registry import all_cards, cards_markdown
from repscope.measure.drift.cards import CARDS


def test_names() -> None:
    assert [one.name for one in CARDS] == [
        "drift.centre", "drift.persistence", "spread.along", "spread.across", "spread.axes", "tail.share",
        "tail.ratio",
    ]  # fmt: skip
    assert all(one.group == "drift" and one.needs == "stages" for one in CARDS)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_function_exists_and_is_documented(card) -> None:
    module, _, name = card.function.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    assert inspect.getdoc(function)
    assert card.bounds[0] < card.bounds[1]
    assert card.formula


def test_they_stand_in_the_table_of_all_measures() -> None:
    table = cards_markdown(list(all_cards().values()))
    assert "## drift" in table
    assert all(f"| `{one.name}` |" in table for one in CARDS)
