"""The catalogue: one entry a measure, complete, by name."""

from __future__ import annotations

import inspect
from importlib import import_module
from itertools import groupby

import pytest

from repscope.errors import UnknownNameError
from repscope.measure.catalogue.measures import MEASURES, STAGE_MEASURES, measure_info
from repscope.measure.core.info import MeasureInfo


@pytest.mark.parametrize("info", MEASURES.values(), ids=lambda info: info.name)
def test_the_function_exists_and_is_documented(info: MeasureInfo) -> None:
    assert inspect.getdoc(info.function)
    assert info.bounds[0] < info.bounds[1]
    assert info.formula
    module, _, name = info.to_json()["function"].rpartition(".")
    assert getattr(import_module(module), name) is info.function


def test_groups_stand_together_in_the_order_of_the_documentation() -> None:
    groups = [group for group, _ in groupby(info.group for info in MEASURES.values())]
    assert groups == ["alignment", "distribution", "geometry", "similarity", "change", "drift"]


def test_what_a_comparison_runs_is_what_needs_no_second_stage() -> None:
    alone = [info.name for info in MEASURES.values() if info.needs not in {"pair", "stages"}]
    assert [measure.name for measure in STAGE_MEASURES] == alone
    assert len({measure.name for measure in STAGE_MEASURES}) == len(STAGE_MEASURES)


def test_an_unknown_name_is_told_the_nearest() -> None:
    assert measure_info("mrr.true") is MEASURES["mrr.true"]
    with pytest.raises(UnknownNameError, match=r"mrr\.true"):
        measure_info("mrr.tru")
    with pytest.raises(UnknownNameError, match="repscope measures"):
        measure_info("ωωω")
