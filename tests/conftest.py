"""Fixtures for all rooms."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
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


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, or of the size that an indirect parameter says."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = getattr(request, "param", "1m")
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounting a small tmpfs is not permitted here: {error}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
