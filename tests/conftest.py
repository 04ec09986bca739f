"""Fixtures for all rooms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real inputs that are not part of the repository; tests that need them skip without."""
    folder = Path(os.environ.get("REPSCOPE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"real inputs are not at {folder}; set REPSCOPE_DATA to the folder that holds them")
    return folder
