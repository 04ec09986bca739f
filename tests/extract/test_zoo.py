"""Models of other packages: where one is not installed, the error says what to install."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from repscope.errors import DependencyError, InputError
from repscope.extract import Preprocessing, extract
from repscope.extract.models import load_model
from repscope.extract.zoo import Pipeline, timm_preprocessing
from repscope.study import Study

SETTINGS = {
    "input_size": (3, 224, 224),
    "interpolation": "bicubic",
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "crop_pct": 0.9,
    "crop_mode": "center",
}


@pytest.mark.parametrize(
    ("spec", "module", "install", "takes"),
    [
        ("timm:resnet18", "timm", "pip install timm", "image"),
        ("open_clip:ViT-B-32@openai", "open_clip", "pip install open_clip_torch", "image"),
        ("st:all-MiniLM-L6-v2", "sentence_transformers", "pip install sentence-transformers", "text"),
    ],
)
def test_a_package_that_is_not_there(spec: str, module: str, install: str, takes: str) -> None:
    if importlib.util.find_spec(module):
        pytest.skip(f"{module} is installed")
    with pytest.raises(DependencyError, match=install):
        load_model(spec, takes=[takes])  # type: ignore[list-item]  # parametrised by text


def test_what_goes_into_a_model_is_asked_before_it_is_loaded() -> None:
    with pytest.raises(InputError, match="takes images; got st:"):
        load_model("st:any")
    with pytest.raises(InputError, match="takes texts; got timm:"):
        load_model("timm:any", takes=["text"])


def test_timms_configuration_as_steps_of_ours() -> None:
    assert timm_preprocessing(SETTINGS, None) == Preprocessing(
        resize=248,
        crop=(224, 224),
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        interpolation="bicubic",
    )
    given = timm_preprocessing(SETTINGS, Preprocessing(resize=32, mean=(0.0, 0.0, 0.0)))
    assert isinstance(given, Preprocessing)
    assert (given.resize, given.mean, given.crop) == (32, (0.0, 0.0, 0.0), (224, 224))
    squashed = {**SETTINGS, "crop_mode": "squash"}
    with pytest.raises(InputError, match="crop mode 'squash'"):
        timm_preprocessing(squashed, None)
    assert timm_preprocessing(squashed, Preprocessing(resize=(224, 224))) is not None
    with pytest.raises(InputError, match="'lanczos'"):
        timm_preprocessing({**SETTINGS, "interpolation": "lanczos"}, None)


def test_a_pipeline_of_another_package_is_taken_as_it_is() -> None:
    def steps(image: Image.Image) -> torch.Tensor:
        return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1).copy())

    pixels = Pipeline(steps)(Image.new("RGB", (4, 3), (1, 2, 3)))
    assert pixels.shape == (3, 3, 4)
    assert pixels[2, 0, 0] == 3
    assert Pipeline(steps).to_json()["kind"] == "pipeline"


def test_timm_equals_its_own_pipeline(tmp_path: Path, make_images: Callable[..., Path]) -> None:
    try:
        timm: Any = importlib.import_module("timm")
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"timm cannot be imported: {error}")
    photos = make_images(4, (180, 200))
    model = timm.create_model("resnet10t", pretrained=False).eval()
    torch.save(model.state_dict(), tmp_path / "w.pt")
    extract(
        photos,
        "timm:resnet10t",
        weights=tmp_path / "w.pt",
        study=tmp_path / "s",
        name="t",
        device="cpu",
    )
    steps = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
    got = Study.open(tmp_path / "s")["t"]
    pixels = torch.stack([steps(Image.open(photos / one)) for one in got.ids])
    with torch.no_grad():
        assert np.allclose(got.vectors, model(pixels).numpy(), atol=1e-5)
