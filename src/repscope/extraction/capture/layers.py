"""What a model consists of, and what of it can be captured, from one trial run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from repscope.errors import ModelError, RepscopeError
from repscope.extraction.capture.decode_ahead import Decoded
from repscope.extraction.capture.engine import blame_model, prepare
from repscope.extraction.capture.pooling import describe, pool_rows, tensor_of
from repscope.extraction.models.determinism import inference, set_seed
from repscope.extraction.models.loaded import Kind, LoadedModel
from repscope.extraction.sources.base import Item

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor, nn

TRIAL = 5
"""Items of the trial run: a number that layers seldom have as a size, so that a batch axis shows."""

_FORMS = {2: "row", 3: "tokens", 4: "map"}

TEXTS = ("a", "a cat", "a photo of a cat", "two dogs on the grass", "a man rides a horse")


@dataclass
class Layer:
    """One module of a model.

    Attributes:
        path: as ``named_modules()`` has it; "" for the model itself.
        kind: its class.
        parameters: of it and all that is inside it.
        tower: "image" or "text", which input made it run; "" when none did.
        calls: how often it ran in one forward pass.
        output: what it gave, with B for the batch.
        capture: how it is captured: "row" as it is, "tokens" with a pooling, "map" averaged over the
            picture or pooled; "" when it cannot be.
        why: why it cannot be captured, or what must be said besides (which call).
    """

    path: str
    kind: str
    parameters: int
    tower: str = ""
    calls: int = 0
    output: str = ""
    capture: str = ""
    why: str = "it does not run in a forward pass"

    def to_json(self) -> dict[str, Any]:
        """For the record."""
        return dict(vars(self))


@dataclass(frozen=True)
class Layers:
    """The module tree of a model.

    Attributes:
        model: its name.
        inputs: what went in, by kind, with B for the batch.
        layers: every module in the model's own order; the model itself is first.
        notes: what a reader should know.
    """

    model: str
    inputs: dict[str, str]
    layers: tuple[Layer, ...]
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The record ``repscope.layers/1``."""
        return {
            "schema": "repscope.layers/1",
            "model": self.model,
            "inputs": self.inputs,
            "parameters": self.layers[0].parameters,
            "notes": list(self.notes),
            "layers": [layer.to_json() for layer in self.layers],
        }


def list_layers(model: LoadedModel, image: Image, seed: int = 0) -> Layers:
    """Run a model once for each kind of input that it takes, and say what each module gave.

    Args:
        model: see :func:`repscope.extraction.models.load.load_model`, with ``takes=None``.
        image: what its own preprocessing is applied to.
        seed: of models that draw at random.

    Raises:
        ModelError: the model raised.
    """
    tree = {
        path: Layer(path, type(module).__name__, sum(weights.numel() for weights in module.parameters()))
        for path, module in model.module.named_modules(remove_duplicate=False)
    }
    inputs: dict[str, str] = {}
    with inference(model.module, model.device, seed, borrowed=model.borrowed):
        for kind, batch in _trials(model, image):
            ready = prepare(model, kind, batch)
            set_seed(model.device, seed)
            with _Watch(model.module, tree, kind, ready.mask):
                try:
                    output = ready.run()
                except (RepscopeError, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    raise blame_model(error, kind, ready.given) from error
            inputs[kind] = _shape(ready.given)
            if not tree[""].calls:
                _see(tree[""], kind, output, ready.mask)
    return Layers(model.name, inputs, tuple(tree.values()), tuple(_notes(model)))


def _trials(model: LoadedModel, image: Image) -> Iterator[tuple[Kind, list[Decoded]]]:
    """A batch of each kind that the model takes."""
    item = Item("trial", 0, {}, "")
    if model.forward is not None:
        yield "image", [Decoded(item, model.transform(image))] * TRIAL
    if model.text is not None:
        yield "text", [Decoded(item, model.text.transform.encode(text)) for text in TEXTS]


class _Watch:
    """Hooks on every module for one forward pass; a context manager that takes them off again."""

    def __init__(self, module: nn.Module, tree: dict[str, Layer], kind: str, mask: Tensor | None) -> None:
        self._module = module
        self._tree = tree
        self._kind = kind
        self._mask = mask
        self._handles: list[Any] = []

    def __enter__(self) -> None:
        for path, module in self._module.named_modules(remove_duplicate=False):
            if path:
                self._handles.append(module.register_forward_hook(partial(self._seen, path)))

    def __exit__(self, *_: object) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _seen(self, path: str, _: nn.Module, __: Any, output: Any) -> None:
        _see(self._tree[path], self._kind, output, self._mask)


def _see(layer: Layer, kind: str, output: Any, mask: Tensor | None) -> None:
    layer.calls += 1
    if layer.calls > 1:
        layer.why = f"it ran {layer.calls} times: say which, from {layer.path}@0 to @{layer.calls - 1}"
        return
    layer.tower, layer.output, layer.why = kind, _shape(output), ""
    try:
        tensor = tensor_of(output, "", layer.path)
    except ModelError:
        layer.why = "it gives no floating tensor first"
        return
    try:
        pool_rows(tensor, "cls" if tensor.ndim == 3 else None, layer.path, batch={TRIAL}, mask=mask)
    except ModelError:
        layer.why = (
            "its first axis is not the batch" if tensor.ndim in _FORMS else "it is no vector for an item"
        )
        return
    layer.capture = _FORMS[tensor.ndim]


def _shape(value: Any) -> str:
    text = describe(value).replace(f"Tensor[{TRIAL}, ", "[B, ").replace(f"Tensor[{TRIAL}]", "[B]")
    return text.replace("Tensor[", "[")


def _notes(model: LoadedModel) -> Iterator[str]:
    if model.text is not None and model.text.transform.context is not None:
        yield f"texts are cut to {model.text.transform.context} tokens"
