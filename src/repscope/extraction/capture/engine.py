"""Running a model on batches: the rows of every capture point, checked, in the order of the items."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError, RepscopeError, VectorError, name_some
from repscope.extraction.capture.decode_ahead import Decoded
from repscope.extraction.capture.hooks import Recorder
from repscope.extraction.capture.memory import ran_out_of_memory, too_large
from repscope.extraction.capture.points import CapturePoint, Pool
from repscope.extraction.capture.pooling import Layout, describe, to_numpy
from repscope.extraction.capture.trial import Dependence, Rows, tolerance_of, try_rows
from repscope.extraction.models.determinism import inference, set_seed
from repscope.extraction.models.loaded import Kind, LoadedModel
from repscope.extraction.models.text_input import pad_batch
from repscope.extraction.models.user_code import blame

if TYPE_CHECKING:
    from torch import Tensor

AUTOCAST = {"bf16": "bfloat16", "fp16": "float16"}

TRIAL_SEED = 1
"""After the numbers of a batch, for draws of the trial that are not the batch's own."""

WRAPPER = """a model is called with one tensor of images, model(pixels). One that takes more, or a
    dictionary, wants a wrapper:
    class Images(torch.nn.Module):
        def __init__(self): super().__init__(); self.model = build()
        def forward(self, pixels): return self.model(image=pixels, text=None)  # or ({"image": pixels})"""
"""What to do with a model of another signature."""

_FORMS: dict[Kind, tuple[str, str]] = {
    "image": (
        "[batch, colour, height, width]",
        "correct the model, or give the --resize and --crop that it was made for",
    ),
    "text": ("[batch, token]", "correct the model, or give the tokenizer that it was made for"),
}


class Engine:
    """A model with its hooks in place; a context manager that leaves the model as it was.

    Args:
        model: see :func:`repscope.extraction.models.load.load_model`.
        points: resolved capture points.
        pool: for points that do not say their own.
        seed: of models that draw at random in evaluation (masked autoencoders).
        kind: what the batches hold.
        autocast: "bf16" or "fp16" for torch's autocast around each forward pass.

    Attributes:
        depends: by set, what the trial before the first batch found; empty until then.
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
        self._computes_in = AUTOCAST.get(autocast or "", model.dtype)
        self.depends: dict[str, Dependence] = {}

    def __enter__(self) -> Engine:
        import torch

        with ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            # What Pillow finds odd about a file, but reads, is not the user's concern; the rest is recorded.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            model = self._model
            stack.enter_context(inference(model.module, model.device, self._seed, borrowed=model.borrowed))
            if self._autocast:
                number = getattr(torch, AUTOCAST[self._autocast])
                # Its cache of cast weights would outlive a batch here; each pass casts anew.
                stack.enter_context(
                    torch.autocast(model.device.partition(":")[0], number, cache_enabled=False)
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
        if not self.depends:
            self.depends = try_rows(
                lambda some, seed: self._run(some, (*numbers, TRIAL_SEED, seed)),
                batch,
                tolerance_of(self._computes_in),
            )
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
            ready = prepare(model, self._kind, batch)
            given = ready.given
            recorder.begin({len(batch)}, ready.pixels, ready.mask)
            set_seed(model.device, self._seed, *numbers)
            recorder.observe(given, "input")
            recorder.observe(ready.run(), "output")
        except (RepscopeError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if ran_out_of_memory(error):
                raise
            raise blame_model(error, self._kind, given) from error
        finally:
            recorder.abandon()
        return recorder.end()

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
        ids = [decoded.item.id for decoded, wrong in zip(batch, bad, strict=True) if wrong]
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


@dataclass(frozen=True)
class Ready:
    """A batch on the model's device.

    Attributes:
        given: pixels [B, 3, H, W], or token ids [B, T].
        pixels: height and width of images; None for texts.
        mask: [B, T] of texts, true for tokens and false for padding; None for images.
        run: calls the model.
    """

    given: Tensor
    pixels: tuple[int, int] | None
    mask: Tensor | None
    run: Callable[[], Any]


def prepare(model: LoadedModel, kind: Kind, batch: Sequence[Decoded]) -> Ready:
    """Bring a batch to a model that takes items of this kind.

    Raises:
        InputError: images of several shapes.
    """
    import torch

    if kind == "text":
        tower = model.text
        assert tower is not None
        padded = pad_batch(tower.transform, [item.array for item in batch if item.array is not None])
        tokens, mask = (torch.from_numpy(array).to(model.device) for array in padded)
        return Ready(tokens, None, mask, lambda: tower.forward(tokens, mask))
    forward = model.forward
    assert forward is not None
    pixels = torch.from_numpy(stack_pixels(batch)).to(model.device, getattr(torch, model.dtype))
    return Ready(pixels, (int(pixels.shape[2]), int(pixels.shape[3])), None, lambda: forward(pixels))


def blame_model(error: BaseException, kind: Kind, given: Any) -> ModelError:
    """A :class:`ModelError` for what a model raised when it ran on ``given``."""
    form, do = _FORMS[kind]
    made = blame(error, f"the model to run on {describe(given)} in {form}", do)
    if kind == "image" and isinstance(error, TypeError | IndexError | KeyError | AttributeError):
        made.add_note(WRAPPER)
    return made


def stack_pixels(batch: Sequence[Decoded]) -> NDArray[np.float32]:
    """[B, 3, H, W] of the images of a batch.

    Raises:
        InputError: they have several shapes.
    """
    arrays = [item.array for item in batch if item.array is not None]
    for decoded, array in zip(batch, arrays, strict=True):
        if array.shape != arrays[0].shape:
            first, other = ("×".join(map(str, pixels.shape[1:])) for pixels in (arrays[0], array))
            raise InputError(
                "images of one size in a batch",
                f"{first} ({batch[0].item.id}) and {other} ({decoded.item.id})",
                "give --resize 256 --crop 224, or --resize height,width",
            )
    return np.stack(arrays)
