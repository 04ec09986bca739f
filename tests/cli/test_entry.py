"""Signals, streams that are closed or full, and user code that ends the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repscope.study import Study
from repscope.verbs.extract.extract import extract
from repscope.verbs.layers.layers import layers

PROGRAM = [sys.executable, "-m", "repscope"]
MODEL = """
import sys, time
from torch import nn
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 4)
    def forward(self, x):
        {act}
        return self.a(x.mean((2, 3)))
"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(40):
        pixels = np.random.default_rng(index).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02d}.png")
    return folder


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = line.replace("repscope", " ".join(PROGRAM))
    return subprocess.run(["bash", "-c", line], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("repscope measures > /dev/full", 1, "No space left on device"),
        ("repscope measures --json > /dev/full", 1, "No space left on device"),
        ("repscope info none 2> /dev/full", 1, ""),
        ("repscope --help > /dev/full", 1, "No space left on device"),
        ("repscope measures >&-", 0, ""),
        ("repscope info none 2>&-", 1, ""),
        ("repscope measures | head -1; exit ${PIPESTATUS[0]}", 0, ""),
        ("repscope measures --json | head -c 5; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_no_traceback_for_a_stream_that_is_closed_or_full(
    tmp_path: Path, line: str, code: int, said: str
) -> None:
    ran = shell(line, tmp_path)
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_ends_the_work_with_a_line_and_gives_locks_back(
    photos: Path, tmp_path: Path, number: signal.Signals, code: int, said: str
) -> None:
    (tmp_path / "model.py").write_text(MODEL.format(act="time.sleep(.05)"))
    options = ["--study", "s", "--model", "model.py:M", "--as", "x", "--shard-rows", "2", "--device", "cpu"]
    command = [*PROGRAM, "extract", str(photos), *options]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        folder = tmp_path / "s" / "sets" / "x"
        while not (folder / "manifest.json").exists() or Study.open(tmp_path / "s").manifest("x").n < 4:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.01)
        assert (folder / ".writer.lock").exists()
        process.send_signal(number)
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == code
    assert err.splitlines()[-1] == f"{said}; what was committed is kept"
    assert "Traceback" not in err
    assert not list(folder.glob(".writer*"))
    assert 4 <= Study.open(tmp_path / "s").manifest("x").n < 40


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_first_second(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """While the commands are still being imported: the import itself sends the signal."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'repscope.cli.bridge':\n"
        f"            os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    ran = subprocess.run([*PROGRAM, "measures"], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stderr
    assert ran.stderr.count("\n") == 1, ran.stderr


@pytest.mark.parametrize(
    "act", ["sys.exit(3)", "raise SystemExit(0)", "raise GeneratorExit", "raise BaseException('x')"]
)
def test_code_that_ends_the_process_is_an_error_of_the_model(
    photos: Path, tmp_path: Path, act: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from repscope.cli.main import app
    from repscope.errors import ModelError

    file = tmp_path / "model.py"
    file.write_text(MODEL.format(act=act))
    arguments = ["extract", str(photos), "--study", str(tmp_path / "s"), "--model", f"{file}:M"]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 1
    assert ran.stderr.startswith("error\n  expected  the model to run on")
    assert act in ran.stderr
    with pytest.raises(ModelError, match="the model to run"):
        layers(f"{file}:M")
    file.write_text(f"import sys\ndef build():\n    {act}\n")
    with pytest.raises(ModelError, match="to return a model"):
        extract(photos, f"{file}:build", study=tmp_path / "s")
    file.write_text(f"import sys\n{act}\n")
    with pytest.raises(ModelError, match="imported without an error"):
        extract(photos, f"{file}:build", study=tmp_path / "s")


def test_an_interrupt_in_the_model_is_no_error_of_it(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(MODEL.format(act="raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        extract(photos, f"{file}:M", study=tmp_path / "s")
    assert not list((tmp_path / "s").rglob(".writer*"))
