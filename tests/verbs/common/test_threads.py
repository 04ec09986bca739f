"""One thread for small problems, all for large ones, and the reader's choice back afterwards."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from repscope.study import EmbeddingSet
from repscope.verbs.common import threads
from repscope.verbs.common.threads import threads_for, thrifty


@pytest.fixture
def rows() -> EmbeddingSet:
    return EmbeddingSet("a", np.ones((4, 3), np.float32), {"id": list("abcd")})


@pytest.fixture
def two_threads():
    """Two threads everywhere, whatever the environment says."""
    for name in threads._LIBRARIES:
        importlib.import_module(name)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2):
        yield
    torch.set_num_threads(before)


def counts() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info()} | {torch.get_num_threads()}


@pytest.mark.usefixtures("two_threads")
def test_small_sets_take_one_thread_and_give_the_others_back(rows: EmbeddingSet) -> None:
    before = counts()
    assert 2 in before
    with threads_for(rows):
        assert counts() == {1}
    assert counts() == before
    with pytest.raises(RuntimeError), threads_for(rows):
        raise RuntimeError
    assert counts() == before


@pytest.mark.usefixtures("two_threads")
def test_large_sets_take_all(rows: EmbeddingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LARGE", 12)
    with threads_for(rows):
        assert 2 in counts()
    monkeypatch.setattr(threads, "LARGE", 13)
    with threads_for(rows):
        assert counts() == {1}


@pytest.mark.usefixtures("two_threads")
def test_a_verb_finds_its_sets(rows: EmbeddingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    @thrifty
    def verb(*_: object, **__: object) -> set[int]:
        return counts()

    class Linked:
        source = target = rows

    monkeypatch.setattr(threads, "LARGE", 12)
    for given in (rows, [rows], {"a": [rows]}, Linked()):
        assert 2 in verb(given)
        assert 2 in verb(named=given)
    assert verb("abc", 3, None) == {1}
