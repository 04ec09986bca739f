"""What the loaders of other packages' models share: the import, the errors, a pipeline taken as it is."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import DependencyError, InputError, ModelError, RepscopeError, first_line
from repscope.extraction.models.loaded import Kind, ModelRequest

if TYPE_CHECKING:
    from PIL.Image import Image

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Pipeline:
    """A preprocessing pipeline of another package, taken as it is.

    Args:
        steps: gives a tensor [3, H, W] of an RGB image.
    """

    def __init__(self, steps: Any) -> None:
        self._steps = steps

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """[3, H, W] as the model takes it."""
        return np.ascontiguousarray(self._steps(image).numpy(), dtype=np.float32)

    def to_json(self) -> dict[str, Any]:
        """What the package prints of it, without addresses in memory, which differ between processes."""
        return {"kind": "pipeline", "steps": _ADDRESS.sub("", str(self._steps)).splitlines()}


def refuse(kind: Kind, asked: ModelRequest, what: str) -> None:
    """Refuse a source of ``kind`` for a model that takes none; raises :class:`InputError`."""
    if asked.requires(kind):
        raise InputError(
            f"a model that takes {kind}s", f"{what}, which takes none", "give a model made for this source"
        )


def package(module: str, install: str) -> Any:
    """An imported package; raises :class:`DependencyError` where it is missing or broken."""
    try:
        return importlib.import_module(module)
    except (ImportError, RuntimeError, OSError) as error:
        raise DependencyError(
            f"the package {install}, for {module if module != 'sentence_transformers' else 'st'}: models",
            first_line(error),
            f"pip install {install} (with the torchvision of your torch, where it asks for one)",
        ) from error


@contextmanager
def explained(spec: str, do: str = "check the name, or give --weights of your own") -> Iterator[None]:
    """Whatever a package raises while it builds a model, as a :class:`ModelError`."""
    try:
        yield
    except RepscopeError:
        raise
    except Exception as error:  # anything, since these packages raise what their dependencies raise
        raise ModelError(
            f"a model that can be built as {spec}", f"{type(error).__name__}: {first_line(error)}", do
        ) from error
