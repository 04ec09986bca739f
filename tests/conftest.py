"""Fixtures for all rooms."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repscope", deadline=None, print_blob=True)
settings.load_profile("repscope")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a fixture of their module or class run on one worker, so that it is built once."""
    for item in items:
        fixtures = getattr(item, "_fixtureinfo", None)
        defined = fixtures.name2fixturedefs.values() if fixtures else ()
        if not item.get_closest_marker("xdist_group") and any(
            one[-1].scope in ("module", "class") for one in defined
        ):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


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
