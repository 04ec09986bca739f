"""Checkpoints of lucidrains' trainer: the same numbers as the library, and every bad file by its error."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from repscope.errors import (
    FormatError,
    InputError,
    MissingError,
    StorageError,
    UnknownNameError,
    UnsafePickleError,
    VectorError,
)
from repscope.transform.diffusion.bridge import DiffusionBridge
from repscope.transform.diffusion.denoisers.unet1d import Unet1D, UnetShape
from repscope.transform.diffusion.schedules import BUFFERS, Schedule
from repscope.transform.older.checkpoint import read_lucidrains
from repscope.transform.older.lucidrains import from_lucidrains, to_lucidrains

ROWS = np.random.default_rng(3).standard_normal((4, 16)).astype(np.float32)


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The file with something changed."""
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


@pytest.mark.parametrize("weights", ["ema", "raw"])
def test_same_numbers_as_the_library(
    weights: str, trained_file: Path, trained_numbers: dict[str, np.ndarray]
) -> None:
    truth = trained_numbers
    bridge = from_lucidrains(trained_file, width=16, weights=weights)  # type: ignore[arg-type]
    with torch.no_grad():
        found = bridge.as_module().denoiser(torch.from_numpy(truth["x"]), torch.from_numpy(truth["t"]))
    np.testing.assert_allclose(found.numpy(), truth[weights], atol=1e-5, rtol=1e-5)
    other = truth["raw" if weights == "ema" else "ema"]
    assert np.abs(truth[weights] - other).max() > 1e-4


def test_what_the_file_says(trained_file: Path) -> None:
    file = read_lucidrains(trained_file)
    assert file.shape() == UnetShape(4, (4, 8), 4, 16, 1, (1, 32), (1, 32))
    assert file.schedule == Schedule("cosine", 50)
    assert file.objective == "pred_x0"
    assert (file.step, file.version) == (12, "2.3.4")


def test_a_bridge_like_any_other(trained_file: Path, tmp_path: Path) -> None:
    mean = np.full((1, 16), 0.1)
    bridge = from_lucidrains(trained_file, source_mean=mean, target_mean=mean, entry_time=20)
    assert bridge.rescale is False
    moved = bridge.transform(ROWS)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1, rtol=1e-5)
    again = DiffusionBridge.from_pretrained(bridge.save_pretrained(tmp_path / "bridge"))
    np.testing.assert_array_equal(again.transform(ROWS), moved)
    assert again.provenance_["lucidrains"]["step"] == 12


def test_sizes_of_the_older_systems(tmp_path: Path) -> None:
    """Diffusion-Bridge's copy of the library has a time code as wide as a row; its rows are rescaled."""
    bridge = DiffusionBridge("unet1d", init_dim=8, dim_mults=(1, 2), dim=16, steps=1, validation=0.0)
    path = to_lucidrains(bridge.fit(ROWS, ROWS + 1), tmp_path / "model-1.pt")
    shape = read_lucidrains(path).shape()
    assert (shape.init_dim, shape.widths, shape.time_code, shape.time_dim) == (8, (8, 16), 16, 32)
    assert from_lucidrains(path, width=16).rescale is True
    assert from_lucidrains(path, width=16, rescale=False).rescale is False


@pytest.mark.parametrize("objective", ["pred_x0", "pred_noise", "pred_v"])
def test_written_and_read_again(objective: str, tmp_path: Path) -> None:
    bridge = DiffusionBridge(
        "unet1d", init_dim=8, dim_mults=(1, 2), steps=2, objective=objective, schedule="sigmoid",  # type: ignore[arg-type]
        timesteps=100, entry_time=40, validation=0.0,
    )  # fmt: skip
    bridge.fit(ROWS, ROWS[:, ::-1] + 0.5)
    path = to_lucidrains(bridge, tmp_path / "model-1.pt")
    saved = torch.load(path, weights_only=True)
    assert set(saved) == {"step", "model", "opt", "ema", "scaler", "version"}
    assert set(BUFFERS) < set(saved["model"])
    frame = bridge.as_module().frame
    again = from_lucidrains(
        path, source_mean=frame.source_mean.numpy(), target_mean=frame.target_mean.numpy(), entry_time=40
    )
    assert (again.objective, again.schedule, again.timesteps) == (objective, "sigmoid", 100)
    one, other = bridge.transform(ROWS), again.transform(ROWS)
    # The file does not keep the length of target rows.
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    np.testing.assert_allclose(other, one, atol=1e-5)


def test_only_the_unet_goes_out(tmp_path: Path) -> None:
    bridge = DiffusionBridge(steps=1, validation=0.0).fit(ROWS, ROWS + 1)
    with pytest.raises(InputError, match="unet1d"):
        to_lucidrains(bridge, tmp_path / "model-1.pt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses(tmp_path: Path) -> None:
    bridge = DiffusionBridge("unet1d", init_dim=8, dim_mults=(1,), steps=1, validation=0.0)
    bridge.fit(ROWS, ROWS + 1)
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError):
        to_lucidrains(bridge, tmp_path / "model-1.pt")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    bridge = DiffusionBridge("unet1d", init_dim=8, dim_mults=(1,), steps=1, validation=0.0)
    with pytest.raises(StorageError):
        to_lucidrains(bridge.fit(ROWS, ROWS + 1), tmp_path / "none" / "model-1.pt")


def test_no_moving_average_is_said(trained_file: Path) -> None:
    changed(trained_file, lambda content: content.update(ema=None))
    bridge = from_lucidrains(trained_file, width=16)
    assert bridge.weights == "raw"
    assert "no moving average" in bridge.warnings_[0]


def test_width_is_asked_for(trained_file: Path) -> None:
    with pytest.raises(InputError, match="width"):
        from_lucidrains(trained_file)


def test_another_width(trained_file: Path) -> None:
    with pytest.raises(VectorError, match="multiple of 2"):
        from_lucidrains(trained_file, width=15)
    with pytest.raises(VectorError, match="one width"):
        from_lucidrains(trained_file, width=16, target_mean=np.zeros(8))
    with pytest.raises(VectorError, match="width 16"):
        from_lucidrains(trained_file, width=16).transform(np.ones((2, 8), np.float32))


def test_truncated(trained_file: Path) -> None:
    whole = trained_file.read_bytes()
    for share in (0.0, 0.3, 0.9, 0.999):
        trained_file.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(FormatError, match="cut short" if share else "an empty file"):
            read_lucidrains(trained_file)


class Evil:
    """What a pickle that runs code looks like."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_code_is_refused_and_not_run(trained_file: Path, tmp_path: Path) -> None:
    trap = tmp_path / "was_run"
    content = torch.load(trained_file, weights_only=True)
    torch.save({**content, "opt": Evil(trap)}, trained_file)
    with pytest.raises(UnsafePickleError, match="nothing was executed"):
        read_lucidrains(trained_file)
    trained_file.write_bytes(pickle.dumps(Evil(trap)))
    with pytest.raises(FormatError):
        read_lucidrains(trained_file)
    assert not trap.exists()


def test_not_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "model-1.pt"
    with pytest.raises(MissingError, match="no such file"):
        read_lucidrains(path)
    with pytest.raises(MissingError, match="a folder"):
        read_lucidrains(tmp_path)
    path.write_bytes(b"not a checkpoint at all")
    with pytest.raises(FormatError):
        read_lucidrains(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(FormatError):
        read_lucidrains(path)


def test_another_library(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"state_dict": {"conv.weight": torch.zeros(2)}, "epoch": 1}, path)
    with pytest.raises(FormatError, match="training checkpoint"):
        read_lucidrains(path)
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(FormatError, match="Trainer1D"):
        read_lucidrains(path)
    torch.save([1, 2], path)
    with pytest.raises(FormatError, match="list"):
        read_lucidrains(path)
    torch.save({"step": 1, "model": OrderedDict(a=torch.zeros(2))}, path)
    with pytest.raises(FormatError, match="betas"):
        read_lucidrains(path)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update({"model.init_conv.weight": torch.zeros(4, 2, 7)}), "self-conditioning"),
        (lambda m: m.update({"model.init_conv.weight": torch.zeros(4, 1, 7, 7)}), "images"),
        (lambda m: m.update({"model.final_conv.weight": torch.zeros(2, 4, 1)}), "learned_variance"),
        (lambda m: m.update({"model.time_mlp.0.weights": torch.zeros(8)}), "time code"),
        (lambda m: m.pop("model.time_mlp.1.weight"), "time_mlp.1.weight"),
        (lambda m: m.pop("model.ups.0.0.mlp.1.bias"), "ups.0.0.mlp.1.bias"),
        (lambda m: m.update({"model.more": torch.zeros(1)}), "other weights: more"),
        (lambda m: m.update({"model.ups.0.0.mlp.1.bias": torch.zeros(3)}), "ups.0.0.mlp.1.bias"),
        (lambda m: m.update({"betas": torch.full((50,), 0.1)}), "betas of another"),
        (lambda m: m.update({"alphas_cumprod": torch.full((50,), 0.1)}), "others in alphas_cumprod"),
        (lambda m: m.update({"model.final_conv.bias": torch.tensor([torch.nan])}), "NaN or Inf"),
    ],
)
def test_variants_that_are_not_read(
    change: Callable[[dict[str, Any]], object], match: str, trained_file: Path
) -> None:
    changed(trained_file, lambda content: change(content["model"]))
    with pytest.raises(FormatError, match=match):
        read_lucidrains(trained_file)


def test_objective_is_asked_for_where_the_file_does_not_tell(trained_file: Path) -> None:
    with pytest.raises(InputError, match="pred_x0 by its loss weights"):
        from_lucidrains(trained_file, width=16, objective="pred_v")
    changed(trained_file, lambda content: content["model"].update(loss_weight=torch.rand(50) + 3))
    with pytest.raises(InputError, match="belong to none"):
        from_lucidrains(trained_file, width=16)
    assert from_lucidrains(trained_file, width=16, objective="pred_v").objective == "pred_v"


def test_entry_beyond_the_schedule_of_the_file(trained_file: Path) -> None:
    with pytest.raises(InputError, match="entry time from 1 to 50"):
        from_lucidrains(trained_file, width=16, entry_time=600)


def test_unknown_names(trained_file: Path) -> None:
    with pytest.raises(UnknownNameError, match="entry"):
        from_lucidrains(trained_file, width=16, entry=5)
    with pytest.raises(UnknownNameError, match="best"):
        from_lucidrains(trained_file, width=16, weights="best")  # type: ignore[arg-type]  # the point


def test_heads_of_another_width(trained_file: Path) -> None:
    with pytest.raises(FormatError, match="attn_dim_head"):
        from_lucidrains(trained_file, width=16, attn_dim_head=24)
    assert from_lucidrains(trained_file, width=16, attn_dim_head=16).attn_heads == 2


def test_full_size_weights_fit(tmp_path: Path) -> None:
    """Names and shapes of the 4,037,313 parameters are read back from the weights alone."""
    bridge = DiffusionBridge("unet1d", dim=512, steps=1, batch_size=1, validation=0.0, ema=None)
    rows = np.random.default_rng(0).standard_normal((2, 512)).astype(np.float32)
    path = to_lucidrains(bridge.fit(rows, rows + 1), tmp_path / "model-1.pt")
    again = from_lucidrains(path, width=512)
    assert sum(p.numel() for p in again.as_module().denoiser.parameters()) == 4_037_313
    assert isinstance(again.as_module().denoiser, Unet1D)
