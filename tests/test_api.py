"""The public namespace: flat, lazy, and the same before and after a room is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

import repscope

PUBLIC = [
    "Comparison", "EmbeddingSet", "Estimate", "RepscopeError", "Study", "Verdict", "__version__",
    "bridges", "capture", "compare", "drift", "extract", "import_files", "match", "project",
]  # fmt: skip


def test_the_exported_names():
    assert sorted(repscope.__all__) == sorted(PUBLIC)
    assert dir(repscope) == repscope.__all__


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_loads(name):
    assert getattr(repscope, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = repscope.nothing_of_the_kind


@pytest.mark.parametrize("first", ["import repscope.extraction, repscope.maps", "import repscope"])
def test_verbs_are_callable_whatever_was_imported_first(first):
    code = f"{first}\nimport repscope as rs\nassert callable(rs.extract) and callable(rs.project)\n" + (
        "import numpy as np\nrows = np.random.default_rng(0).normal(size=(20, 4))\n"
        "assert rs.project({'a': rows}, method='pca').coordinates['a'].shape == (20, 2)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
