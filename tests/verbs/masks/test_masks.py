"""``repscope masks`` as a person and as a script meet it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from repscope.cli.main import app
from repscope.errors import DependencyError, InputError
from repscope.plot.masks.animation import ffmpeg
from repscope.verbs.masks.masks import masks


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["masks", *arguments])


def test_everything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.arange(30 * 40, dtype=np.uint8).reshape(30, 40)).save("grey.png")
    ran = run(
        *("--sampler", "hierarchical", "--sampler", "random", "--grid", "8,10", "--samples", "20"),
        *("--param", "levels=2", "--param", "ratio=0.6", "--image", "grey.png", "--out", "o"),
        *("--animate", "gif,mp4", "--figures", "png", "--json"),
    )
    assert ran.exit_code == 0, ran.output
    record = json.loads(ran.stdout)
    assert record == json.loads(Path("o/masks.json").read_text())
    assert record["schema"] == "repscope.masks/1"
    assert [len(one["levels"]) for one in record["samplers"]] == [2, 1]
    assert record["parameters"] == {"levels": 2, "targets": 4}
    random_ratio = record["samplers"][1]["levels"][0]["measures"][0]
    assert random_ratio["name"] == "masked.ratio"
    assert random_ratio["value"]["value"] == pytest.approx(0.6)
    assert np.shape(record["probability"]) == (8, 10)
    names = {path.name for path in Path("o").iterdir()}
    figures = {"mask", "parts", "picture", "samples", "statistics.0", "statistics.1", "strategies"}
    assert names == {f"{name}.png" for name in figures} | {"masks.json", "masks.gif", "masks.mp4"}
    with Image.open("o/masks.gif") as movie:
        assert movie.n_frames == 16
    again = json.loads(CliRunner().invoke(app, [*record["replay"].split()[1:], "--json"]).stdout)
    assert again["samplers"] == record["samplers"]


def test_a_sampler_of_ones_own_is_seeded_and_leaves_the_generators_alone(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import random\n"
        "def sampler(grid):\n"
        "    print('noise')\n"
        "    return {'targets': [random.sample(range(grid[0] * grid[1]), 5)]}\n"
    )
    random.seed(3)
    expected = random.random()
    random.seed(3)
    one = masks(f"{tmp_path}/own.py:sampler", grid=(4, 4), samples=8, seed=1)
    assert random.random() == expected
    two = masks(f"{tmp_path}/own.py:sampler", grid=(4, 4), samples=8, seed=1)
    assert one.to_json() == two.to_json()
    assert one.to_json() != masks(f"{tmp_path}/own.py:sampler", grid=(4, 4), samples=8, seed=2).to_json()
    assert one.notes == ()


def test_what_no_seed_repeats_is_said() -> None:
    rng = np.random.default_rng()
    found = masks(lambda grid: rng.random(grid) < 0.5, grid=(4, 4), samples=4)
    assert found.notes == ("<lambda>: draws from a source of its own, so that no seed repeats it",)
    assert found.replay == ""


def test_targets_that_the_context_shows_are_accepted_only_if_asked(tmp_path: Path) -> None:
    def sampler(grid: Any) -> Any:
        return {"context": [0, 1, 2], "targets": [[2, 3]]}

    with pytest.raises(InputError, match="sample 0 of sampler"):
        masks(sampler, grid=(2, 2), samples=2)
    found = masks(sampler, grid=(2, 2), samples=2, allow_overlap=True)
    assert found.notes == ("sampler: the context shows 50% of the target tokens",)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--sampler", "multiblok"], "multiblock"),
        (["--sampler", "own.py:none"], "own.py"),
        (["--grid", "14"], "14,14"),
        (["--grid", "a,b"], "14,14"),
        (["--sampler", "tube"], "--grid 8,14,14"),
        (["--sampler", "random", "--param", "ratio=1.5"], "ratio of random"),
        (["--sampler", "random", "--param", "ratio=many"], "ratio of random"),
        (["--param", "scale=[.2,.1]"], "smaller first"),
        (["--param", "speed=2"], "speed"),
        (["--image", "none.png"], "--image"),
        (["--animate", "avi"], "gif"),
        (["--samples", "0"], "greater than"),
    ],
)
def test_mistakes_are_errors(options: list[str], says: str) -> None:
    ran = run(*options)
    assert ran.exit_code in (1, 2)
    assert says in ran.output
    assert "Traceback" not in ran.output


def test_mp4_without_ffmpeg_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(DependencyError, match="repscope\\[video\\]"):
        ffmpeg()


def test_the_film_plays(tmp_path: Path) -> None:
    masks("random", grid=(4, 4), samples=4).save(tmp_path, formats=(), animate=("mp4",))
    ran = subprocess.run(
        [ffmpeg(), "-i", str(tmp_path / "masks.mp4"), "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0
    assert "frame=    4" in ran.stderr
