"""The examples of drift do what their pages say, on a shortened run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

import repscope as rs
from repscope.verbs.demo import generator, recursion

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


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
def test_generations_are_trained_drawn_extracted_and_followed(tmp_path: Path) -> None:
    """Which group collapses is tested with the chapter of the demo, which has the same generators."""
    made = load("recursive_generator")
    short = recursion.Settings(generations=2, prompts=100, beta=1.0, steps=150)
    found = made.main(tmp_path, settings=short, measures=("rank", "modes"))
    assert list(found.groups) == list(recursion.GROUPS)
    spread = {name: one.series["spread.total"].pair(0, 2).change.value for name, one in found.groups.items()}
    assert spread["recursive"] < spread["accumulate"] < spread["baseline"]
    assert (tmp_path / "report" / "figures" / "generation_examples.png").is_file()
    assert (tmp_path / "pictures" / "recursive-clusters.png").is_file()
    assert len(list((tmp_path / "recursive_gen_2").glob("*.png"))) == 100
    assert [line.split()[0] for line in made.table(found)] == list(recursion.GROUPS)


@pytest.mark.usefixtures("one_thread")
def test_the_same_seed_draws_the_same_images() -> None:
    images = torch.rand(64, 16, generator=torch.Generator().manual_seed(3))

    def drawn(seed: int) -> torch.Tensor:
        trained = generator.train_generator(images, latent=2, beta=1.0, steps=20, seed=seed)
        return trained.draw(generator.noise(5, 2, seed=1))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    assert recursion.seed_of(0, 1, 2) == recursion.seed_of(0, 1, 2) != recursion.seed_of(0, 2, 1)


@pytest.mark.long
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
