"""Models of other packages: where one is not installed, the error says what to install."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from PIL import Image

from repscope.errors import DependencyError, InputError
from repscope.extraction import Preprocessing
from repscope.extraction.models.load import load_model
from repscope.extraction.models.open_clip import open_clip_preprocessing
from repscope.extraction.models.packages import Pipeline
from repscope.extraction.models.timm_st import timm_preprocessing

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
    squashed = timm_preprocessing({**SETTINGS, "crop_mode": "squash"}, None)
    assert isinstance(squashed, Preprocessing)
    assert (squashed.resize, squashed.crop) == ((248, 248), (224, 224))
    border = {**SETTINGS, "crop_mode": "border"}
    with pytest.raises(InputError, match="crop mode 'border'"):
        timm_preprocessing(border, None)
    assert timm_preprocessing(border, Preprocessing(resize=(224, 224))) is not None
    with pytest.raises(InputError, match="'lanczos'"):
        timm_preprocessing({**SETTINGS, "interpolation": "lanczos"}, None)


def test_open_clips_configuration_fills_what_the_caller_left_out() -> None:
    settings = {"size": 224, "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.2, 0.1), "interpolation": "bicubic"}
    given = Preprocessing(interpolation="bilinear")
    shortest = open_clip_preprocessing({**settings, "resize_mode": "shortest"}, given)
    assert shortest == Preprocessing(224, (224, 224), (0.5, 0.4, 0.3), (0.2, 0.2, 0.1), "bilinear")
    squash = open_clip_preprocessing({**settings, "size": (96, 64), "resize_mode": "squash"}, given)
    assert isinstance(squash, Preprocessing)
    assert (squash.resize, squash.crop) == ((96, 64), (96, 64))
    with pytest.raises(InputError, match="resize mode 'longest' to 224×224"):
        open_clip_preprocessing({**settings, "resize_mode": "longest"}, given)


def test_a_pipeline_of_another_package_is_taken_as_it_is() -> None:
    def steps(image: Image.Image) -> torch.Tensor:
        return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1).copy())

    pixels = Pipeline(steps)(Image.new("RGB", (4, 3), (1, 2, 3)))
    assert pixels.shape == (3, 3, 4)
    assert pixels[2, 0, 0] == 3
    record = Pipeline(steps).to_json()
    assert record["kind"] == "pipeline"
    assert " at 0x" in str(steps)
    assert " at 0x" not in str(record), "an address in memory would make every process's recipe another one"
