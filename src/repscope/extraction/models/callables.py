"""Modules that a callable makes, in a file of the user's or in an installed package."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, MissingError, ModelError, name_some
from repscope.extraction.models.user_code import blaming, import_file, importable
from repscope.study.storage import file_hash

if TYPE_CHECKING:
    from types import ModuleType

    from torch import nn


def build_module(file: Path, name: str) -> tuple[nn.Module, dict[str, Any]]:
    """Call ``name`` of a Python file.

    Returns:
        The module that it makes, and what identifies the code.

    Raises:
        MissingError: no such file.
        ModelError: the code raised, has no such name, or made no module.
    """
    file = file.expanduser()
    if not file.is_file():
        raise MissingError(f"a Python file at {file}", "no such file", "give the model as FILE.py:callable")
    with importable(file.parent):
        with blaming(file, f"{file} to be imported without an error"):
            code = import_file(file)
        return check_module(_build(code, file, name), f"{file}:{name}"), {"file_sha256": file_hash(file)}


def load_from_file(spec: str, what: str) -> Any:
    """What ``FILE.py:name`` names, as it is.

    Args:
        spec: file and name.
        what: it is for, for messages.

    Raises:
        InputError: another form.
        MissingError: no such file.
        ModelError: the code raised, or has no such name.
    """
    path, colon, name = spec.rpartition(":")
    file = Path(path).expanduser()
    if not colon or not name or file.suffix != ".py":
        raise InputError(f"{what} as FILE.py:name", repr(spec), "write for example own.py:sampler")
    if not file.is_file():
        raise MissingError(f"a Python file at {file}", "no such file", f"give {what} as FILE.py:name")
    with importable(file.parent), blaming(file, f"{file} to be imported without an error"):
        code = import_file(file)
    return _named(code, file, name)


def build_in_package(package: str, name: str) -> tuple[nn.Module, dict[str, Any]]:
    """Call ``name`` of a module that can be imported, here or from the working directory.

    Returns:
        The module that it makes, and what identifies the code.

    Raises:
        MissingError: there is no such Python module.
        ModelError: the code raised, has no such name, or made no module.
    """
    with importable(Path.cwd()):
        try:
            with blaming(Path(package), f"the Python module {package} to be imported without an error"):
                code = importlib.import_module(package)
        except ModelError as error:
            cause = error.__cause__
            own = isinstance(cause, ModuleNotFoundError) and f"{package}.".startswith(f"{cause.name}.")
            if not own:
                raise
            raise MissingError(
                f"a Python module {package}, in this environment or in {Path.cwd()}",
                str(cause),
                "check the name, install its package, or give the model as FILE.py:callable",
            ) from cause
        file = Path(getattr(code, "__file__", None) or package)
        made = check_module(_build(code, file, name), f"{package}:{name}")
    origin = {"package": package}
    if file.suffix == ".py":
        origin["file_sha256"] = file_hash(file)
    return made, origin


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


def _build(code: ModuleType, file: Path, name: str) -> Any:
    from torch import nn

    maker = _named(code, file, name)
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


def _named(code: ModuleType, file: Path, name: str) -> Any:
    if not hasattr(code, name):
        own = [key for key, value in vars(code).items() if callable(value) and not key.startswith("_")]
        near = difflib.get_close_matches(name, own, n=3) or own
        raise ModelError(
            f"a callable {name!r} in {file}",
            "no such name",
            f"choose one of {name_some(near)}" if near else f"define a function {name}",
        )
    return getattr(code, name)


def _required(maker: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):
        return []
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind not in variadic
    ]
