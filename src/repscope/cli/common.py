"""What all commands share: one error message, JSON on stdout, progress on stderr, exit codes."""

from __future__ import annotations

import io
import json
import os
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer

from repscope.errors import RepscopeError

P = ParamSpec("P")
R = TypeVar("R")

INPUT_ERROR = 1
GATE_FAILED = 3

AsJson = Annotated[
    bool, typer.Option("--json", help="Print the record as JSON on stdout, and nothing else there.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]
Seed = Annotated[
    int, typer.Option("--seed", min=0, help="Seed of everything random; the same seed repeats exactly.")
]
DropUnlinked = Annotated[
    bool, typer.Option("--drop-unlinked", help="Leave out items whose key the reference lacks.")
]
Figures = Annotated[
    str, typer.Option("--figures", help="Formats of the figures, comma-separated; empty for none.")
]
Palette = Annotated[str, typer.Option("--palette", help="default (colour-blind-safe) or classic.")]
Perplexity = Annotated[float, typer.Option("--perplexity", min=1.0, help="Of t-SNE.")]
Resamples = Annotated[int, typer.Option("--resamples", min=100, help="Bootstrap resamples.")]


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Turn expected errors into one message and exit code 1.

    With ``REPSCOPE_DEBUG=1`` the traceback is shown instead.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if os.environ.get("REPSCOPE_DEBUG") == "1":
            return function(*args, **kwargs)
        warnings.showwarning = _show_warning
        for stream in (sys.stdout, sys.stderr):
            # A terminal that cannot show a sign gets its escape, not a traceback.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return function(*args, **kwargs)
        except RepscopeError as error:
            fail(error)
        except MemoryError:
            fail(RepscopeError("enough memory", "none left", "use fewer rows, or a machine with more memory"))
        except BrokenPipeError:
            # The reader of stdout went away (``repscope … | head``): nothing is wrong with the work.
            sys.stderr.close()
            raise typer.Exit(0) from None

    return run


def fail(error: RepscopeError) -> NoReturn:
    """Print one error as expected, got, do; exit with code 1."""
    print("error", file=sys.stderr)
    print(f"  expected  {error.expected}", file=sys.stderr)
    print(f"  got       {error.got}", file=sys.stderr)
    print(f"  do        {error.do}", file=sys.stderr)
    for note in getattr(error, "__notes__", ()):
        print(f"  note      {note}", file=sys.stderr)
    raise typer.Exit(INPUT_ERROR)


def say(text: str, quiet: bool = False) -> None:
    """A line for the person at the terminal (stderr, so that stdout stays a record)."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)


def print_json(record: Any) -> None:
    """The record on stdout. NaN is refused: an undefined value is null with a reason."""
    print(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False))


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)
