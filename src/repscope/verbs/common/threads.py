"""How many threads a verb computes on: one where the problem is small, all where it is large.

Matrix libraries start a thread a core for every product and decomposition, and let the idle ones spin. On
matrices of a few hundred rows that costs more CPU seconds than the work itself, above all on a busy machine.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from repscope.study import EmbeddingSet

P = ParamSpec("P")
R = TypeVar("R")

LARGE = 2**25
"""Numbers in the largest set from which on threads pay: 65,536 rows of 512."""

_LIBRARIES = ("scipy.linalg", "sklearn.utils._openmp_helpers")
"""Each brings a pool of threads of its own, which can be held back only once it is there."""


@contextmanager
def threads_for(*sets: EmbeddingSet) -> Iterator[None]:
    """Within, NumPy, SciPy, scikit-learn and torch compute on one thread, unless a set is large.

    What the reader chose (``OMP_NUM_THREADS=1``, ``torch.set_num_threads``) comes back afterwards.
    """
    if any(one.n * one.d >= LARGE for one in sets):
        yield
        return
    from threadpoolctl import threadpool_limits

    for name in _LIBRARIES:
        importlib.import_module(name)
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    with threadpool_limits(1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def thrifty(verb: Callable[P, R]) -> Callable[P, R]:
    """The verb on the threads that pay for the sets among its arguments."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with threads_for(*_sets((args, kwargs))):
            return verb(*args, **kwargs)

    return run


def _sets(found: Any) -> Iterator[EmbeddingSet]:
    """Every set in an argument: itself, in a sequence or mapping, or the two of linked sets."""
    if isinstance(found, EmbeddingSet):
        yield found
    elif isinstance(found, Mapping):
        yield from _sets(list(found.values()))
    elif isinstance(found, Sequence) and not isinstance(found, str):
        for one in found:
            yield from _sets(one)
    elif hasattr(found, "source") and hasattr(found, "target"):
        yield from _sets((found.source, found.target))
