"""The attention weights of a model while it runs: nothing is edited, and its output stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from repscope.errors import ModelError, name_some
from repscope.internals.attention.weights import (
    fused_weights,
    layer_weights,
    module_weights,
    softmax_weights,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

ATTENTION_NAME = re.compile("attention|attn", re.IGNORECASE)


@dataclass(frozen=True)
class ObservedAttention:
    """The weights of one attention in one forward pass.

    Attributes:
        name: path of the module that computed it, followed by ``#2`` and so on where it ran again.
        weights: [B, heads, queries, keys] float32, rows summing to 1 (to 0 where every key is masked);
            what ``keep`` made of it, where that was given.
    """

    name: str
    weights: Any


@dataclass
class AttentionRecord:
    """What was seen in the forward passes so far, in the order of computation.

    Attributes:
        seen: one entry an attention that was computed.
        unseen: modules that are called attention and ran, but whose weights could not be seen.
    """

    seen: list[ObservedAttention] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Forget, before the next forward pass."""
        self.seen.clear()
        self.unseen.clear()

    def layers(self) -> list[ObservedAttention]:
        """The attentions of one forward pass.

        Raises:
            ModelError: none was computed, or one could not be seen.
        """
        why = "they call neither softmax nor scaled_dot_product_attention where it can be watched"
        if self.unseen:
            raise ModelError(
                "attention that can be seen (softmax, scaled_dot_product_attention, nn.MultiheadAttention)",
                f"{name_some(self.unseen)}, which ran without: {why}",
                'load the model with attn_implementation="eager" or "sdpa"',
            )
        if not self.seen:
            raise ModelError(
                "a model that computes attention",
                "a forward pass without any",
                "give a model with attention layers, and run it within the block",
            )
        return self.seen


@contextmanager
def observe_attention(
    model: nn.Module, keep: Callable[[str, Tensor], Any] | None = None
) -> Iterator[AttentionRecord]:
    """Record the attention weights of every forward pass within the block.

    The weights come from the model's own queries and keys (``scaled_dot_product_attention``, also with
    grouped queries, masks and causal), from its own softmax (eager layers), or from the inputs of
    ``nn.MultiheadAttention`` and ``nn.TransformerEncoderLayer``, whose fast paths stay in use. Hooks and
    modes are gone after the block, also after an exception.

    Args:
        model: any module; not compiled or scripted.
        keep: called with the name and the weights [B, heads, queries, keys] of each attention as it is
            computed; what it returns is kept in their place (None keeps nothing), so that memory is bounded.

    Raises:
        ModelError: the model is compiled or scripted.

    Example:
        >>> with observe_attention(model) as attention:
        ...     model(pixels)
        >>> [layer.weights.shape for layer in attention.layers()]
    """
    import torch

    _refuse_compiled(model)
    record = AttentionRecord()
    watch = _Watch(model, record, keep)
    with ExitStack() as stack:
        hooks = torch.nn.modules.module
        stack.callback(hooks.register_module_forward_pre_hook(watch.enter).remove)
        leaving = hooks.register_module_forward_hook(watch.leave, with_kwargs=True, always_call=True)
        stack.callback(leaving.remove)
        stack.callback(watch.close)
        yield record


def _refuse_compiled(model: nn.Module) -> None:
    import torch

    for name, module in model.named_modules():
        where = f"{type(module).__name__} at {name or 'the top'}"
        if isinstance(module, torch.jit.ScriptModule):
            raise ModelError(
                "a model of Python modules", f"TorchScript ({where})", "give the module it is from"
            )
        if isinstance(module, torch._dynamo.eval_frame.OptimizedModule):
            raise ModelError(
                "a model that runs in Python", f"torch.compile ({where})", "give model._orig_mod"
            )


@dataclass
class _Running:
    """A module that is running.

    Attributes:
        module, name: which.
        seen: attentions seen before it began.
        watched: whether the mode was on before it began.
    """

    module: nn.Module
    name: str
    seen: int
    watched: bool


class _Watch:
    """Knows which module runs, and watches torch's functions except where that would change a fast path."""

    def __init__(
        self, model: nn.Module, record: AttentionRecord, keep: Callable[[str, Tensor], Any] | None
    ) -> None:
        self._names = {module: name for name, module in model.named_modules()}
        self._record, self._keep = record, keep
        self._running: list[_Running] = []
        self._mode = _mode(self)
        self._on = False

    def enter(self, module: nn.Module, _: tuple[Any, ...]) -> None:
        """Before a module runs."""
        import torch

        if module not in self._names:
            return
        if not self._running:
            self._calls: dict[str, int] = {}
        self._running.append(_Running(module, self._names[module], len(self._record.seen), self._on))
        fast = (torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer, torch.nn.TransformerEncoder)
        self._switch(not isinstance(module, fast))

    def leave(self, module: nn.Module, args: tuple[Any, ...], *rest: Any) -> None:
        """After a module ran, or raised: then torch calls the hook without the keywords."""
        if not self._running or self._running[-1].module is not module:
            return
        running = self._running.pop()
        returned = len(rest) > 1 and rest[-1] is not None
        try:
            if returned and len(self._record.seen) == running.seen:
                self._infer(running, args, rest[0])
        finally:
            self._switch(running.watched)

    def _infer(self, running: _Running, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The weights of a module that hides its attention, from what it was given."""
        import torch

        self._switch(False)
        module = running.module
        if isinstance(module, torch.nn.MultiheadAttention):
            self.add(module_weights(module, *args, **kwargs), running.name)
        elif isinstance(module, torch.nn.TransformerEncoderLayer):
            self.add(layer_weights(module, *args, **kwargs), f"{running.name}.self_attn".lstrip("."))
        elif ATTENTION_NAME.search(type(module).__name__) and not any(
            name.startswith(f"{running.name}.") for name in self._record.unseen
        ):
            self._record.unseen.append(running.name)

    def add(self, weights: Tensor, name: str | None = None) -> None:
        """Note the weights of an attention."""
        name = self._running[-1].name if name is None else name
        self._calls[name] = self._calls.get(name, 0) + 1
        called = name if self._calls[name] == 1 else f"{name}#{self._calls[name]}"
        kept = weights if self._keep is None else self._keep(called, weights)
        self._record.seen.append(ObservedAttention(called, kept))

    @property
    def runs(self) -> bool:
        """Whether a module of the model runs now."""
        return bool(self._running)

    def _switch(self, on: bool) -> None:
        from torch.overrides import _get_current_function_mode

        if on == self._on:
            return
        if on:
            self._mode.__enter__()
        elif _get_current_function_mode() is self._mode:  # type: ignore[no-untyped-call]  # torch's own
            self._mode.__exit__(None, None, None)
        else:
            # A mode of the model's own lies above: it, too, keeps the fast paths away.
            return
        self._on = on

    def close(self) -> None:
        """At the end of the block."""
        self._running.clear()
        self._switch(False)


def _mode(watch: _Watch) -> Any:
    """A function mode that tells ``watch`` of every attention."""
    import torch
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode

    softmaxes = {functional.softmax, torch.softmax, torch.Tensor.softmax, torch.nn.functional.softmin}

    class Mode(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            given = kwargs or {}
            result = func(*args, **given)
            if not watch.runs:
                return result
            if func is functional.scaled_dot_product_attention:
                watch.add(fused_weights(*args, **given))
            elif func in softmaxes:
                weights = softmax_weights(result, args, given)
                if weights is not None:
                    watch.add(weights)
            return result

    return Mode()
