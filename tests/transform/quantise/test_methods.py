"""Codebooks and grids: against the nearest code, their own codes, and files."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.cluster import KMeans as Lloyd

import repscope as rs
from repscope.errors import DependencyError, InputError, VectorError
from repscope.transform import quantise
from repscope.transform.quantise.base import Quantiser
from repscope.transform.quantise.methods import FSQ, LFQ, RVQ, VQ, KMeans

pytest.importorskip("vector_quantize_pytorch")
needs_library = importlib.import_module("repscope.transform.quantise.vector_quantize")

SMALL: list[Quantiser] = [
    VQ(16, epochs=3, batch_size=100),
    RVQ(8, 3, epochs=3, batch_size=100),
    FSQ((5, 4, 3)),
    LFQ(5),
    KMeans(16),
    VQ(16, epochs=3, batch_size=100, bottleneck=3),
    RVQ(8, 3, epochs=3, batch_size=100, bottleneck=2),
    KMeans(16, bottleneck=4),
]
IDS = [f"{one.name}{'' if getattr(one, 'bottleneck', None) is None else '-bottleneck'}" for one in SMALL]


def rows(n: int = 400, d: int = 6, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = 4 * rng.standard_normal((12, d))
    return (centres[rng.integers(0, 12, n)] + rng.standard_normal((n, d))).astype(np.float32)


def error(x: np.ndarray, moved: np.ndarray) -> float:
    return float(np.square(x - moved).sum() / np.square(x - x.mean(0)).sum())


def test_vq_takes_the_nearest_code_and_nears_k_means() -> None:
    x = rows()
    bridge = clone(SMALL[0]).fit(x)
    moved, codes = bridge.transform(x), bridge.codes(x)
    book = bridge._state()["quantiser.quantiser._codebook.embed"][0]
    distances = np.square(x[:, None] - book[None]).sum(-1)
    np.testing.assert_array_equal(codes, distances.argmin(axis=1))
    np.testing.assert_array_equal(moved, book[codes])
    best = Lloyd(16, n_init=5, random_state=0).fit(x).inertia_ / np.square(x - x.mean(0)).sum()
    assert best <= error(x, moved) < 3 * best


def test_more_stages_lose_less() -> None:
    x = rows()
    errors = [error(x, RVQ(8, stages, epochs=3).fit(x).transform(x)) for stages in (1, 2, 4)]
    assert errors[0] > errors[1] > errors[2]


def test_lfq_is_the_sign_on_principal_axes() -> None:
    x = rows()
    bridge = LFQ(3).fit(x)
    centred = x - x.mean(0, dtype=np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :3]
    axes *= np.sign(axes[np.abs(axes).argmax(0), range(3)])
    signs = (centred @ axes > 0).astype(int)
    np.testing.assert_array_equal(bridge.codes(x), signs @ [4, 2, 1])
    # The way back is the least-squares fit of rows on signs.
    design = np.column_stack([2 * signs - 1, np.ones(len(x))])
    expected = design @ np.linalg.lstsq(design, x, rcond=None)[0]
    np.testing.assert_allclose(bridge.transform(x), expected, atol=1e-4)


def test_more_levels_lose_less() -> None:
    x = rows()
    errors = [
        error(x, FSQ(levels).fit(x).transform(x)) for levels in ((3, 3), (5, 5), (5, 5, 5, 5), (15,) * 4)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.3


@pytest.mark.parametrize("bridge", SMALL, ids=IDS)
def test_equal_codes_give_equal_rows(bridge: Quantiser) -> None:
    x = rows()
    found = clone(bridge).fit(x)
    codes, moved = found.codes(x).reshape(len(x), -1), found.transform(x)
    assert len(np.unique(moved, axis=0)) == len(np.unique(codes, axis=0)) > 10
    assert codes.min() >= 0
    assert codes.max() < found.n_codes


@pytest.mark.parametrize("bridge", SMALL, ids=IDS)
def test_usage_and_perplexity(bridge: Quantiser) -> None:
    x = rows()
    found = clone(bridge).fit(x)
    codes = found.codes(x).reshape(len(x), -1)
    for stage in range(codes.shape[1]):
        shares = np.bincount(codes[:, stage]) / len(x)
        shares = shares[shares > 0]
        assert found.usage_[stage] == pytest.approx(len(shares) / found.n_codes)
        assert found.perplexity_[stage] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert len(found.usage_) == codes.shape[1]


@pytest.mark.parametrize("bridge", SMALL, ids=IDS)
def test_the_seed_repeats_and_leaves_torch_alone(bridge: Quantiser) -> None:
    x = rows()
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first = clone(bridge).fit(x).transform(x)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(99)
    np.testing.assert_array_equal(clone(bridge).fit(x).transform(x), first)


@pytest.mark.parametrize("bridge", SMALL, ids=IDS)
def test_files_are_bit_equal(bridge: Quantiser, tmp_path: Path) -> None:
    x = rows()
    found = clone(bridge).fit(x)
    again = rs.bridges.load(found.save_pretrained(tmp_path / "q"))
    assert isinstance(again, type(bridge))
    np.testing.assert_array_equal(again.transform(x), found.transform(x))
    np.testing.assert_array_equal(again.codes(x), found.codes(x))
    assert (again.usage_, again.perplexity_) == (found.usage_, found.perplexity_)
    assert again.n_parameters == found.n_parameters > 0
    assert again.flops_per_row == found.flops_per_row > 0


@pytest.mark.parametrize("bridge", SMALL, ids=IDS)
def test_the_module_is_frozen_and_equal(bridge: Quantiser) -> None:
    x = rows()
    found = clone(bridge).fit(x)
    module = found.as_module().train()
    given = torch.from_numpy(x)
    np.testing.assert_array_equal(module(given).detach().numpy(), found.transform(x))
    np.testing.assert_array_equal(module(given[:7]).detach().numpy(), found.transform(x)[:7])
    assert module(given.double()).dtype == torch.float64
    assert not module.training
    moved = found.transform(x.astype(np.float64))
    assert moved.dtype == np.float64
    np.testing.assert_array_equal(moved, found.transform(x))


@pytest.mark.parametrize(
    ("bridge", "message"),
    [
        (VQ(0), "codebook_size: a whole number"),
        (VQ(8, epochs=0), "epochs: a whole number"),
        (RVQ(8, 0), "stages: a whole number"),
        (VQ(8, bottleneck=7), "a bottleneck of at most 6"),
        (KMeans(8, bottleneck=0), "bottleneck: a whole number"),
        (VQ(8, init="zeros"), "init data or random"),
        (LFQ(0), "a whole bits|a grid of 1"),
        (LFQ(7), "a grid of 1 to 6 axes"),
        (FSQ((2, 4)), "at least 3 levels"),
        (FSQ(()), "a grid of 1 to 6 axes"),
        (FSQ((1000,) * 3), "at most 16,777,216 codes"),
    ],
)
def test_bad_parameters(bridge: Quantiser, message: str) -> None:
    with pytest.raises(InputError, match=message):
        bridge.fit(rows())


def test_too_few_rows() -> None:
    with pytest.raises(VectorError, match="at least 512 rows for as many codes"):
        VQ(512).fit(rows())
    with pytest.raises(VectorError, match="vary in at least 4 dimensions"):
        LFQ(4).fit(rows(3))

    with pytest.raises(VectorError, match="at least 8 different rows"):
        KMeans(8).fit(np.repeat(rows(4), 5, axis=0))


def test_k_means_is_lloyds() -> None:
    x = rows()
    bridge = KMeans(16, iterations=100).fit(x)
    moved, codes = bridge.transform(x), bridge.codes(x)
    # Every code is the mean of its rows, and every row has the nearest code.
    for code in np.unique(codes):
        np.testing.assert_allclose(moved[codes == code][0], x[codes == code].mean(0), atol=1e-4)
    centres = bridge._state()["quantiser.quantiser.centres"]
    np.testing.assert_array_equal(codes, np.square(x[:, None] - centres[None]).sum(-1).argmin(axis=1))
    assert (
        error(x, moved)
        < 1.3 * Lloyd(16, n_init=5, random_state=0).fit(x).inertia_ / np.square(x - x.mean(0)).sum()
    )


def test_far_from_the_origin_codes_are_the_same() -> None:
    x = np.round(rows() * 64) / 64
    np.testing.assert_array_equal(KMeans(16).fit(x).codes(x), KMeans(16).fit(x + 512).codes(x + 512))


def test_a_bottleneck_quantises_the_leading_axes() -> None:
    x = rows()
    centred = x - x.mean(0, dtype=np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :3]
    for bridge in (KMeans(16, bottleneck=3), VQ(16, bottleneck=3, epochs=2), RVQ(8, 2, bottleneck=3)):
        moved = bridge.fit(x).transform(x) - x.mean(0)
        np.testing.assert_allclose(moved @ axes @ axes.T, moved, atol=1e-4)
        assert error(x, moved + x.mean(0)) > 1 - np.square(centred @ axes).sum() / np.square(centred).sum()
    # Codebook, axes and mean.
    assert KMeans(16, bottleneck=3).fit(x).n_parameters == 16 * 3 + 6 * 3 + 6


def test_a_codebook_from_data_is_kept_and_has_fewer_dead_codes() -> None:
    x = rows(800)
    from_data, random = (VQ(64, init=how, epochs=5, batch_size=200).fit(x) for how in ("data", "random"))
    assert from_data.usage_[0] > 0.9
    assert random.usage_[0] < 0.5
    # One step of the running means does not undo the k-means of the first batch.
    network = VQ(64, batch_size=800)._build(6).train()
    with torch.no_grad():
        torch.manual_seed(0)
        network.quantise(torch.from_numpy(x))
        begun = network.quantiser._codebook.embed.clone()
        network.quantise(torch.from_numpy(x))
    moved = (network.quantiser._codebook.embed - begun).square().sum()
    assert moved < 0.02 * (begun - begun.mean(1)).square().sum()


@pytest.mark.parametrize("bridge", [SMALL[0], SMALL[4]], ids=["vq", "kmeans"])
def test_what_is_quantised_stays(bridge: Quantiser) -> None:
    found = clone(bridge).fit(rows())
    once = found.transform(rows(seed=1))
    np.testing.assert_array_equal(found.transform(once), once)
    np.testing.assert_array_equal(found.codes(once), found.codes(rows(seed=1)))


def test_rows_and_codes_together() -> None:
    x = rows()
    for bridge, columns in ((SMALL[4], ["code"]), (SMALL[1], ["code.0", "code.1", "code.2"])):
        found = clone(bridge).fit(x)
        moved, codes = found.transform_items(x)
        assert list(codes) == columns
        np.testing.assert_array_equal(moved, found.transform(x))
        np.testing.assert_array_equal(np.stack(list(codes.values()), 1).squeeze(), found.codes(x))


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, "vector_quantize_pytorch", missing)
    # As in a new process: the module that needs the package was not imported yet.
    monkeypatch.delitem(sys.modules, needs_library.__name__)
    monkeypatch.delattr(quantise, "vector_quantize")
    KMeans(4).fit(rows())
    for bridge in SMALL[:4]:
        with pytest.raises(DependencyError, match=r'pip install "repscope\[quantise\]"'):
            clone(bridge).fit(rows())


def test_no_torchvision_is_needed() -> None:
    assert "torchvision" not in sys.modules
