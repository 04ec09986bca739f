"""The similarities: names, and values that keep their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.conftest import check_bounds, two_stages

from repscope.measure.similarity.compute import INFOS, similarity_replicates


def test_names_are_those_of_the_design() -> None:
    assert [info.name for info in INFOS] == [
        "cka.debiased", "rsa", "procrustes", "svcca", "pwcca", "knn.jaccard", "knn.recall", "linear.r2",
    ]  # fmt: skip


@pytest.mark.parametrize("collapse", [False, True])
def test_values_lie_within_the_bounds(collapse: bool) -> None:
    check_bounds(similarity_replicates(*two_stages(collapse), np.arange(60) % 5, 5), INFOS)
