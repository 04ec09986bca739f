"""The parts of a model that predicts what it does not see, as its file has to give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from repscope.errors import ModelError
from repscope.internals.prediction.autoencoder import is_autoencoder, masked_autoencoder
from repscope.internals.prediction.hierarchical import hierarchical_jepa, is_hierarchical

if TYPE_CHECKING:
    from torch import Tensor, nn

NEEDED = ("context_encoder", "target_encoder", "predictor")

MOST_LEVELS = 8

WRAPPER = """the callable returns a module with the parts, for example
    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.jepa = build_your_model()
        def context_encoder(self, pixels, kept):     # [B, K, C] from the patches kept [B, K] alone
            return self.jepa.encoder(pixels, kept)
        def target_encoder(self, pixels):            # [B, T, D] of all patches, as the loss compares them
            features = self.jepa.target_encoder(pixels)
            return torch.nn.functional.layer_norm(features, features.shape[-1:])
        def predictor(self, context, kept, hidden):  # [B, M, D] for the patches hidden [B, M]
            return self.jepa.predictor(context, kept, hidden)
    It may also have masks (a sampler), grid, levels, level_features(features, level), special_tokens and
    decoder(features, pixels)."""
"""What a model file has to give."""


class Predictive(Protocol):
    """What ``repscope predictions`` calls; any ``torch.nn.Module`` with these three.

    Optional attributes beside them: ``masks``, any sampler of :mod:`repscope.internals.masking`; ``grid``,
    rows and columns of patches; ``levels``, of the hierarchy; ``level_features(features, level)``, the
    projection of a level; ``special_tokens`` that the context has before its patches;
    ``keeps_places``, of a model that was trained with hidden patches emptied and not dropped, so that its
    context has all T of them; ``decoder(features, pixels)``, pictures [B, 3, H, W] from features [B, T, D].
    """

    def context_encoder(self, pixels: Tensor, kept: Tensor) -> Tensor:
        """[B, K, C] features of the patches ``kept`` [B, K], from these alone: the rest is dropped."""

    def target_encoder(self, pixels: Tensor) -> Tensor:
        """[B, T, D] features of all patches, as the loss compares them (I-JEPA: after its layer norm)."""

    def predictor(self, context: Tensor, kept: Tensor, hidden: Tensor) -> Tensor:
        """[B, M, D] what is predicted for the patches ``hidden`` [B, M]."""


@dataclass(frozen=True)
class Parts:
    """The parts of a model; see :class:`Predictive`."""

    context_encoder: Callable[[Tensor, Tensor], Tensor]
    target_encoder: Callable[[Tensor], Tensor]
    predictor: Callable[[Tensor, Tensor, Tensor], Tensor]
    masks: Any = None
    grid: tuple[int, int] | None = None
    levels: int | None = None
    level_features: Callable[[Tensor, int], Tensor] | None = None
    special_tokens: int = 0
    keeps_places: bool = False
    decoder: Callable[[Tensor, Tensor], Tensor] | None = None
    notes: tuple[str, ...] = ()


def parts_of(module: nn.Module) -> Parts:
    """The parts that a module has.

    Raises:
        ModelError: one is missing or cannot be; the error shows a module that has them.
    """
    if is_autoencoder(module):
        return Parts(**masked_autoencoder(module))
    if is_hierarchical(module):
        return Parts(**hierarchical_jepa(module))
    missing = [name for name in NEEDED if not callable(getattr(module, name, None))]
    kind = type(module).__name__
    if missing:
        raise _wrong(f"{', '.join(NEEDED)} in the model", f"{kind} without {', '.join(missing)}")
    levels, grid = getattr(module, "levels", None), getattr(module, "grid", None)
    if levels is not None and not (isinstance(levels, int) and 1 <= levels <= MOST_LEVELS):
        raise _wrong(f"levels from 1 to {MOST_LEVELS} in {kind}", repr(levels))
    if grid is not None:
        sizes = tuple(grid) if isinstance(grid, tuple | list) else ()
        if len(sizes) != 2 or not all(isinstance(one, int) and one > 0 for one in sizes):
            raise _wrong(f"grid = (rows, columns) in {kind}", repr(grid))
        grid = sizes
    named: Any = module
    return Parts(
        named.context_encoder,
        named.target_encoder,
        named.predictor,
        masks=getattr(module, "masks", None),
        grid=grid,
        levels=levels,
        level_features=getattr(module, "level_features", None),
        special_tokens=int(getattr(module, "special_tokens", 0)),
        keeps_places=bool(getattr(module, "keeps_places", False)),
        decoder=getattr(module, "decoder", None),
    )


def _wrong(expected: str, got: str) -> ModelError:
    error = ModelError(expected, got, "wrap the model")
    error.add_note(WRAPPER)
    return error
