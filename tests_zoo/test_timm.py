"""timm's models, against timm's own pipeline and forward pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

import repscope as rs
from repscope.errors import ModelError
from repscope.extraction.models.load import load_model
from repscope.verbs.extract.extract import extract


def _own(name: str, seed: int = 1) -> Any:
    torch.manual_seed(seed)
    return timm.create_model(name, pretrained=False).eval()


def _pixels(model: Any, folder: Path, ids: Any) -> torch.Tensor:
    steps = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
    return torch.stack([steps(Image.open(folder / str(one)).convert("RGB")) for one in ids])


# One of each kind, and a configuration that squashes the picture instead of cutting it.
@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("vit_tiny_patch16_224", "blocks.11"),
        ("resnet18", "layer4"),
        ("mobilenetv2_050", "conv_head"),
        ("vit_base_patch32_siglip_256", "blocks.0"),
    ],
)
def test_equals_timms_own(name: str, point: str, tmp_path: Path, make_images: Callable[[int], Path]) -> None:
    photos, model = make_images(5), _own(name)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    extract(
        photos,
        f"timm:{name}",
        weights=tmp_path / "w.safetensors",
        capture={"out": "", "inner": f"{point}:mean"},
        study=tmp_path / "s",
        device="cpu",
        seed=2,
    )
    study = rs.Study(tmp_path / "s")
    pixels = _pixels(model, photos, study["out"].ids)
    inner: list[torch.Tensor] = []
    model.get_submodule(point).register_forward_hook(lambda *call: inner.append(call[-1]))
    with torch.no_grad():
        out = model(pixels)
    mean = inner[0].mean(dim=1 if inner[0].ndim == 3 else (2, 3))
    assert np.allclose(study["out"].vectors, out.numpy(), atol=1e-4)
    assert np.allclose(study["inner"].vectors, mean.numpy(), atol=1e-4)


def test_batch_size_and_a_second_run_change_nothing(
    tmp_path: Path, make_images: Callable[[int], Path]
) -> None:
    photos = make_images(5)
    save_file(_own("resnet10t").state_dict(), tmp_path / "w.safetensors")
    given: dict[str, Any] = {"weights": tmp_path / "w.safetensors", "study": tmp_path / "s", "device": "cpu"}
    extract(photos, "timm:resnet10t", name="five", **given)
    extract(photos, "timm:resnet10t", name="twos", batch_size=2, **given)
    again = extract(photos, "timm:resnet10t", name="five", **given)
    study = rs.Study(tmp_path / "s")
    assert again.sets[0].found_complete
    assert np.allclose(study["five"].vectors, study["twos"].vectors, atol=1e-4)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    save_file(_own("resnet18").state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="missing"):
        load_model("timm:mobilenetv2_050", weights=tmp_path / "w.safetensors", device="cpu")


def test_a_name_that_timm_does_not_know(tmp_path: Path) -> None:
    save_file(_own("resnet10t").state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"timm:resnet10x; got RuntimeError: Unknown model"):
        load_model("timm:resnet10x", weights=tmp_path / "w.safetensors", device="cpu")
