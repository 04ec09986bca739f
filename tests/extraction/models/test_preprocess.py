from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from repscope.errors import InputError
from repscope.extraction.models.preprocess import Preprocessing, preprocessing
from repscope.extraction.sources.decode import UnreadableError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def noise(height: int, width: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def torchvision_like(image: Image.Image, resize: int, crop: int) -> np.ndarray:
    """Resize, CenterCrop, ToTensor, Normalize as torchvision's source does them on PIL images."""
    w, h = image.size
    short, long = (w, h) if w <= h else (h, w)
    new_short, new_long = resize, int(resize * long / short)
    new_w, new_h = (new_short, new_long) if w <= h else (new_long, new_short)
    image = image.resize((new_w, new_h), Image.Resampling.BILINEAR)
    array = np.asarray(image)
    if crop > new_w or crop > new_h:
        left, top = (crop - new_w) // 2 if crop > new_w else 0, (crop - new_h) // 2 if crop > new_h else 0
        right, bottom = (
            (crop - new_w + 1) // 2 if crop > new_w else 0,
            (crop - new_h + 1) // 2 if crop > new_h else 0,
        )
        array = np.pad(array, ((top, bottom), (left, right), (0, 0)))
    height, width = array.shape[:2]
    top, left = round((height - crop) / 2.0), round((width - crop) / 2.0)
    array = array[top : top + crop, left : left + crop]
    scaled = array.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    return (scaled - np.float32(MEAN)[:, None, None]) / np.float32(STD)[:, None, None]


@settings(deadline=None, max_examples=25)
@given(st.integers(5, 60), st.integers(5, 60), st.integers(4, 40), st.integers(3, 48))
def test_equals_torchvision_bit_for_bit(height: int, width: int, resize: int, crop: int) -> None:
    image = noise(height, width)
    got = Preprocessing(resize, (crop, crop), MEAN, STD)(image)
    assert got.shape == (3, crop, crop)
    assert got.dtype == np.float32
    assert np.array_equal(got, torchvision_like(image, resize, crop))


def test_nothing_given_means_pixels_in_zero_to_one() -> None:
    image = noise(6, 9)
    assert np.array_equal(Preprocessing()(image), np.asarray(image).transpose(2, 0, 1) / np.float32(255))


def test_exact_sizes_and_bicubic() -> None:
    image = noise(30, 20)
    got = preprocessing(resize="12,8", interpolation="bicubic")(image)
    assert got.shape == (3, 12, 8)
    reference = np.asarray(image.resize((8, 12), Image.Resampling.BICUBIC)).transpose(2, 0, 1) / np.float32(
        255
    )
    assert np.array_equal(got, reference)


def test_the_command_lines_form() -> None:
    assert preprocessing("32", "224", "0.5", "0.229,0.224,0.225", "bicubic") == Preprocessing(
        32, (224, 224), (0.5, 0.5, 0.5), STD, "bicubic"
    )
    assert preprocessing(crop="10,20").crop == (10, 20)
    assert preprocessing() == Preprocessing()


@pytest.mark.parametrize(
    "options",
    [
        {"resize": "a"},
        {"resize": "0"},
        {"resize": "1,2,3"},
        {"crop": "-3"},
        {"crop": "3.5"},
        {"mean": "0.1,0.2"},
        {"mean": "nan"},
        {"mean": ""},
        {"std": "0"},
        {"std": "-1,1,1"},
        {"interpolation": "nearest"},
    ],
)
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        preprocessing(**options)


def test_an_image_that_would_explode_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="after resizing"):
        Preprocessing(resize=1000)(Image.new("RGB", (100_000, 1)))


def test_every_step_is_recorded() -> None:
    assert Preprocessing(32, (24, 24), MEAN, STD).to_json() == {
        "kind": "given",
        "resize": 32,
        "crop": (24, 24),
        "mean": MEAN,
        "std": STD,
        "interpolation": "bilinear",
        "antialias": True,
        "scale": "1/255",
    }
