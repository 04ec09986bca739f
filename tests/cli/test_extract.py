from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.cli.progress import ExtractionLines
from repscope.study import Study
from repscope.text.progress import Progress

MODEL = """
import torch
from torch import nn

print("a model file that prints")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.adapter = nn.Linear(3, 3)
        self.gate = Gate()
        self.spare = nn.Linear(2, 2)

    def forward(self, x):
        return self.gate(self.adapter(x.mean((2, 3))))[0]

class Gate(nn.Module):
    def forward(self, x):
        return {"a": x, "b": x}, None

    def __call__(self, x):
        super().__call__(x)
        return (x,)

class Nan(nn.Module):
    def forward(self, x):
        return x.mean((2, 3)) / 0

def build():
    return Net()

def raising():
    raise ValueError("no such width")
"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for index in range(4):
        folder = tmp_path / "photos" / ("cat", "dog")[index % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index} é.png")
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path / "photos"


@pytest.fixture
def run(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, source: str = "photos", model: str = "model.py:build") -> Any:
        options = ["--study", "my study", "--model", model, "--device", "cpu"]
        return CliRunner().invoke(app, ["extract", source, *options, *arguments])

    return call


def test_before_and_after_an_adapter_without_editing_the_model(run: Callable[..., Any]) -> None:
    points = ("--capture", "adapter:input=visual_before", "--capture", "adapter:output=visual_after")
    result = run(*points, "--json")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["schema"] == "repscope.extraction/1"
    assert [(one["name"], one["n"], one["d"]) for one in record["sets"]] == [
        ("visual_before", 4, 3),
        ("visual_after", 4, 3),
    ]
    assert not record["already_there"]
    study = Study.open("my study")
    assert study["visual_before"].ids.tolist() == study["visual_after"].ids.tolist()
    assert study["visual_before"].ids[0] == "cat/0 é.png"
    assert "a model file that prints" in result.stderr
    again = run(*points)
    assert again.exit_code == 0
    assert again.stdout == ""
    assert "already there" in again.stderr
    other = run(*points, "--batch-size", "2")
    assert other.exit_code == 1
    assert "--overwrite" in other.stderr
    replaced = run(*points, "--batch-size", "2", "--overwrite", "--quiet")
    assert replaced.exit_code == 0
    assert "visual_after" not in replaced.stderr


def test_what_was_skipped_is_said(run: Callable[..., Any], photos: Path) -> None:
    (photos / "cat" / "zz.jpg").write_bytes(b"\xff\xd8\xff")
    (photos / "notes.txt").write_text("x")
    result = run()
    assert result.exit_code == 0
    assert "1 skipped" in result.stderr
    assert "skipped cat/zz.jpg: " in result.stderr
    assert "1 files that are no images were ignored" in result.stderr
    assert "pixels are in [0, 1]" in result.stderr
    strict = run("--as", "other", "--strict")
    assert strict.exit_code == 1
    assert "cat/zz.jpg" in strict.stderr


def weights_of_another_architecture(folder: Path) -> str:
    torch.save({"state_dict": {"module.fc.weight": torch.zeros(2, 2)}}, folder / "other.pt")
    return "other.pt"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"source": "nowhere"}, ["no such folder"]),
        ({"source": "empty"}, ["an empty folder"]),
        ({"source": "model.py"}, ["a folder of images", "a file"]),
        ({"source": "broken"}, ["none (x.png: an empty file)"]),
        ({"model": "none.py:build"}, ["no such file"]),
        ({"model": "model.py:bild"}, ["no such name", "build"]),
        ({"model": "model.py:raising"}, ["ValueError: no such width", "note", "line 33", "raise ValueError"]),
        ({"model": "model.py:torch"}, ["an object of type module"]),
        ({"model": "resnet50"}, ["FILE.py:callable"]),
        ({"model": "hf:photos"}, ["no config.json"]),
        ({"model": "hf:nowhere"}, ["no such folder"]),
        ({"model": "model.py:Nan"}, ["NaN or Inf", "cat/0 é.png"]),
        ({"options": ["--weights", "none.pt"]}, ["no such file"]),
        (
            {"options": ["--weights", "other.pt"]},
            ["keys missing", "adapter.weight", "1 unexpected (module.fc.weight)"],
        ),
        ({"options": ["--capture", "adaptor"]}, ["matches nothing", "choose one of adapter"]),
        ({"options": ["--capture", "spare"]}, ["never called"]),
        ({"options": ["--capture", "gate"]}, ["tuple of (dict of (a: Tensor[2, 3]", ":output.1"]),
        ({"options": ["--capture", "adapter=../x"]}, ["'../x'"]),
        ({"options": ["--capture", "adapter=a", "--capture", "gate=a"]}, ["both for set 'a'"]),
        ({"options": ["--capture", "adapter:inside"]}, ["'adapter:inside'"]),
        ({"options": ["--device", "tpu"]}, ["a device of this machine"]),
        ({"options": ["--dtype", "int4"]}, ["float32, float16"]),
        ({"options": ["--pool", "median"]}, ["cls, mean, max"]),
        ({"options": ["--crop", "big"]}, ["--crop"]),
        ({"options": ["--limit", "0"]}, ["--limit"]),
    ],
)
def test_bad_input_is_one_message(
    run: Callable[..., Any], tmp_path: Path, change: dict[str, Any], says: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.png").write_bytes(b"")
    weights_of_another_architecture(tmp_path)
    options = change.pop("options", [])
    result = run(*options, **change)
    assert result.exit_code == 1
    assert result.stdout == ""
    for words in (*says, "expected", "do"):
        assert words in result.stderr, result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("my study").exists() or not [
        name for name in Study("my study") if Study("my study").manifest(name).n
    ]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_without_cuda(run: Callable[..., Any]) -> None:
    result = run("--device", "cuda")
    assert result.exit_code == 1
    assert "(cpu)" in result.stderr


def test_usage_errors_exit_with_two(run: Callable[..., Any]) -> None:
    assert CliRunner().invoke(app, ["extract", "photos"]).exit_code == 2
    assert run("--batch-size", "many").exit_code == 2


BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "transformers":
            raise ModuleNotFoundError("No module named 'transformers'", name="transformers")

sys.meta_path.insert(0, Blocker())
from repscope.cli.main import app
app()
"""


def test_without_transformers_the_install_line_is_given(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "config.json").write_text('{"model_type": "vit"}')
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            BLOCKED,
            "extract",
            str(photos),
            "--study",
            "s",
            "--model",
            f"hf:{tmp_path}/hf",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "pip install 'repscope[models]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_broken_torchvision_is_named(tmp_path: Path, photos: Path) -> None:
    pytest.importorskip("transformers")
    fake = tmp_path / "site"
    (fake / "torchvision").mkdir(parents=True)
    reason = "operator torchvision::nms does not exist"
    (fake / "torchvision" / "__init__.py").write_text(f"raise RuntimeError({reason!r})\n")
    about = fake / "torchvision-0.28.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n")
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "config.json").write_text('{"model_type": "vit"}')
    path = os.pathsep.join([str(fake), *filter(None, sys.path)])
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "repscope",
            "extract",
            str(photos),
            "--study",
            "s",
            "--model",
            f"hf:{tmp_path}/hf",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "pip uninstall torchvision" in ran.stderr, ran.stderr
    assert "Traceback" not in ran.stderr


def test_help_has_an_example_and_loads_no_torch() -> None:
    code = (
        "import sys\nfrom repscope.cli.main import app\n"
        "try:\n    app(['extract', '--help'])\nexcept SystemExit:\n    pass\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules, 'heavy imports for --help'"
    )
    env = {**os.environ, "COLUMNS": "120"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Example: repscope extract" in ran.stdout


def test_progress_without_a_terminal_is_sparse(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 103.0, 111.0, 112.0, 130.0])
    monkeypatch.setattr("repscope.cli.progress.time.monotonic", lambda: next(clock))
    show = ExtractionLines()
    for done in (40, 60, 120, 130, 240):
        show(Progress("extract", done, 400, committed=32))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "continued after 32 of 400 images",
        "120 of 400 images, 7.3 a second, 38 s left",
        "240 of 400 images, 6.7 a second, 24 s left",
    ]


def test_a_dry_run_writes_a_picture_and_no_set(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("file,kind\nphotos/cat/0 é.png,a\ngone.png,b\nphotos/dog/1 é.png,c\n")
    result = run("--dry-run", "--as", "x", "--out", "pictures/first.png", "--json", source="list.csv")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["schema"] == "repscope.extraction-plan/1"
    assert record["sources"][0]["first"] == ["photos/cat/0 é.png", "gone.png", "photos/dog/1 é.png"]
    assert record["sources"][0]["shape"] == [2, 3, 8, 8]
    assert record["contact_sheet"] == "pictures/first.png"
    with Image.open(tmp_path / "pictures" / "first.png") as sheet:
        assert sheet.format == "PNG"
    assert "would skip    gone.png: No such file or directory" in result.stderr
    assert "would fill x" in result.stderr
    assert "nothing was written to the study" in result.stderr
    assert not (tmp_path / "my study").exists()
    assert run("--dry-run", "--quiet").stderr == "a model file that prints\n"
    assert (tmp_path / "contact_sheet.png").is_file()
    alone = run("--out", "x.png")
    assert alone.exit_code == 1
    assert "add --dry-run" in alone.stderr


def test_a_list_of_images_with_its_columns(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "x.odd").write_text("key\twhere\n7\tcat/0 é.png\n8\tdog/1 é.png\n")
    options = ("--source-kind", "table", "--path-column", "where", "--id-column", "key", "--images", "photos")
    result = run(*options, "--as", "x", source="lists/x.odd")
    assert result.exit_code == 0, result.stderr
    rows = Study.open(tmp_path / "my study")["x"]
    assert list(rows.ids) == ["7", "8"]
    assert list(rows.column("where")) == ["cat/0 é.png", "dog/1 é.png"]
    # The command in the provenance is the one that continues.
    typed = rows.provenance["command"]
    assert "--source-kind table --path-column where --id-column key --images photos" in typed
    assert "nothing to do" in run(*options, "--as", "x", source="lists/x.odd").stderr


def test_boxes_and_options_of_other_sources(run: Callable[..., Any], tmp_path: Path) -> None:
    pairs = {"boxes_h": [[1, 1, 4, 4]], "boxes_o": [[3, 3, 8, 8]], "hoi": [0], "verb": [0], "object": [0]}
    names = {"filenames": ["0 é.png"], "objects": ["dog"], "verbs": ["hold"]}
    (tmp_path / "hoi.json").write_text(json.dumps({"annotation": [pairs], **names}))
    cut = ("--images", "photos/cat", "--regions", "human, union", "--resize", "4,4", "--as", "crops")
    result = run(*cut, source="hoi.json")
    assert result.exit_code == 0, result.stderr
    assert list(Study.open(tmp_path / "my study")["crops"].ids) == ["0 é.png#0:human", "0 é.png#0:union"]
    for options, words in [
        (("--regions", "human"), "leave --regions out"),
        (("--array", "x"), "leave --array out"),
        (("--templates", "a {}"), "leave --templates out"),
        (("--text-column", "x"), "leave --text-column out"),
        (("--text-column", "x", "--text-column", "y"), "leave --text-column out"),
        (("--source-kind", "video"), "--source-kind among"),
        (("--regions", ","), "--regions with names"),
    ]:
        refused = run(*options)
        assert refused.exit_code == 1
        assert words in refused.stderr


def test_a_folder_is_paired_with_its_captions_by_key(photos: Path, tmp_path: Path) -> None:
    generation = tmp_path / "run_gen_4"
    for number in (0, 2, 3):
        file = generation / f"{number:05d}.png"
        file.parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4), (60 * number,) * 3).save(file)
    table = tmp_path / "captions.csv"
    table.write_text("index,caption\n3,snow\n0,a bear\n1,a dog\n")
    (tmp_path / "m.py").write_text(MODEL)
    words = [
        "extract",
        str(generation),
        "--study",
        str(tmp_path / "s"),
        "--model",
        f"{tmp_path / 'm.py'}:build",
    ]
    words += ["--as", "gen_4", "--capture", "adapter"]
    words += ["--id", "number", "--items", str(table), "--id-column", "index"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.stderr
    assert "skipped 1: no image of this id in run_gen_4" in shown.stderr
    assert "skipped 2: no row with index '2' in captions.csv" in shown.stderr
    found = Study.open(tmp_path / "s").verify("gen_4")
    assert list(found.ids) == ["3", "0"]
    assert found.items.column("caption").to_pylist() == ["snow", "a bear"]
    again = CliRunner().invoke(app, words)
    assert "already there" in again.stderr
    # The command that the manifest keeps repeats the extraction.
    command = found.provenance["command"]
    assert f"--id-column index --id number --items {table}" in command
    stopped = CliRunner().invoke(app, [*words, "--overwrite", "--strict"])
    assert stopped.exit_code == 1
    assert "no image of this id" in stopped.stderr
