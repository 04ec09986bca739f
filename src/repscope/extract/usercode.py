"""Running code that is the user's: a model file, a forward pass; and saying where it went wrong."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from repscope.errors import ModelError, RepscopeError

MODULE_PREFIX = "repscope_model_"
"""Of the names under which model files are imported."""

_NOT_THEIRS = (str(Path(__file__).parent), "site-packages", "<frozen", "importlib")


def import_file(file: Path) -> ModuleType:
    """Run a Python file as a module of its own; its folder is importable meanwhile, as for a script."""
    path = file.resolve()
    name = f"{MODULE_PREFIX}{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(path.parent))
    return module


@contextmanager
def blaming(file: Path, expected: str) -> Iterator[None]:
    """Turn an exception of the user's code into a :class:`ModelError` that shows it and its line."""
    try:
        yield
    except RepscopeError:
        raise
    except (Exception, SystemExit) as error:
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
