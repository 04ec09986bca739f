"""Checkpoints written by Repscope, loaded and run by the library whose format they have."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from repscope.transform.diffusion.bridge import DiffusionBridge
from repscope.transform.older.lucidrains import from_lucidrains, to_lucidrains

SCRIPT = Path(__file__).resolve().parents[1] / "tests" / "transform" / "diffusion" / "make_fixtures.py"
ROWS = np.random.default_rng(0).standard_normal((24, 16)).astype(np.float32)


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that makes the fixtures of the first environment."""
    spec = importlib.util.spec_from_file_location("make_fixtures", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(folder: Path, **parameters: Any) -> tuple[Path, Path]:
    """A bridge as a checkpoint, and what its network says."""
    bridge = DiffusionBridge(
        "unet1d",
        init_dim=8,
        dim_mults=(1, 2),
        timesteps=60,
        entry_time=40,
        steps=3,
        validation=0.0,
        **parameters,
    )
    bridge.fit(ROWS, ROWS[:, ::-1] + 0.3)
    path = to_lucidrains(bridge, folder / "model-1.pt")
    t = torch.tensor([0, 20, 59])
    with torch.no_grad():
        said = bridge.as_module().denoiser(torch.from_numpy(ROWS[:3]), t)
    numbers = folder / "numbers.npz"
    np.savez(
        numbers, x=ROWS[:3], t=t.numpy(), expected=said.numpy(), seq_length=16 // bridge.channels, step=3,
        heads=4, objective=bridge.objective, schedule=bridge.schedule,
    )  # fmt: skip
    return path, numbers


# The library warns about pinning memory, and of torch's own changes.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("objective", ["pred_x0", "pred_noise", "pred_v"])
@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_the_library_loads_what_is_written(
    objective: str, schedule: str, tmp_path: Path, maker: ModuleType
) -> None:
    maker.check(*written(tmp_path, objective=objective, schedule=schedule))


@pytest.mark.filterwarnings("ignore")
def test_the_check_can_fail(tmp_path: Path, maker: ModuleType) -> None:
    path, numbers = written(tmp_path)
    wrong = {**np.load(numbers)}
    np.savez(numbers, **{**wrong, "expected": wrong["expected"] + 0.01})
    with pytest.raises(SystemExit, match="differ"):
        maker.check(path, numbers)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("objective", ["pred_x0", "pred_v"])
def test_the_same_samples_as_the_library(objective: str, tmp_path: Path, maker: ModuleType) -> None:
    """From a file that the library's own diffusion wrote, through DDIM, to the same rows."""
    one = maker.library()
    torch.manual_seed(1)
    network = one.Unet1D(dim=8, dim_mults=(1, 2), channels=1)
    model = one.GaussianDiffusion1D(
        network, seq_length=16, timesteps=60, sampling_timesteps=6, objective=objective, auto_normalize=False
    ).eval()
    torch.save({"step": 7, "model": model.state_dict(), "version": "2.3.4"}, tmp_path / "model-1.pt")
    bridge = from_lucidrains(
        tmp_path / "model-1.pt", width=16, entry_time=60, sampling_steps=6, clip=1.0, weights="raw"
    )
    x = torch.from_numpy(ROWS[:5])
    # It draws noise at each step even where eta is 0.
    with maker.fixed_noise([x[:, None], *[torch.zeros(5, 1, 16)] * 6]), torch.no_grad():
        expected = model.ddim_sample((5, 1, 16))[:, 0]
    module = bridge.as_module()
    with torch.no_grad():
        found = module.sampling.run(lambda now, t: module.said(now, torch.full((5,), t)), x)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-5)
