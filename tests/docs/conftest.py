"""What tests of the documentation share."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def hooks() -> Iterator[ModuleType]:
    """What generates parts of the pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        patch.delitem(sys.modules, "hooks", raising=False)
        yield importlib.import_module("hooks")
