"""A short fuzz of every reader, in every run of the tests; ``make fuzz`` is the long one."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pytest

from fuzz import run as running
from fuzz.run import Fault, Inputs, run
from repscope.formats import read
from repscope.formats.known import KNOWN
from repscope.formats.read import read_sets

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="reads in forked processes")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return Inputs(tmp_path_factory.mktemp("fuzz"), seed=0)


def test_every_format_that_is_read_has_a_whole_file(inputs: Inputs) -> None:
    assert {read_sets(path, "x").format for path in inputs.imports} == set(KNOWN)


def test_no_damaged_file_is_a_traceback_a_crash_or_a_hang(inputs: Inputs) -> None:
    came = list(run(inputs, range(60)))
    assert not [one for one in came if isinstance(one, Fault)]
    # Some are damaged where nothing reads, most are refused.
    assert 0 < sum(one is True for one in came) < sum(one is False for one in came)


def test_a_number_makes_the_same_file_again(inputs: Inputs) -> None:
    for index in range(20):
        first, second = (
            {
                path.name: path.read_bytes()
                for path in inputs.make(index)[0].parent.rglob("*")
                if path.is_file()
            }
            for _ in range(2)
        )
        assert first == second


def _raises(*_: Any) -> Any:
    raise ValueError("a bug")


def _expands(*_: Any) -> Any:
    return np.ones(running.MEMORY // 4)


@pytest.mark.parametrize(
    ("reader", "what"),
    [
        (_raises, "ValueError: a bug"),
        (_expands, "MemoryError"),
        (lambda *_: os._exit(9), "ended the process"),
        (lambda *_: time.sleep(60), "hangs"),
    ],
)
def test_what_is_wrong_is_found(
    reader: Any, what: str, inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in KNOWN:
        monkeypatch.setitem(read.READERS, kind, reader)
    monkeypatch.setattr(running, "SECONDS", 1.0)
    came = list(run(inputs, range(6)))
    assert len(came) == 6
    assert [one for one in came if isinstance(one, Fault) and what in one.what]
