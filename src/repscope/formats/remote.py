"""Files behind a URL (``s3://…``, ``https://…``, ``memory://…``), brought here through fsspec."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from repscope.errors import (
    DependencyError,
    InputError,
    MissingError,
    RepscopeError,
    StorageError,
    first_line,
)
from repscope.formats.unpack import SUFFIXES
from repscope.study.names import safe_name
from repscope.study.storage import file_hash

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")


def is_url(location: str) -> bool:
    """Whether ``location`` names a scheme."""
    return bool(_SCHEME.match(location))


def name_of(location: str) -> str:
    """The last part of a path or URL, without extension: what a set is called by default."""
    last = (
        location.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] if is_url(location) else Path(location).name
    )
    path = Path(last)
    while path.suffix.lower() in SUFFIXES and Path(path.stem).suffix:
        path = Path(path.stem)  # a.csv.gz is called a
    return safe_name(path.stem)


def content_hash(path: Path) -> str:
    """SHA-256 of a file; of a folder, over the names and hashes of its files in order."""
    if not path.is_dir():
        return file_hash(path)
    total = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            total.update(f"{file.relative_to(path).as_posix()}\0{file_hash(file)}\n".encode())
    return total.hexdigest()


def _is_folder(fsspec: Any, location: str) -> bool:
    """Whether the other side says that this is a folder; web servers have none."""
    if location.startswith(("http://", "https://")):
        return False
    system, there = fsspec.core.url_to_fs(location)
    return bool(system.isdir(there))


@contextmanager
def local_copy(location: str) -> Iterator[Path]:
    """A local path with the content of ``location``; copies of URLs are removed afterwards.

    Raises:
        MissingError: nothing is there.
        DependencyError: fsspec, or the package behind the scheme, is missing.
        InputError: an unknown scheme.
        StorageError: the other side or the disk refuses.
    """
    if not is_url(location):
        yield Path(location).expanduser()
        return
    with tempfile.TemporaryDirectory(prefix="repscope-") as folder:
        target = Path(folder) / safe_name(location.split("?", 1)[0].rsplit("/", 1)[-1] or "download")
        with url_errors(location, "read"):
            import fsspec  # type: ignore[import-untyped]  # has no stubs

            if _is_folder(fsspec, location):
                system, there = fsspec.core.url_to_fs(location)
                system.get(f"{there.rstrip('/')}/", f"{target}/", recursive=True)
            else:
                with fsspec.open(location, "rb") as remote, target.open("wb") as local:
                    shutil.copyfileobj(remote, local, 1 << 20)
        yield target


@contextmanager
def url_errors(location: str, action: str) -> Iterator[None]:
    """Turn what fsspec and the packages behind its schemes raise into our errors.

    Raises:
        MissingError: nothing is there.
        DependencyError: a package is missing.
        InputError: an unknown scheme.
        StorageError: the other side refuses.
    """
    scheme = location.split("://", 1)[0]
    try:
        yield
    except RepscopeError:
        raise
    except FileNotFoundError as error:
        raise MissingError(f"a file at {location}", "no such file", "check the address") from error
    except ImportError as error:
        raise DependencyError(
            f"fsspec and the package behind {scheme}://", str(error), "pip install fsspec and that package"
        ) from error
    except ValueError as error:
        raise InputError(
            f"a URL that fsspec knows, not {location}", first_line(error), "check the scheme"
        ) from error
    except Exception as error:
        # Each scheme raises its own kinds (HTTP status, credentials, time-outs).
        raise StorageError(
            f"to {action} {location}",
            first_line(error),
            "check the address, your rights and the network",
        ) from error
