"""The bridges that a study holds."""

from __future__ import annotations

import pytest
from tests.verbs.bridge.conftest import fit

from repscope.errors import (
    MissingError,
)
from repscope.transform.files import CONFIG
from repscope.transform.store import describe_transforms, stored


def test_a_missing_bridge_names_those_that_there_are(study):
    fit(study)
    with pytest.raises(MissingError, match="choose one of b"):
        stored(study, "c")


def test_a_damaged_bridge_is_listed_with_its_problem(study):
    folder = fit(study).stored.folder
    (folder / CONFIG).write_text("{")
    (one,) = describe_transforms(study)
    assert "not whole JSON" in one["problem"]["got"]
