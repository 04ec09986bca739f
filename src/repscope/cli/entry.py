"""Around every command: signals, streams that are closed or full, and the exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Any, NoReturn

STOPPED = 128
"""Exit code of a process that a signal stopped, before the signal's number is added, as shells have it."""

_STREAMS = ("stdin", "stdout", "stderr")
_NAMES = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


def main() -> NoReturn:
    """The ``repscope`` command. A signal ends it like an error: locks given back, one line, no traceback."""
    stopped: list[int] = []

    def stop(number: int, _: Any) -> None:
        stopped.append(number)
        raise KeyboardInterrupt

    # Who starts a command in the background may have it ignore Ctrl-C.
    caught = [number for number in _NAMES if signal.getsignal(number) is not signal.SIG_IGN]
    for number in caught:
        signal.signal(number, stop)
    code: Any = STOPPED + signal.SIGINT
    out = _Stream.of_stdout()
    try:
        # What the commands need takes most of the first second.
        from repscope.cli.main import app

        app(prog_name="repscope")
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        # Otherwise Python, which has seen one go by, ends itself with the signal in place of the code.
        exec("")
    except OSError:
        if not out.failed:
            raise
        code = 1
    for number in caught:
        signal.signal(number, signal.SIG_DFL)
    if stopped and code:
        exec("")
        code = STOPPED + stopped[0]
        _say(f"{_NAMES[signal.Signals(stopped[0])]}; what was committed is kept")
    raise SystemExit(_close(out, code))


class _Stream(io.TextIOWrapper):
    """Standard output that remembers why it did not take what was written."""

    failed = ""

    @classmethod
    def of_stdout(cls) -> _Stream:
        """In place of ``sys.stdout``."""
        for number, name in enumerate(_STREAMS):
            if getattr(sys, name) is None:
                # It was closed. It leads nowhere now: the first file opened would take its number.
                _lead_nowhere(number)
                setattr(sys, name, open(number, "w" if number else "r"))  # noqa: SIM115, PTH123  # never closed
        old: Any = sys.stdout
        how = {"encoding": old.encoding, "errors": old.errors, "line_buffering": old.line_buffering}
        sys.stdout = new = cls(old.detach(), **how)
        return new

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._remember(error)
            raise

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._remember(error)
            raise

    def _remember(self, error: OSError) -> None:
        # A reader that went away (``repscope … | head``) is no fault.
        if not isinstance(error, BrokenPipeError):
            self.failed = error.strerror or str(error)


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def _close(out: _Stream, code: Any) -> Any:
    """Write what waits in the streams; the exit code, 1 where standard output did not take it."""
    try:
        out.flush()
    except (OSError, ValueError):
        _lead_nowhere(1)
    if out.failed:
        _say(
            "error\n  expected  a standard output that takes what is written\n"
            f"  got       {out.failed}\n  do        write elsewhere; what the command committed is kept"
        )
        code = code or 1
    _say("", end="")
    return code


def _say(text: str, end: str = "\n") -> None:
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _lead_nowhere(2)
