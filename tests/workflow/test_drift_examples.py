"""The examples of drift do what their pages say, on a shortened run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

import repscope as rs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def load(folder: str, file: str = "run") -> ModuleType:
    name = f"example_{folder}_{file}"
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / folder / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def one_thread() -> object:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_a_generator_of_its_own_images_collapses_and_the_others_do_not(tmp_path: Path) -> None:
    made = load("recursive_generator")
    # Fewer generations of the usual autoencoder (beta 1), which blurs more and so collapses sooner.
    short = made.Settings(generations=3, prompts=120, beta=1.0, steps=400)
    found = made.main(tmp_path, settings=short, measures=("rank", "modes"))
    assert found.verdicts["recursive"] == "collapsing"
    assert found.verdicts["accumulate"] == "contracting"
    assert found.verdicts["baseline"] in {"stable", "inconclusive", "drifting"}
    spread = {name: one.series["spread.total"].pair(0, 3).change.value for name, one in found.groups.items()}
    assert spread["recursive"] < 0.05
    assert 0.3 < spread["accumulate"] < 0.9
    assert 0.9 < spread["baseline"] < 1.2
    assert (tmp_path / "report" / "figures" / "generation_examples.png").is_file()
    assert len(list((tmp_path / "recursive_gen_3").glob("*.png"))) == 120
    for group in ("accumulate", "baseline"):
        first, own = tmp_path / "recursive_gen_0" / "00007.png", tmp_path / f"{group}_gen_0" / "00007.png"
        assert first.read_bytes() == own.read_bytes()
    # Pictures of the last generation are alike; those of the first are not.
    last = np.stack([np.asarray(Image.open(one)) for one in (tmp_path / "recursive_gen_3").glob("*.png")])
    begun = np.stack([np.asarray(Image.open(one)) for one in (tmp_path / "recursive_gen_0").glob("*.png")])
    assert last.std(axis=0).mean() < 0.2 * begun.std(axis=0).mean()
    assert len(list(made.table(found))) == 3


@pytest.mark.usefixtures("one_thread")
def test_the_same_seed_draws_the_same_images() -> None:
    made = load("recursive_generator")
    parts = sys.modules["generator"]
    images = torch.rand(64, 16, generator=torch.Generator().manual_seed(3))

    def drawn(seed: int) -> torch.Tensor:
        options = {"latent": 2, "beta": 1.0, "steps": 20}
        return parts.train_generator(images, **options, seed=seed).draw(parts.noise(5, 2, seed=1))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    assert made.seed_of(0, 1, 2) == made.seed_of(0, 1, 2) != made.seed_of(0, 2, 1)


def test_degraded_photos_are_followed_by_number(shared_data: Path, tmp_path: Path) -> None:
    made = load("degraded_coco")
    ways = {"jpeg": (made.jpeg, (30, 2)), "colour": (made.colour, (0.5, 0.0))}
    weights = shared_data / "weights" / "mobilenet" / "mobilenet_v2.torchvision.fp16.safetensors"
    found = made.main(shared_data / "captions" / "coco_val_open", weights, tmp_path, ways, measures=())
    assert set(found.groups) == {"jpeg", "colour"}
    for name, one in found.groups.items():
        assert one.n == 36
        # Each step goes further from the photos, and the last one so far that chance does not read it.
        near, far = (one.move(0, stage).relative.value for stage in (1, 2))
        assert near < far, name
        assert one.move(0, 2).p < 0.01
        assert one.verdict.word not in {"stable", "inconclusive"}
    photos = rs.Study(tmp_path / "study").verify("photos_gen_0")
    row = list(photos.ids).index("285")
    assert "bear" in photos.items.column("caption1").to_pylist()[row]
    assert photos.items.column("path").to_pylist()[row].endswith("000000000285.png")
