"""What a loader of models is asked, and what it gives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from repscope.errors import ModelError, first_line
from repscope.extraction.models.preprocess import Transform
from repscope.extraction.models.text_input import TextTower
from repscope.extraction.models.user_code import MODULE_PREFIX
from repscope.extraction.models.weights import GivenWeights, state_hash

if TYPE_CHECKING:
    from torch import Tensor, nn

Kind = Literal["image", "text"]


@dataclass(frozen=True)
class ModelRequest:
    """How a model is to be loaded, whatever its form.

    Attributes:
        takes: what will be given to it; None for all that it has the preprocessing of.
        weights: for :func:`repscope.extraction.models.weights.load_weights`; None for the model's own.
        device, dtype: where and in what it computes.
        seed: of weights that are drawn at random.
        given: preprocessing from the caller; steps that it leaves out are the model's own.
    """

    takes: Collection[Kind] | None
    weights: GivenWeights | None
    device: str
    dtype: str
    seed: int = 0
    given: Transform | None = None

    def wants(self, kind: Kind) -> bool:
        """Whether it will, or may, be given such items."""
        return self.takes is None or kind in self.takes

    def requires(self, kind: Kind) -> bool:
        """Whether it will be given such items for certain."""
        return self.takes is not None and kind in self.takes


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run.

    Attributes:
        module: the module whose parts can be captured.
        forward: runs it on a batch of pixels [B, 3, H, W]; what it gives is the model's own output.
            None for a model that takes no images.
        name: for a set that has no other name.
        device, dtype: where and in what it computes.
        identity: hashes and names that decide the rows, for the recipe.
        record: what the provenance says besides.
        transform: preprocessing, the caller's or the model's own.
        borrowed: the caller's own module, to be left as it was found.
        absent: parameters that the weights lack; they are NaN, so that no row can depend on them.
        text: how it takes texts; None for a model that takes none.
    """

    module: nn.Module
    forward: Callable[[Tensor], Any] | None
    name: str
    device: str
    dtype: str
    identity: dict[str, Any] = field(repr=False)
    record: dict[str, Any] = field(repr=False)
    transform: Transform
    borrowed: bool = False
    absent: tuple[str, ...] = ()
    text: TextTower | None = None


def finish_model(
    module: nn.Module,
    asked: ModelRequest,
    *,
    forward: Callable[[Tensor], Any] | None,
    name: str,
    origin: Mapping[str, Any],
    record: dict[str, Any],
    transform: Transform,
    absent: tuple[str, ...] = (),
    text: TextTower | None = None,
) -> LoadedModel:
    """A model of ours moved to its place, ready for evaluation; ``origin`` is where its code is from.

    Raises:
        ModelError: it does not fit, or cannot be moved.
    """
    import torch

    try:
        module.to(device=asked.device, dtype=getattr(torch, asked.dtype)).eval()
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"a model that moves to {asked.device} as {asked.dtype}",
            first_line(error),
            "choose another --device or --dtype",
        ) from error
    identity = {**origin, **describe_model(module)}
    place = asked.device, asked.dtype
    return LoadedModel(module, forward, name, *place, identity, record, transform, absent=absent, text=text)


def describe_model(module: nn.Module) -> dict[str, Any]:
    """Class, size, and hashes of structure and state, after all loading."""
    made_by = type(module).__module__
    # A file's module name holds its path, and a copy elsewhere is the same model.
    prefix = "" if made_by.startswith(MODULE_PREFIX) else f"{made_by}."
    return {
        "class": prefix + type(module).__qualname__,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "structure_sha256": hashlib.sha256(repr(module).encode()).hexdigest(),
        "state_sha256": state_hash(module),
    }
