"""Models: a callable in a file, a Hugging Face folder, or a module you already have."""

from __future__ import annotations

import difflib
import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, MissingError, ModelError, name_some
from repscope.extract.conditions import repeatable
from repscope.extract.preprocess import Preprocessing, Transform
from repscope.extract.usercode import MODULE_PREFIX, blaming, import_file, importable
from repscope.extract.weights import load_weights, state_hash
from repscope.study.shards import file_hash

if TYPE_CHECKING:
    from types import ModuleType

    from torch import Tensor, nn

FORMS = "hf:DIR or FILE.py:callable"
DTYPES = ("float32", "float16", "bfloat16")


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run.

    Attributes:
        module: the module whose parts can be captured.
        forward: runs it on a batch of pixels [B, 3, H, W]; what it gives is the model's own output.
        name: for a set that has no other name.
        device, dtype: where and in what it computes.
        identity: hashes and names that decide the rows, for the recipe.
        record: what the provenance says besides.
        transform: preprocessing, the caller's or the model's own.
        borrowed: the caller's own module, to be left as it was found.
        absent: parameters that the weights lack; they are NaN, so that no row can depend on them.
    """

    module: nn.Module
    forward: Callable[[Tensor], Any]
    name: str
    device: str
    dtype: str
    identity: dict[str, Any] = field(repr=False)
    record: dict[str, Any] = field(repr=False)
    transform: Transform
    borrowed: bool = False
    absent: tuple[str, ...] = ()


def load_model(
    spec: str | nn.Module,
    *,
    weights: str | Path | None = None,
    device: str | None = None,
    dtype: str | None = None,
    seed: int = 0,
    given: Transform | None = None,
) -> LoadedModel:
    """Load a model from its specification.

    Args:
        spec: ``hf:DIR``, ``FILE.py:callable``, or a module (used where and as it is).
        weights: a file for :func:`repscope.extract.weights.load_weights`.
        device: "cpu", "cuda", "cuda:1"; None for CUDA where there is one.
        dtype: "float32" (the default), "float16" or "bfloat16".
        seed: of weights that the callable draws at random.
        given: preprocessing from the caller; steps that it leaves out are the model's own.

    Raises:
        InputError: the specification, device or dtype is not one of those.
        MissingError: no such file or folder.
        ModelError: the user's code raised, or gave no module; or the weights do not fit.
        DependencyError: transformers is needed and not there.
    """
    from torch import nn

    from repscope.extract.huggingface import load_folder

    if isinstance(spec, nn.Module):
        return _borrow(spec, weights, device, dtype, given or Preprocessing())
    place = resolve_device(device)
    if dtype is not None and dtype not in DTYPES:
        raise InputError(f"a dtype among {', '.join(DTYPES)}", repr(dtype), "choose one of them")
    number = dtype or "float32"
    kind, colon, rest = spec.partition(":")
    if kind == "hf" and colon:
        return load_folder(rest, weights=weights, device=place, dtype=number, seed=seed, given=given)
    file, colon, name = spec.rpartition(":")
    if not colon or not file.endswith(".py"):
        raise InputError(f"a model as {FORMS}", repr(spec), "write for example --model model.py:build")
    path = Path(file).expanduser()
    with repeatable(place, seed):
        module = build_module(path, name)
    filled = load_weights(module, weights) if weights is not None else None
    finish_model(module, place, number)
    identity = {"file_sha256": file_hash(path), "callable": name, **describe_model(module)}
    record = {"spec": spec, "weights": None if filled is None else vars(filled)}
    return LoadedModel(module, module, name, place, number, identity, record, given or Preprocessing())


def resolve_device(device: str | None) -> str:
    """The device to compute on; None takes CUDA where there is one.

    Raises:
        InputError: no such device on this machine.
    """
    import torch

    if device is None or device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        have = f"cpu, cuda:0 to cuda:{torch.cuda.device_count() - 1}" if torch.cuda.is_available() else "cpu"
        raise InputError(
            f"a device of this machine ({have})", f"{device!r}: {reason[:160]}", "choose one with --device"
        ) from error
    return device


def finish_model(module: nn.Module, device: str, dtype: str) -> None:
    """Move a model of ours to its place, ready for evaluation.

    Raises:
        ModelError: it does not fit, or cannot be moved.
    """
    import torch

    try:
        module.to(device=device, dtype=getattr(torch, dtype)).eval()
    except (RuntimeError, NotImplementedError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"a model that moves to {device} as {dtype}", reason, "choose another --device or --dtype"
        ) from error


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


def check_module(made: Any, spec: str) -> nn.Module:
    """What a callable returned, if it is a module with all its parameters made.

    Raises:
        ModelError: otherwise.
    """
    from torch import nn
    from torch.nn.parameter import is_lazy

    if not isinstance(made, nn.Module):
        raise ModelError(
            f"a torch.nn.Module from {spec}",
            f"an object of type {type(made).__name__}",
            "return the model itself",
        )
    lazy = [name for name, parameter in made.named_parameters() if is_lazy(parameter)]
    if lazy:
        raise ModelError(
            f"parameters of known shape in {spec}",
            f"lazy ones ({name_some(lazy)})",
            "run one batch through the model before you return it",
        )
    return made


def _borrow(
    module: nn.Module, weights: str | Path | None, device: str | None, dtype: str | None, transform: Transform
) -> LoadedModel:
    check_module(module, "the given model")
    first = next(module.parameters(), None)
    place = "cpu" if first is None else str(first.device)
    number = "float32" if first is None else str(first.dtype).removeprefix("torch.")
    for what, wanted, found in (("device", device, place), ("dtype", dtype, number)):
        if wanted not in (None, found, found.partition(":")[0]):
            raise InputError(
                f"the model's own {what} ({found}), since a module that you give is not changed",
                repr(wanted),
                f"move it first with model.to({wanted!r})",
            )
    if weights is not None:
        raise InputError(
            "weights already in the model that you give", f"weights={str(weights)!r}", "load them first"
        )
    return LoadedModel(
        module,
        module,
        type(module).__name__,
        place,
        number,
        describe_model(module),
        {"spec": "a module in memory"},
        transform,
        borrowed=True,
    )


def build_module(file: Path, name: str) -> nn.Module:
    """Call ``name`` of a Python file and return the module that it makes.

    Raises:
        MissingError: no such file.
        ModelError: the code raised, has no such name, or made no module.
    """
    if not file.is_file():
        raise MissingError(f"a Python file at {file}", "no such file", f"give the model as {FORMS}")
    with importable(file.parent):
        with blaming(file, f"{file} to be imported without an error"):
            code = import_file(file)
        return check_module(_build(code, file, name), f"{file}:{name}")


def _build(code: ModuleType, file: Path, name: str) -> Any:
    from torch import nn

    if not hasattr(code, name):
        own = [key for key, value in vars(code).items() if callable(value) and not key.startswith("_")]
        near = difflib.get_close_matches(name, own, n=3) or own
        raise ModelError(
            f"a callable {name!r} in {file}",
            "no such name",
            f"choose one of {name_some(near)}" if near else "define a function that returns the model",
        )
    maker = getattr(code, name)
    if isinstance(maker, nn.Module):
        return maker
    if not callable(maker):
        raise ModelError(
            f"a callable {name!r} in {file}",
            f"an object of type {type(maker).__name__}",
            "name a function or class",
        )
    needed = _required(maker)
    if needed:
        raise ModelError(
            f"a callable without required arguments in {file}:{name}",
            f"{name}({', '.join(needed)})",
            "give the arguments defaults, or add a function that calls it with them",
        )
    with blaming(file, f"{file}:{name}() to return a model"):
        return maker()


def _required(maker: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):
        return []
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in parameters if one.default is one.empty and one.kind not in variadic]
