"""Running code that is the user's: a model file, a forward pass; and saying where it went wrong."""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from repscope.errors import ModelError, RepscopeError

MODULE_PREFIX = "repscope_model_"
"""Of the names under which model files are imported."""

_NOT_THEIRS = (str(Path(__file__).parent), "site-packages", "<frozen", "importlib")


def import_file(file: Path) -> ModuleType:
    """Run a Python file as a module of its own.

    No bytecode is cached: nothing is written beside the file, and an edit always counts.
    """
    path = file.resolve()
    module = ModuleType(f"{MODULE_PREFIX}{hashlib.sha256(str(path).encode()).hexdigest()[:12]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let a model file import its neighbours, as a script can."""
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(entry)


@contextmanager
def blaming(file: Path, expected: str) -> Iterator[None]:
    """Turn an exception of the user's code into a :class:`ModelError` that shows it and its line.

    Also one that would end the process in silence (``sys.exit()``); an interrupt is the user's own.
    """
    try:
        yield
    except (RepscopeError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise blame(error, expected, f"correct {file.name}") from error


def blame(error: BaseException, expected: str, do: str) -> ModelError:
    """A :class:`ModelError` for an exception raised in the user's code, with its place as a note."""
    text = str(error).strip().partition("\n")[0]
    made = ModelError(expected, f"{type(error).__name__}: {text}" if text else type(error).__name__, do)
    if isinstance(error, SyntaxError):
        made.add_note(f"{error.filename}, line {error.lineno}: {(error.text or '').strip()}")
        return made
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not any(part in frame.filename for part in _NOT_THEIRS)]
    if own:
        made.add_note(f"{own[-1].filename}, line {own[-1].lineno}: {own[-1].line}")
    return made
