"""Running a model on batches: the rows of every capture point, checked, in the order of the items."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError, RepscopeError, VectorError, name_some
from repscope.extract.conditions import evaluating, repeatable, set_seed
from repscope.extract.hooks import Recorder
from repscope.extract.loader import Decoded
from repscope.extract.models import LoadedModel
from repscope.extract.points import CapturePoint, Pool
from repscope.extract.pooling import Layout, describe, to_numpy
from repscope.extract.usercode import blame

Rows = dict[str, tuple[NDArray[Any], Layout]]

PROBE = 2
"""Items of the trial run before the first batch. Its size differs from the batch's, so an axis that only
happens to have the batch's length (tokens first) is told from the real one."""


class Engine:
    """A model with its hooks in place; a context manager that leaves the model as it was.

    Args:
        model: see :func:`repscope.extract.models.load_model`.
        points: resolved capture points.
        pool: for points that do not say their own.
        seed: of models that draw at random in evaluation (masked autoencoders).
    """

    def __init__(
        self, model: LoadedModel, points: Sequence[CapturePoint], pool: Pool | None, seed: int
    ) -> None:
        self._model = model
        self._recorder = Recorder(model.module, points, pool)
        self._seed = seed
        self._stack = ExitStack()
        self._tried = False

    def __enter__(self) -> Engine:
        import torch

        with ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            # What Pillow finds odd about a file, but reads, is not the user's concern; the rest is recorded.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            stack.enter_context(evaluating(self._model.module))
            stack.enter_context(repeatable(self._model.device, self._seed))
            # Tensors that a module caches under inference_mode could never be trained with again.
            stack.enter_context(torch.no_grad() if self._model.borrowed else torch.inference_mode())
            stack.enter_context(self._recorder)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *details: Any) -> None:
        self._stack.__exit__(*details)

    def rows(self, batch: Sequence[Decoded], *numbers: int) -> Rows:
        """Run one batch.

        Args:
            batch: decoded items of one shape.
            numbers: which shard and batch this is; they and the seed fix all randomness.

        Returns:
            For each set, rows in the order of the batch (several an item for tokens), and their layout.

        Raises:
            InputError: images of several shapes.
            ModelError: the model raised, or a point gave nothing usable.
            VectorError: NaN or Inf; the items are named.
        """
        pixels = stack_pixels(batch)
        if not self._tried and len(batch) > PROBE:
            self._run(pixels[:PROBE], numbers)
        self._tried = True
        captured = self._run(pixels, numbers)
        for name, (vectors, layout) in captured.items():
            self._check_finite(name, vectors, layout, batch)
        return captured

    def _run(self, pixels: NDArray[np.float32], numbers: Sequence[int]) -> Rows:
        import torch

        model, recorder = self._model, self._recorder
        shape = list(pixels.shape)
        tensor = torch.from_numpy(pixels).to(model.device, getattr(torch, model.dtype))
        set_seed(model.device, self._seed, *numbers)
        recorder.begin({len(pixels)}, (shape[2], shape[3]))
        try:
            recorder.observe(tensor, "input")
            recorder.observe(model.forward(tensor), "output")
        except RepscopeError:
            raise
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"memory on {model.device} for a batch of {len(pixels)} images",
                str(error).partition("\n")[0][:160],
                "give a smaller --batch-size",
            ) from error
        except Exception as error:
            raise blame(
                error,
                f"the model to run on {describe(tensor)} in [batch, colour, height, width]",
                "correct the model, or give the --resize and --crop that it was made for",
            ) from error
        finally:
            recorder.abandon()
        return {name: (to_numpy(rows), layout) for name, (rows, layout) in recorder.end().items()}

    def _check_finite(
        self, name: str, vectors: NDArray[Any], layout: Layout, batch: Sequence[Decoded]
    ) -> None:
        bad = ~np.isfinite(vectors).all(axis=1).reshape(len(batch), layout.rows).all(axis=1)
        if not bad.any():
            return
        if self._model.absent and bad.all():
            raise ModelError(
                f"rows of {name!r} that depend on loaded weights only",
                f"a dependence on parameters that the weights lack ({name_some(self._model.absent)})",
                "capture a module before them, or give weights that hold them",
            )
        ids = [one.item.id for one, wrong in zip(batch, bad, strict=True) if wrong]
        raise VectorError(
            f"finite outputs for set {name!r}",
            f"NaN or Inf for {len(ids)} of the {len(batch)} images of a batch ({name_some(ids)})",
            "look at these images and at the layer"
            + (
                "; 16-bit numbers overflow above 65,504: try --dtype float32"
                if self._model.dtype == "float16"
                else ""
            ),
        )


def stack_pixels(batch: Sequence[Decoded]) -> NDArray[np.float32]:
    """[B, 3, H, W] of the images of a batch.

    Raises:
        InputError: they have several shapes.
    """
    arrays = [one.pixels for one in batch if one.pixels is not None]
    for one, array in zip(batch, arrays, strict=True):
        if array.shape != arrays[0].shape:
            first, other = ("×".join(map(str, found.shape[1:])) for found in (arrays[0], array))
            raise InputError(
                "images of one size in a batch",
                f"{first} ({batch[0].item.id}) and {other} ({one.item.id})",
                "give --resize 256 --crop 224, or --resize height,width",
            )
    return np.stack(arrays)
