"""The picture of photos that may not be in the repository is in the built site, where the photos are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGE = (DOCS / "verbs" / "neighbors.md").read_text(encoding="utf-8")
SENTENCE = "The picture is not here: the photos are no part of the repository"
COMMAND = "python examples/mobilenet_neighbours/make.py PHOTOS WEIGHTS CAPTIONS OUT"
NUMBERS = (
    "Of 36 COCO photos with three neighbours each, the cosine of the words is 0.118, and 0.060 by chance"
)


def make_site(folder: Path, times: int = 1) -> tuple[Path, str, ModuleType]:
    """A site of the page alone, built strictly with the real hook: its folder, the page's text, the hook."""
    pages = folder / "docs" / "verbs"
    pages.mkdir(parents=True)
    start, end = PAGE.index("Without labels"), PAGE.index("## Computed once")
    (pages / "neighbors.md").write_text(f"# neighbors\n\n{PAGE[start:end]}", encoding="utf-8")
    settings = {"site_name": "x", "strict": True, "use_directory_urls": False, "hooks": [f"{DOCS}/hooks.py"]}
    settings |= {"docs_dir": str(folder / "docs"), "site_dir": str(folder / "site"), "plugins": []}
    file = folder / "mkdocs.yml"
    file.write_text(json.dumps(settings), encoding="utf-8")
    config = load_config(str(file))
    for _ in range(times):
        build(config)
    text = (folder / "site" / "verbs" / "neighbors.html").read_text(encoding="utf-8")
    (hook,) = config.hooks.values()
    return folder / "site", " ".join(text.split()), hook


def test_the_site_has_the_picture_where_the_photos_are(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPSCOPE_DATA", str(shared_data))
    before = sorted(DOCS.rglob("*"))
    site, text, hook = make_site(tmp_path, times=2)
    # A server that builds again and again draws once.
    assert hook._neighbours.cache_info()[:2] == (1, 1)
    assert '<img alt="Six photos' in text
    assert 'src="../images/mobilenet-neighbours.png"' in text
    assert NUMBERS in text
    assert SENTENCE not in text
    with Image.open(site / "images" / "mobilenet-neighbours.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    # Four columns and six rows of photos: tall, and full of colours that no chart has.
    assert pixels.shape[0] > 1.5 * pixels.shape[1]
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20_000
    # Neither the repository nor the sources of the site hold it.
    assert sorted(DOCS.rglob("*")) == before
    assert not list((tmp_path / "docs").rglob("*.png"))


def test_the_numbers_on_the_page_are_those_of_the_example(
    shared_data: Path, tmp_path: Path, hooks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPSCOPE_DATA", str(shared_data))
    script = REPOSITORY / "examples" / "mobilenet_neighbours" / "make.py"
    command = [sys.executable, str(script), *map(str, hooks.photos_there()), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    record = json.loads(done.stdout)
    page = " ".join(PAGE.split())
    assert f"Of {record['photos']} COCO photos with three neighbours each" in page
    assert record["k"] == 3
    found = re.search(
        r"the cosine of the words is ([\d.]+), and ([\d.]+) by chance .*?, p = ([\d.]+)\)", page
    )
    assert found
    rounded = (f"{record['caption_cosine']:.3f}", f"{record['by_chance']:.3f}", f"{record['p']:.4f}")
    assert found.groups() == rounded


@pytest.mark.parametrize("lacking", ["all", "weights"])
def test_the_site_says_what_the_picture_needs_where_they_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    data = tmp_path / "data"
    if lacking == "weights":
        (data / "captions" / "coco_val_open" / "images").mkdir(parents=True)
        (data / "captions" / "coco_val_open" / "manifest.csv").write_text("image,caption1\n")
    monkeypatch.setenv("REPSCOPE_DATA", str(data))
    site, text, _ = make_site(tmp_path)
    assert SENTENCE in text
    assert f"<code>{COMMAND}</code> draws it" in text
    assert NUMBERS in text
    assert "<img" not in text
    assert not list(site.rglob("mobilenet-neighbours*"))


def test_a_failure_of_the_example_stops_the_build(tmp_path: Path, hooks: ModuleType) -> None:
    with pytest.raises(RuntimeError, match=r"make\.py failed(.|\n)*no such folder"):
        hooks._neighbours(tmp_path / "photos", tmp_path / "weights", tmp_path / "captions")
