"""What all commands share: one error message, JSON on stdout, progress on stderr, exit codes."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import json
import os
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar, get_type_hints

import typer

from repscope.errors import RepscopeError
from repscope.verbs.common.options import REQUIRED, Options, flag_of, option_of

R = TypeVar("R")

INPUT_ERROR = 1
GATE_FAILED = 3

AsJson = Annotated[
    bool, typer.Option("--json", help="Print the record as JSON on stdout, and nothing else there.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]
StudyFolder = Annotated[Path, typer.Argument(help="Folder of the study.")]

_SEED = Annotated[int, typer.Option("--seed", hidden=True)]
"""Every command takes a seed, also where nothing is random."""


def command(function: Callable[..., R]) -> Callable[..., R]:
    """A command: its options come from the record that it takes, its errors end as one message.

    A parameter whose annotation is a record of options is replaced by the options. They stand at its
    place, but for ``seed``, which comes before ``--json``. Expected errors become one message and exit code
    1; with ``REPSCOPE_DEBUG=1`` the traceback is shown instead.
    """
    own = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    records = [name for name in signature.parameters if _is_record(own[name])]
    parameters = list(_parameters(signature, own))

    @wraps(function)
    def run(*args: Any, **given: Any) -> R:
        if os.environ.get("REPSCOPE_DEBUG") == "1":
            return function(*args, **_with_records(given))
        warnings.showwarning = _show_warning
        for stream in (sys.stdout, sys.stderr):
            # A terminal that cannot show a sign gets its escape, not a traceback.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return function(*args, **_with_records(given))
        except RepscopeError as error:
            fail(error)
        except MemoryError:
            fail(RepscopeError("enough memory", "none left", "use fewer rows, or a machine with more memory"))
        except BrokenPipeError:
            # The reader of stdout went away (``repscope … | head``): nothing is wrong with the work.
            raise typer.Exit(0) from None

    def _with_records(given: dict[str, Any]) -> dict[str, Any]:
        for name in records:
            given[name] = own[name].read(given)
        return {name: value for name, value in given.items() if name in signature.parameters}

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Options)


def _parameters(signature: inspect.Signature, hints: Mapping[str, Any]) -> Iterator[inspect.Parameter]:
    """The parameters of a command: of the function, and of its record."""
    seed = inspect.Parameter("seed", inspect.Parameter.KEYWORD_ONLY, default=0, annotation=_SEED)
    for name, parameter in signature.parameters.items():
        if _is_record(hints[name]):
            for option in _of_record(hints[name]):
                if option.name == "seed":
                    seed = option
                else:
                    yield option
            continue
        if name == "as_json":
            yield seed
        yield parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)


def _of_record(record: type[Options]) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(record)
    for field in dataclasses.fields(record):
        about, hint, default = option_of(field), hints[field.name], field.default
        if about.negated:
            default = False
        elif about.repeated:
            hint, default = list[str] | None, None
        elif about.parse is not None:
            hint, default = (str, about.text(default)) if default and about.text else (str | None, None)
        info = typer.Option(
            *([] if any(flag.startswith("--") for flag in about.flags) else [flag_of(field)]),
            *about.flags,
            metavar=about.metavar,
            min=about.least,
            max=about.most,
            help=about.help,
            rich_help_panel=about.panel,
        )
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if default is REQUIRED else default,
            annotation=Annotated[hint, info],
        )


def fail(error: RepscopeError) -> NoReturn:
    """Print one error as expected, got, do; exit with code 1."""
    say("error")
    say(f"  expected  {error.expected}")
    say(f"  got       {error.got}")
    say(f"  do        {error.do}")
    for note in getattr(error, "__notes__", ()):
        say(f"  note      {note}")
    raise typer.Exit(INPUT_ERROR)


def show(record: Any, lines: Iterable[str], *, as_json: bool, quiet: bool) -> None:
    """What was made, on stdout: its record as JSON, or lines for a person, or nothing."""
    # What was said before stands before, also where neither stream is a terminal.
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    if as_json:
        print_json(record.to_json() if hasattr(record, "to_json") else record)
    elif not quiet:
        print("\n".join(lines), flush=True)


def gate(words: Collection[str], verdicts: Iterable[str], quiet: bool) -> None:
    """Exit with code 3 where a verdict is one of the words of ``--fail-on``."""
    failed = [word for word in verdicts if word in words]
    if failed:
        say(f"gate: the verdict is {failed[0]}", quiet)
        raise typer.Exit(GATE_FAILED)


def say(text: str, quiet: bool = False) -> None:
    """A line for the person at the terminal (stderr, so that stdout stays a record)."""
    if not quiet:
        # Work does not stop because nobody can be told of it.
        with contextlib.suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def print_json(record: Any) -> None:
    """The record on stdout. NaN is refused: an undefined value is null with a reason."""
    print(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False))


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    say(f"warning: {message}")
