"""Running a model on batches: the rows of every capture point, checked, in the order of the items."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError, RepscopeError, VectorError, name_some
from repscope.extraction.capture.decode_ahead import Decoded
from repscope.extraction.capture.hooks import Recorder
from repscope.extraction.capture.memory import ran_out_of_memory, too_large
from repscope.extraction.capture.points import CapturePoint, Pool
from repscope.extraction.capture.pooling import Layout, describe, to_numpy
from repscope.extraction.models.determinism import evaluating, repeatable, set_seed
from repscope.extraction.models.loaded import Kind, LoadedModel
from repscope.extraction.models.text_input import pad_batch
from repscope.extraction.models.user_code import blame

if TYPE_CHECKING:
    from torch import Tensor

Rows = dict[str, tuple[NDArray[Any], Layout]]

AUTOCAST = {"bf16": "bfloat16", "fp16": "float16"}

_FORMS: dict[Kind, tuple[str, str]] = {
    "image": (
        "[batch, colour, height, width]",
        "correct the model, or give the --resize and --crop that it was made for",
    ),
    "text": ("[batch, token]", "correct the model, or give the tokenizer that it was made for"),
}

PROBE = 2
"""Items of the trial run before the first batch. Its size differs from the batch's, so an axis that only
happens to have the batch's length (tokens first) is told from the real one."""


class Engine:
    """A model with its hooks in place; a context manager that leaves the model as it was.

    Args:
        model: see :func:`repscope.extraction.models.load.load_model`.
        points: resolved capture points.
        pool: for points that do not say their own.
        seed: of models that draw at random in evaluation (masked autoencoders).
        kind: what the batches hold.
        autocast: "bf16" or "fp16" for torch's autocast around each forward pass.
    """

    def __init__(
        self,
        model: LoadedModel,
        points: Sequence[CapturePoint],
        pool: Pool | None,
        seed: int,
        *,
        kind: Kind = "image",
        autocast: str | None = None,
    ) -> None:
        self._model = model
        self._kind = kind
        self._autocast = autocast
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
            if self._autocast:
                number = getattr(torch, AUTOCAST[self._autocast])
                # Its cache of cast weights would outlive a batch here; each pass casts anew.
                stack.enter_context(
                    torch.autocast(self._model.device.partition(":")[0], number, cache_enabled=False)
                )
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
            BatchTooLargeError: memory ran out; a smaller batch may fit.
            ModelError: the model raised, or a point gave nothing usable.
            VectorError: NaN or Inf; the items are named.
        """
        if not self._tried and len(batch) > PROBE:
            self._run(batch[:PROBE], numbers)
        self._tried = True
        captured = self._run(batch, numbers)
        for name, (vectors, layout) in captured.items():
            self._check_finite(name, vectors, layout, batch)
        return captured

    def _run(self, batch: Sequence[Decoded], numbers: Sequence[int]) -> Rows:
        recorder = self._recorder
        try:
            captured = self._forward(batch, numbers)
            return {name: (to_numpy(rows), layout) for name, (rows, layout) in captured.items()}
        except Exception as error:
            if not ran_out_of_memory(error):
                raise
            # What the unfinished pass recorded lies in the memory that is short.
            recorder.begin()
            recorder.abandon()
            raise too_large(self._kind, len(batch), self._model.device, error) from error

    def _forward(self, batch: Sequence[Decoded], numbers: Sequence[int]) -> dict[str, tuple[Tensor, Layout]]:
        model, recorder = self._model, self._recorder
        given: Any = None
        try:
            given, call = self._given(batch)
            set_seed(model.device, self._seed, *numbers)
            recorder.observe(given, "input")
            recorder.observe(call(), "output")
        except RepscopeError:
            raise
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            form, do = _FORMS[self._kind]
            raise blame(error, f"the model to run on {describe(given)} in {form}", do) from error
        finally:
            recorder.abandon()
        return recorder.end()

    def _given(self, batch: Sequence[Decoded]) -> tuple[Tensor, Callable[[], Any]]:
        """What goes into the model for a batch, and the call; the recorder's pass has begun."""
        import torch

        model = self._model
        if self._kind == "text":
            tower = model.text
            assert tower is not None
            ids, mask = pad_batch(tower.transform, [one.array for one in batch if one.array is not None])
            tokens, real = (torch.from_numpy(one).to(model.device) for one in (ids, mask))
            self._recorder.begin({len(batch)}, None, real)
            return tokens, lambda: tower.forward(tokens, real)
        forward = model.forward
        assert forward is not None
        pixels = torch.from_numpy(stack_pixels(batch)).to(model.device, getattr(torch, model.dtype))
        self._recorder.begin({len(batch)}, (int(pixels.shape[2]), int(pixels.shape[3])))
        return pixels, lambda: forward(pixels)

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
            f"NaN or Inf for {len(ids)} of the {len(batch)} {self._kind}s of a batch ({name_some(ids)})",
            f"look at these {self._kind}s and at the layer"
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
    arrays = [one.array for one in batch if one.array is not None]
    for one, array in zip(batch, arrays, strict=True):
        if array.shape != arrays[0].shape:
            first, other = ("×".join(map(str, found.shape[1:])) for found in (arrays[0], array))
            raise InputError(
                "images of one size in a batch",
                f"{first} ({batch[0].item.id}) and {other} ({one.item.id})",
                "give --resize 256 --crop 224, or --resize height,width",
            )
    return np.stack(arrays)
