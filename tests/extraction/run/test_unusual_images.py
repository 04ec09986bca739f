"""Images of 16 bits that hold 12 are said, and stacks; pipes among images are skipped."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.extraction.run.unusual_images import KEY, SixteenBit
from repscope.study import Study


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    for index, top in enumerate((4095, 65535, 4095, 255)):
        ramp = np.linspace(0, top, 64).astype(np.uint8 if top == 255 else np.uint16).reshape(8, 8)
        Image.fromarray(ramp).save(photos / f"{index}.png")
    (photos / "old.tga").write_bytes(b"x")
    Path("m.py").write_text(
        "from torch import nn\nclass M(nn.Module):\n    def forward(self, x): return x.mean((2, 3))\n"
    )
    return photos


def run(*options: str) -> dict[str, object]:
    arguments = ["extract", "photos", "--study", "s", "--model", "m.py:M", "--as", "x", "--json", *options]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.stderr
    record: dict[str, object] = json.loads(ran.stdout)
    return record


NOTE = "2 of 3 images of 16 bits hold at most 12: no value beyond 4,095 (0.png, 2.png)"


def test_twelve_bits_are_said_and_recorded(folder: Path) -> None:
    for _ in range(2):
        # Also by the run that finds everything there.
        notes = run("--shard-rows", "2")["notes"]
        assert isinstance(notes, list)
        assert sum(note.startswith(NOTE) for note in notes) == 1
    assert sum("1 .tga" in note for note in notes) == 1
    assert Study.open("s")["x"].provenance[KEY] == {
        "images": 3, "dark": 2, "largest": 65535, "examples": ["0.png", "2.png"],
    }  # fmt: skip
    notes = run("--dry-run")["notes"]
    assert isinstance(notes, list)
    assert sum(note.startswith(NOTE) for note in notes) == 1


def test_bright_images_say_nothing(folder: Path) -> None:
    for name in ("0.png", "2.png"):
        (folder / name).unlink()
    notes = run()["notes"]
    assert isinstance(notes, list)
    assert not any("16 bits" in note for note in notes)


def test_a_pipe_among_the_images_is_skipped(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    sets = run()["sets"]
    assert isinstance(sets, list)
    assert sets[0]["skipped"] == [{"id": "pipe.png", "reason": "a pipe, no regular file"}]
    assert sets[0]["n"] == 4


@pytest.mark.parametrize("record", [None, {}, {"images": "3"}, [], {"images": 1, "dark": 1, "largest": 2}])
def test_other_records_are_no_obstacle(record: object) -> None:
    assert isinstance(SixteenBit.of({KEY: record}).note(), str)


def test_a_stack_is_said_and_its_first_frame_taken(folder: Path) -> None:
    frames = [Image.new("RGB", (8, 8), (red, 0, 0)) for red in (255, 0, 0)]
    for name in ("slices.tif", "cat.gif"):
        frames[0].save(folder / name, save_all=True, append_images=frames[1:])
    frames[0].save(folder / "one.gif")
    frames[0].save(folder / "photo.jpg", format="MPO", save_all=True, append_images=frames[1:])
    said = "2 images have several frames (cat.gif, slices.tif), and the first was taken"
    for options in (("--dry-run",), ("--shard-rows", "2"), ("--shard-rows", "2")):
        notes = run(*options)["notes"]
        assert isinstance(notes, list)
        assert sum(note.startswith(said) for note in notes) == 1
    found = Study.open("s")["x"]
    rows = {name: row for name, row in zip(found.ids, found.vectors, strict=True) if "." in name}
    assert rows["slices.tif"][0] == rows["photo.jpg"][0].round() == 1
    assert found.provenance["first_frames"] == {"images": 2, "examples": ["cat.gif", "slices.tif"]}
