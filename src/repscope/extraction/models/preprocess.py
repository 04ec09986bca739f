"""From an RGB image to the array a model takes: explicit, recorded, the same for every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, get_args

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.extraction.sources.decode import MAX_PIXELS, UnreadableError

if TYPE_CHECKING:
    from PIL.Image import Image

Interpolation = Literal["bilinear", "bicubic"]
INTERPOLATIONS: tuple[Interpolation, ...] = get_args(Interpolation)


class Transform(Protocol):
    """Turns one RGB image into a float32 array [3, H, W] and says how."""

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """The array; raises :class:`UnreadableError` for an image that this cannot be done to."""

    def to_json(self) -> dict[str, Any]:
        """Everything that decides the array, for recipe and provenance."""


@dataclass(frozen=True)
class Preprocessing:
    """Resize, centre crop, scale to [0, 1], normalise, in this order; what is None is left out.

    Equal to torchvision's ``Resize, CenterCrop, ToTensor, Normalize`` on PIL images, bit for bit.

    Attributes:
        resize: pixels of the shorter side (the ratio is kept), or (height, width).
        crop: height and width of the centre crop; smaller images are padded with zeros.
        mean: of each colour, of pixels in [0, 1].
        std: likewise, above 0.
        interpolation: "bilinear" or "bicubic", both antialiased; None for bilinear.
    """

    resize: int | tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    interpolation: Interpolation | None = None

    def __post_init__(self) -> None:
        sizes = self.resize if isinstance(self.resize, tuple) else (self.resize,)
        for what, values in (("resize", sizes), ("crop", self.crop or ())):
            if any(value is not None and value < 1 for value in values):
                raise InputError(f"--{what} of at least 1 pixel", str(values), "give pixels, for example 224")
        if self.std and not all(value > 0 for value in self.std):
            raise InputError(
                "--std above 0", str(self.std), "give the standard deviation of each colour in [0, 1]"
            )
        if self.interpolation not in (None, *INTERPOLATIONS):
            raise InputError(
                f"an interpolation among {', '.join(INTERPOLATIONS)}",
                repr(self.interpolation),
                "choose one of them",
            )

    def filled(
        self,
        resize: int | tuple[int, int],
        crop: tuple[int, int],
        mean: Sequence[float],
        std: Sequence[float],
        interpolation: Interpolation,
    ) -> Preprocessing:
        """These steps, and a model's own for those that are not given."""
        return Preprocessing(
            self.resize or resize,
            self.crop or crop,
            self.mean or (float(mean[0]), float(mean[1]), float(mean[2])),
            self.std or (float(std[0]), float(std[1]), float(std[2])),
            self.interpolation or interpolation,
        )

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """[3, H, W]; raises :class:`UnreadableError` for an image that would become too large."""
        from PIL import Image as Pillow

        if self.resize is not None:
            size = _target(image.size, self.resize)
            if size[0] * size[1] > MAX_PIXELS:
                raise UnreadableError(
                    f"{size[0]}×{size[1]} pixels after resizing {image.size[0]}×{image.size[1]}"
                )
            if size != image.size:
                image = image.resize(size, Pillow.Resampling[(self.interpolation or "bilinear").upper()])
        if self.crop is not None:
            image = _centre_crop(image, self.crop)
        # Colours apart before anything is computed: NumPy is slow on rows of three.
        pixels = np.asarray(image).transpose(2, 0, 1).astype(np.float32, order="C")
        pixels /= np.float32(255)
        if self.mean is not None:
            pixels -= np.array(self.mean, np.float32)[:, None, None]
        if self.std is not None:
            pixels /= np.array(self.std, np.float32)[:, None, None]
        return pixels

    def to_json(self) -> dict[str, Any]:
        """Every step, with its defaults."""
        interpolation = self.interpolation or "bilinear"
        return {
            "kind": "given",
            **asdict(self),
            "interpolation": interpolation,
            "antialias": True,
            "scale": "1/255",
        }


def preprocessing(
    resize: str | int | None = None,
    crop: str | int | None = None,
    mean: str | None = None,
    std: str | None = None,
    interpolation: str | None = None,
) -> Preprocessing:
    """Read the command line's ``--resize 32 --crop 224 --mean 0.485,0.456,0.406 --std …``.

    Args:
        resize: shorter side, or "height,width".
        crop: one number for a square, or "height,width".
        mean: one number for all colours, or three.
        std: likewise.
        interpolation: "bilinear" (the default) or "bicubic".

    Raises:
        InputError: not numbers, or not that many of them.
    """
    sides = _numbers("resize", resize, (1, 2), whole=True)
    square = _numbers("crop", crop, (1, 2), whole=True)
    centre = _numbers("mean", mean, (1, 3))
    spread = _numbers("std", std, (1, 3))
    return Preprocessing(
        resize=None
        if sides is None
        else int(sides[0])
        if len(sides) == 1
        else (int(sides[0]), int(sides[1])),
        crop=None if square is None else (int(square[0]), int(square[-1])),
        mean=None if centre is None else (centre[0], centre[len(centre) // 2], centre[-1]),
        std=None if spread is None else (spread[0], spread[len(spread) // 2], spread[-1]),
        interpolation=cast("Interpolation | None", interpolation),
    )


def _numbers(
    option: str, text: str | int | None, counts: tuple[int, ...], whole: bool = False
) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        values = tuple((int if whole else float)(part) for part in str(text).split(","))
    except ValueError:
        values = ()
    if len(values) not in counts or not all(np.isfinite(values)):
        kind = "whole numbers" if whole else "numbers"
        raise InputError(
            f"--{option} of {' or '.join(map(str, counts))} {kind} with commas between",
            repr(text),
            f"write for example --{option} {'224' if whole else '0.485,0.456,0.406'}",
        )
    return values


def _target(size: tuple[int, int], resize: int | tuple[int, int]) -> tuple[int, int]:
    """(width, height) after resizing; the longer side is rounded down, as torchvision does."""
    if isinstance(resize, tuple):
        return resize[1], resize[0]
    width, height = size
    if width <= height:
        return resize, max(1, int(resize * height / width))
    return max(1, int(resize * width / height)), resize


def _centre_crop(image: Image, crop: tuple[int, int]) -> Image:
    height, width = crop
    if image.width < width or image.height < height:
        left, top = max(0, (width - image.width) // 2), max(0, (height - image.height) // 2)
        padded = image.crop((-left, -top, max(width, image.width) - left, max(height, image.height) - top))
        image = padded
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))
