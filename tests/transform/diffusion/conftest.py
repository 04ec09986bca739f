"""Numbers that the library gave, and networks with the weights it had then."""

from __future__ import annotations

import importlib.util
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures"


def unpacked(name: str) -> dict[str, np.ndarray]:
    return dict(np.load(io.BytesIO(lzma.decompress((FIXTURES / f"{name}.xz").read_bytes()))))


@pytest.fixture(scope="session")
def maker() -> ModuleType:
    """The script that makes the fixtures; its functions that need the library are not called."""
    spec = importlib.util.spec_from_file_location("make_fixtures", HERE / "make_fixtures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def filled(maker: ModuleType) -> Callable[[torch.nn.Module], torch.nn.Module]:
    """Gives a network the weights that the fixtures were made with."""

    def fill(network: torch.nn.Module) -> torch.nn.Module:
        state = {
            k: torch.from_numpy(maker.weight(k, tuple(v.shape))) for k, v in network.state_dict().items()
        }
        network.load_state_dict(state)
        return network.eval()

    return fill


@pytest.fixture(scope="session")
def numbers() -> dict[str, np.ndarray]:
    return unpacked("numbers.npz")


@pytest.fixture(scope="session")
def trained_numbers() -> dict[str, np.ndarray]:
    """What the library's networks in ``model-1.pt`` say."""
    return unpacked("model-1.npz")


@pytest.fixture
def trained_file(tmp_path: Path) -> Path:
    """``model-1.pt`` as the library's trainer wrote it."""
    path = tmp_path / "model-1.pt"
    path.write_bytes(lzma.decompress((FIXTURES / "model-1.pt.xz").read_bytes()))
    return path
