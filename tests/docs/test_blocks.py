"""Every code block of README.md and docs/ is run, page by page; CONTRIBUTING.md has ``test_adding.py``.

``python``
    Runs in one namespace a page. With a ``title`` it is a file that is written instead.
    A ``text`` block right behind it is what it prints.
``console``
    Lines after ``$`` are commands, ``>`` continues one; the lines below are what they print (stdout and
    stderr). A plain ``repscope …`` runs in this process; a line with pipes, globs or other commands in bash.
``toml``, ``csv``
    With a ``title``: a file that is written.
``sh``
    Not run; see ``NOT_RUN``.

``<!-- set-up: python`` … ``-->`` is a block that the reader does not see. In output, ``…`` stands for any
text, and on a line of its own for any lines.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from repscope.cli.main import app

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [
    "README.md",
    *sorted(str(p.relative_to(REPOSITORY)) for p in REPOSITORY.glob("docs/**/*.md")),
]
"""Pages whose blocks are run. Those of CONTRIBUTING.md are files; ``test_adding.py`` adds them."""

LONG = {
    *("docs/recursive.md", "docs/training-callbacks.md"),
    *(
        f"docs/verbs/{one}.md"
        for one in ("inside", "landscape", "predictions", "quantise", "segment", "view")
    ),
}
"""Pages that train or draw for ten seconds and more; ``make test-long`` runs them."""

NOT_RUN = {
    "sh": "installs packages, or runs everything for minutes, or needs the reader's own files",
}
"""Languages that are not run, and why. What such a block may begin with is in ``HARMLESS``."""

HARMLESS = (
    "make ",
    "pip install ",
    "pip uninstall ",
    "python3 -m venv ",
    "python -m repscope.testing.confusion",
    "python -m repscope.testing.drifts",
    "git ",
    "repscope demo",
)

FILES = ("toml", "csv")

TERMINAL = {"COLUMNS": "100", "NO_COLOR": "1"}

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=indent)``` *$", re.MULTILINE | re.DOTALL
)
HIDDEN = re.compile(r"^<!-- set-up: (?P<info>[a-z]+)\n(?P<body>.*?)^-->$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A code block: its language, title, text, and where it is."""

    language: str
    title: str
    body: str
    place: str
    follows: bool
    """Nothing but blank lines stands between the block before and this one."""


class BlockError(AssertionError):
    """A block that cannot be run, or does not do what it shows."""


def blocks_of(text: str, page: str) -> Iterator[Block]:
    found = sorted([*FENCE.finditer(text), *HIDDEN.finditer(text)], key=lambda match: match.start())
    fences = len(re.findall(r"^ *```", text, re.MULTILINE))
    if fences != 2 * sum(match.re is FENCE for match in found):
        raise BlockError(f"{page}: {fences} fences do not pair up")
    end = 0
    for match in found:
        info = match["info"].strip()
        title = TITLE.search(info)
        indent = len(match["indent"]) if match.re is FENCE else 0
        body = "".join(
            line[indent:] if line.strip() else "\n" for line in match["body"].splitlines(keepends=True)
        )
        line = text.count("\n", 0, match.start()) + 1
        yield Block(
            info.partition(" ")[0],
            title[1] if title else "",
            body,
            f"{page}:{line}",
            not text[end : match.start()].strip(),
        )
        end = match.end()


class Page:
    """Runs the blocks of one page in one folder."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.environment = {
            **os.environ,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            **TERMINAL,
        }

    def run(self, blocks: list[Block]) -> None:
        for index, block in enumerate(blocks):
            after = blocks[index + 1] if index + 1 < len(blocks) else None
            printed = after.body if after and after.language == "text" and after.follows else None
            self.run_one(block, printed, blocks[index - 1] if index else None)

    def run_one(self, block: Block, printed: str | None, before: Block | None) -> None:
        if block.title:
            if block.language not in ("python", *FILES):
                raise BlockError(f"{block.place}: a {block.language!r} block is no file")
            target = self.folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            self.python(block, printed)
        elif block.language == "console":
            self.console(block)
        elif block.language == "text":
            if not (block.follows and before and before.language == "python" and not before.title):
                raise BlockError(
                    f"{block.place}: a text block is the output of the python block right above it"
                )
        elif block.language in NOT_RUN:
            check_harmless(block)
        else:
            raise BlockError(
                f"{block.place}: {block.language!r} blocks are neither run nor listed in NOT_RUN"
            )

    def python(self, block: Block, printed: str | None) -> None:
        out = io.StringIO()
        code = compile(block.body, block.place, "exec")
        with contextlib.redirect_stdout(out), contextlib.chdir(self.folder), importable(self.folder):
            exec(code, self.names)
        if printed is not None:
            compare(printed, out.getvalue(), block.place)

    def console(self, block: Block) -> None:
        for command, expected in commands_of(block):
            arguments = plain(command)
            code, printed = self.bash(command) if arguments is None else self.here(arguments)
            if code:
                raise BlockError(f"{block.place}: exit code {code} of {command}\n{printed}")
            if expected:
                compare(expected, printed, f"{block.place}: {command}")

    def bash(self, command: str) -> tuple[int, str]:
        """Exit code, and what was printed."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout

    def here(self, arguments: list[str]) -> tuple[int, str]:
        """The same of ``repscope`` in this process: what is printed arrives in the order of the program."""
        with (
            contextlib.chdir(self.folder),
            importable(self.folder),
            patch.object(sys, "argv", ["repscope", *arguments]),
            warnings.catch_warnings(),
        ):
            done = CliRunner().invoke(app, arguments, prog_name="repscope", env=TERMINAL)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output


@contextlib.contextmanager
def importable(folder: Path) -> Iterator[None]:
    """What a page wrote can be imported by its later blocks, and by no other page."""
    known = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]


def plain(command: str) -> list[str] | None:
    """The arguments of ``repscope``, if a line is nothing else; None if it needs a shell."""
    words = shlex.shlex(command, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    first, *arguments = words
    needs_shell = any(set(word) <= set("();<>|&") for word in arguments) or re.search(r"[*?$`\n]", command)
    return arguments if first == "repscope" and not needs_shell else None


def check_harmless(block: Block) -> None:
    for line in block.body.splitlines():
        if line.strip() and not line.startswith(HARMLESS):
            raise BlockError(
                f"{block.place}: {line!r} in a block that is not run; make it console, or list it"
            )


def commands_of(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what is shown below it."""
    command, shown = "", []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, "\n".join(shown).strip("\n")
            command, shown = line[2:], []
        elif command.endswith("\\"):
            command = f"{command[:-1]}{line.strip()}"
        elif line.startswith("> ") and not shown:
            command = f"{command}\n{line[2:]}"
        elif not command:
            raise BlockError(f"{block.place}: output before the first command: {line!r}")
        else:
            shown.append(line)
    yield command, "\n".join(shown).strip("\n")


def compare(expected: str, found: str, place: str) -> None:
    """Equal but for space at the ends of lines and what stands for any text."""
    lines = [re.escape(line.rstrip()).replace("…", ".*?") for line in expected.strip("\n").splitlines()]
    pattern = "".join("(?:.*\n)*?" if line == ".*?" else f"{line}\n" for line in lines)
    text = "".join(f"{line.rstrip()}\n" for line in found.strip("\n").splitlines())
    if not re.fullmatch(pattern, text):
        raise BlockError(f"{place} shows\n{expected.strip()}\nand does\n{found.strip()}")


@pytest.fixture(scope="session")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``repscope`` and ``python`` of the interpreter that runs the tests."""
    folder = tmp_path_factory.mktemp("bin")
    for name, arguments in (("repscope", "-m repscope "), ("python", "")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n')
        script.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    "page", [pytest.param(one, marks=pytest.mark.long if one in LONG else ()) for one in PAGES]
)
def test_every_block_of_the_page_does_what_it_shows(page: str, tmp_path: Path, bin_folder: Path) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    Page(tmp_path, bin_folder).run(list(blocks_of(text, page)))


def _run(text: str, tmp_path: Path, bin_folder: Path) -> None:
    Page(tmp_path, bin_folder).run(list(blocks_of(text, "page.md")))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```ruby\nputs 1\n```", "neither run nor listed"),
        ("```\nplain\n```", "neither run nor listed"),
        ("```python\nprint(1)\n```\n\n```text\n2\n```", "shows"),
        ("```python\nprint(1)\n```\nwords\n```text\n1\n```", "is the output of"),
        ("```console\n$ echo one\ntwo\n```", "shows"),
        ("```console\n$ false\n```", "exit code 1"),
        ("```console\nrepscope\n```", "before the first command"),
        ("```sh\nrm -rf here\n```", "not run"),
        ("```python\nprint(1)\n", "do not pair up"),
        ('```json title="a.json"\n{}\n```', "is no file"),
    ],
)
def test_a_block_that_is_not_run_or_is_wrong_fails(
    text: str, why: str, tmp_path: Path, bin_folder: Path
) -> None:
    with pytest.raises(BlockError, match=re.escape(why)):
        _run(text, tmp_path, bin_folder)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("repscope info s", ["info", "s"]),
        ('repscope info "my study" --verify', ["info", "my study", "--verify"]),
        ("repscope info s | grep x", None),
        ("repscope info s; echo $?", None),
        ("repscope info s > file", None),
        ("repscope info s && ls", None),
        ("repscope import *.npz", None),
        ("for g in 1 2; do repscope info $g; done", None),
        ("repscope info s\nrepscope info t", None),
        ("ls", None),
    ],
)
def test_a_plain_command_runs_here(command: str, arguments: list[str] | None) -> None:
    assert plain(command) == arguments


@pytest.mark.parametrize(
    "command", ["repscope --version", "repscope info nowhere", "repscope measures recall@1"]
)
def test_here_and_in_a_process_of_its_own_are_the_same(
    command: str, tmp_path: Path, bin_folder: Path
) -> None:
    page = Page(tmp_path, bin_folder)
    arguments = plain(command)
    assert arguments is not None
    assert page.here(arguments) == page.bash(command)


def test_a_python_block_that_raises_fails(tmp_path: Path, bin_folder: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        _run("```python\n1 / 0\n```", tmp_path, bin_folder)


def test_blocks_of_a_page_share_names_files_and_folder(tmp_path: Path, bin_folder: Path) -> None:
    page = """\
<!-- set-up: python
hidden = 20
-->
```python title="one.py"
ONE = 1
```

1. indented

    ```python
    from pathlib import Path
    Path("two").write_text(str(hidden))
    print("a", "b", sep="\\n")
    ```

    ```text
    a
    …
    ```

```console
$ cat two; echo
20
$ grep -c \\
    ONE one.py
1
$ repscope --version
0.…
```
"""
    _run(page, tmp_path, bin_folder)
