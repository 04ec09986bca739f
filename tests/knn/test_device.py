"""Products on a torch device find what the plain search finds; the device of these tests is the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import DependencyError, InputError
from repscope.knn import exact

torch = pytest.importorskip("torch", reason="products on a device are torch's")

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("metric", ["cosine", "inner", "l2"])
@pytest.mark.parametrize("alone", [True, False])
def test_same_neighbours_and_scores(
    device: str, metric: str, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from repscope.knn import device as on_device

    monkeypatch.setattr(on_device, "BASE_ROWS", 100)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((517, 24), dtype=np.float32)
    y = None if alone else rng.standard_normal((333, 24), dtype=np.float32)
    found, plain = exact(x, y, k=7, metric=metric, device=device), exact(x, y, k=7, metric=metric)
    assert np.array_equal(found.indices, plain.indices)
    assert np.array_equal(found.scores, plain.scores)


@pytest.mark.parametrize("device", DEVICES)
def test_copies_and_crowds_are_settled_alike(device: str) -> None:
    rng = np.random.default_rng(1)
    centre = rng.standard_normal(16)
    crowd = (centre + 1e-9 * rng.standard_normal((300, 16))).astype(np.float64)
    x = np.concatenate([crowd, crowd[:40], rng.standard_normal((60, 16))])
    found, plain = exact(x, k=5, metric="l2", device=device), exact(x, k=5, metric="l2")
    assert np.array_equal(found.indices, plain.indices)
    assert np.array_equal(found.scores, plain.scores)


def test_a_base_too_large_to_stay_is_sent_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    from repscope.knn import device as on_device

    monkeypatch.setattr(on_device, "RESIDENT_BYTES", 0)
    x = np.random.default_rng(2).standard_normal((200, 8), dtype=np.float32)
    assert np.array_equal(exact(x, k=3, device="cpu").indices, exact(x, k=3).indices)


def test_unknown_device() -> None:
    with pytest.raises(InputError, match="expected a device such as"):
        exact(np.eye(4), k=1, device="gpu7")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_no_gpu_here() -> None:
    with pytest.raises(DependencyError, match="CUDA build of torch"):
        exact(np.eye(4), k=1, device="cuda")
