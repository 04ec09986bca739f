from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from repscope.errors import ExistsError, IncompleteSetError, InputError, ModelError, StorageError, VectorError
from repscope.extraction import Preprocessing
from repscope.extraction.run.outputs import Output
from repscope.study import Study
from repscope.text.progress import Progress
from repscope.verbs.extract.extract import extract


def fingerprints(study: Path) -> dict[str, str]:
    opened = Study.open(study)
    return {name: opened[name].fingerprint for name in opened}


def hooks_of(model: nn.Module) -> int:
    return sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in model.modules())


def test_every_image_has_its_own_row_in_every_set(images: Path, tiny: Any, tmp_path: Path) -> None:
    points = ["stem=maps", "twice@0:input=before", "head", "tokens:tokens=tokens"]
    done = extract(images, tiny, study=tmp_path / "s", capture=points, batch_size=3, shard_rows=4)
    study = Study.open(tmp_path / "s")
    assert [one.name for one in done.sets] == ["maps", "before", "head", "tokens"]
    assert [one.n for one in done.sets] == [10, 10, 10, 160]
    with torch.no_grad():
        for name in ("maps", "head"):
            assert sorted(study[name].ids) == list(study[name].ids)
        for row, (one, label) in enumerate(
            zip(study["head"].ids, study["head"].column("label"), strict=True)
        ):
            x = torch.from_numpy(Preprocessing()(Image.open(images / one)))[None]
            assert label == one.split("/")[0]
            assert np.allclose(study["head"].vectors[row], tiny(x)[0], atol=1e-6)
            assert np.allclose(study["maps"].vectors[row], tiny.stem(x).mean((2, 3))[0], atol=1e-6)
            tokens = study["tokens"]
            at = np.flatnonzero(tokens.column("parent") == one)
            assert [str(tokens.ids[i]) for i in at] == [f"{one}#{token}" for token in range(16)]
            expected = torch.relu(tiny.bn(tiny.stem(x))).flatten(2).transpose(1, 2)[0]
            assert np.allclose(tokens.vectors[at], expected, atol=1e-6)


def test_a_given_model_is_left_as_it_was_found(images: Path, tiny: Any, tmp_path: Path) -> None:
    tiny.train()
    tiny.bn.eval()
    tiny.stem.weight.requires_grad_(False)
    modes = [one.training for one in tiny.modules()]
    state = {key: value.clone() for key, value in tiny.state_dict().items()}
    fast, cudnn = torch.backends.mha.get_fastpath_enabled(), torch.backends.cudnn.deterministic
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    extract(images, tiny, study=tmp_path / "s", capture=["head"])
    with pytest.raises(ModelError):
        extract(images, tiny, study=tmp_path / "s", capture=["unused"])
    assert torch.equal(torch.rand(2), expected)
    assert [one.training for one in tiny.modules()] == modes
    assert hooks_of(tiny) == 0
    assert all(torch.equal(value, state[key]) for key, value in tiny.state_dict().items())
    assert [name for name, one in tiny.named_parameters() if not one.requires_grad] == ["stem.weight"]
    assert (torch.backends.mha.get_fastpath_enabled(), torch.backends.cudnn.deterministic) == (fast, cudnn)
    assert not torch.is_inference_mode_enabled()


def test_tensors_that_a_given_model_caches_can_still_be_trained_with(images: Path, tmp_path: Path) -> None:
    class Caching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            self.cached = x.mean((2, 3))
            out: Tensor = self.linear(self.cached)
            return out

    model = Caching()
    extract(images, model, study=tmp_path / "s")
    model.linear(model.cached).sum().backward()
    assert model.linear.weight.grad is not None


def test_a_second_run_does_nothing_and_a_changed_one_is_refused(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    def run(**changes: Any) -> Any:
        options: dict[str, Any] = {"study": tmp_path / "s", "capture": ["head"], "device": "cpu", **changes}
        return extract(images, f"{model_file}:build", **options)

    first = run()
    assert not first.already_there
    shards = {file: file.stat().st_mtime_ns for file in (tmp_path / "s").rglob("*")}
    again = run(workers=0, progress=lambda _: pytest.fail("no work was expected"))
    assert again.already_there
    assert again.sets[0].fingerprint == first.sets[0].fingerprint
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "s").rglob("*")} == shards
    for changes in (
        {"batch_size": 5},
        {"seed": 1},
        {"limit": 4},
        {"preprocess": Preprocessing(resize=8)},
        {"capture": ["adapter=head"]},
        {"capture": ["head:input=head"]},
        {"dtype": "bfloat16"},
        {"shard_rows": 3},
    ):
        with pytest.raises(ExistsError, match="--overwrite"):
            run(**changes)
    model_file.write_text(model_file.read_text() + "\n# edited\n")
    with pytest.raises(ExistsError):
        run()
    replaced = run(overwrite=True, limit=4)
    assert replaced.sets[0].n == 4


def test_a_further_set_is_added_without_repeating_the_first(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    model = f"{model_file}:build"
    first = extract(images, model, study=tmp_path / "s", capture=["head=a"], device="cpu")
    both = extract(images, model, study=tmp_path / "s", capture=["head=a", "adapter=b"], device="cpu")
    assert [one.found_complete for one in both.sets] == [True, False]
    assert both.sets[0].fingerprint == first.sets[0].fingerprint
    assert not both.already_there


class StopError(Exception):
    pass


@pytest.mark.parametrize("stop_after", [1, 3, 4, 7, 9, 12])
def test_interrupted_anywhere_the_fingerprints_are_those_of_an_unbroken_run(
    images: Path, model_file: Path, tmp_path: Path, stop_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(study: str) -> Any:
        points = ["adapter:input=before", "adapter:output=after", "stem:tokens=t"]
        return extract(
            images,
            f"{model_file}:build",
            study=tmp_path / study,
            capture=points,
            batch_size=2,
            shard_rows=3,
            device="cpu",
        )

    whole = run("whole")
    writes = 0
    real = Output.write

    def stop(self: Output, *args: Any, **more: Any) -> None:
        nonlocal writes
        writes += 1
        if writes > stop_after:
            raise StopError
        real(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Output, "write", stop)
        if stop_after < 12:
            with pytest.raises(StopError):
                run("broken")
        else:
            # All rows are there, but no set is finished.
            patch.setattr(Output, "finish", lambda _: (_ for _ in ()).throw(StopError))
            with pytest.raises(StopError):
                run("broken")
    study = Study.open(tmp_path / "broken")
    with pytest.raises(IncompleteSetError, match=r"repscope extract .* --capture adapter:input=before"):
        study["before"]
    with pytest.raises(ExistsError, match=r"repscope extract .* --capture adapter:input=before"):
        extract(images, f"{model_file}:build", study=study, capture=["adapter:input=before"], device="cpu")
    continued = run("broken")
    assert fingerprints(tmp_path / "broken") == fingerprints(tmp_path / "whole")
    assert sum(one.rows_before for one in continued.sets) > 0
    assert [one.n for one in continued.sets] == [one.n for one in whole.sets]
    for name in ("before", "after", "t"):
        study.verify(name)


def test_unreadable_images_are_recorded_and_never_misalign(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    model = f"{model_file}:build"
    whole = extract(
        images, model, study=tmp_path / "whole", capture=["head"], device="cpu", shard_rows=2, batch_size=2
    )
    names = sorted(file.relative_to(images).as_posix() for file in images.rglob("*.png"))
    for bad in (names[0], names[4], names[5]):  # the last two are one whole shard
        (images / bad).write_bytes((images / bad).read_bytes()[:60])
    done = extract(
        images, model, study=tmp_path / "s", capture=["head"], device="cpu", shard_rows=2, batch_size=2
    )
    assert [one.id for one in done.sets[0].skipped] == [names[0], names[4], names[5]]
    assert all(one.reason for one in done.sets[0].skipped)
    kept, before = Study.open(tmp_path / "s")["head"], Study.open(tmp_path / "whole")["head"]
    assert whole.sets[0].n == 10
    assert kept.n == 7
    place = {one: row for row, one in enumerate(before.ids)}
    assert np.allclose(kept.vectors, before.vectors[[place[one] for one in kept.ids]], atol=1e-6)
    with pytest.raises(InputError, match=f"{names[0]}.*--strict"):
        extract(images, model, study=tmp_path / "t", capture=["head"], device="cpu", strict=True)


def test_a_first_shard_without_any_image_does_not_block_the_set(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    model = f"{model_file}:build"
    files = sorted(images.rglob("*.png"))
    saved = {file: file.read_bytes() for file in files}
    for file in files:
        file.write_bytes(b"")
    with pytest.raises(
        InputError, match=r"one readable image among 10; got none \(cat/001.png: an empty file"
    ):
        extract(images, model, study=tmp_path / "s", capture=["head"], device="cpu", shard_rows=4)
    for file in files[4:]:
        file.write_bytes(saved[file])
    done = extract(images, model, study=tmp_path / "s", capture=["head"], device="cpu", shard_rows=4)
    assert done.sets[0].n == 6


def test_nan_names_the_images_and_keeps_what_was_committed(images: Path, tmp_path: Path) -> None:
    class Fragile(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            flat = x.mean((2, 3))
            flat[flat[:, 0] == 0] = float("nan")
            return flat

    names = sorted(file.relative_to(images).as_posix() for file in images.rglob("*.png"))
    Image.new("RGB", (16, 16)).save(images / names[6])
    with pytest.raises(VectorError, match=rf"NaN or Inf for 1 of the 2 images of a batch \({names[6]}\)"):
        extract(images, Fragile(), study=tmp_path / "s", shard_rows=2, batch_size=2)
    assert Study.open(tmp_path / "s").manifest("Fragile").n == 6


def test_random_draws_in_evaluation_repeat_too(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Masked(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((2, 3)) + torch.rand(len(x), 3)

    def run(study: str, seed: int = 0) -> str:
        done = extract(images, Masked(), study=tmp_path / study, shard_rows=3, batch_size=2, seed=seed)
        return done.sets[0].fingerprint

    whole = run("a")
    real, writes = Output.write, 0

    def stop(self: Output, *args: Any, **more: Any) -> None:
        nonlocal writes
        writes += 1
        if writes == 3:
            raise StopError
        real(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Output, "write", stop)
        with pytest.raises(StopError):
            run("b")
    assert run("b") == whole
    assert run("c", seed=1) != whole


def test_models_are_run_in_evaluation_mode(images: Path, tiny: Any, tmp_path: Path) -> None:
    model = nn.Sequential(tiny, nn.Dropout(0.5)).train()
    before = tiny.bn.running_mean.clone()
    extract(images, model, study=tmp_path / "s", name="x")
    got = Study.open(tmp_path / "s")["x"]
    assert torch.equal(tiny.bn.running_mean, before)
    with torch.no_grad():
        batch = torch.stack([torch.from_numpy(Preprocessing()(Image.open(images / one))) for one in got.ids])
        assert np.allclose(got.vectors, tiny.eval()(batch), atol=1e-6)


def test_what_is_captured_does_not_depend_on_what_else_is(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    class Watch(nn.Identity):
        fused: set[bool]

        def forward(self, x: Tensor) -> Tensor:
            self.fused = {torch.backends.mha.get_fastpath_enabled()}
            return x

    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    watch = Watch()
    model = nn.Sequential(nn.Flatten(2), nn.Linear(64, 16), layers, watch)
    folder = make_images(5, (8, 8))
    alone = extract(folder, model, study=tmp_path / "a", capture=["2:mean=out"])
    more = ["2:mean=out", "2.layers.0.linear1:mean=inner", "1:mean=in"]
    among = extract(folder, model, study=tmp_path / "b", capture=more)
    assert alone.sets[0].fingerprint == among.sets[0].fingerprint
    # PyTorch's fused path would skip linear1, and round differently once linear1 is hooked.
    assert watch.fused == {False}


def test_batch_size_changes_nothing_but_rounding(images: Path, model_file: Path, tmp_path: Path) -> None:
    rows = []
    for size in (1, 3, 10):
        extract(
            images, f"{model_file}:build", study=tmp_path / str(size), name="x", batch_size=size, device="cpu"
        )
        rows.append(Study.open(tmp_path / str(size))["x"].vectors)
    assert np.allclose(rows[0], rows[1], atol=1e-6)
    assert np.allclose(rows[0], rows[2], atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "stored"), [("float16", "float16"), ("bfloat16", "float32"), (None, "float32")]
)
def test_dtypes(images: Path, model_file: Path, tmp_path: Path, dtype: str | None, stored: str) -> None:
    done = extract(images, f"{model_file}:build", study=tmp_path / "s", dtype=dtype, device="cpu")
    assert done.sets[0].dtype == stored
    assert done.sets[0].name == "build"
    assert Study.open(tmp_path / "s")["build"].provenance["dtype"] == (dtype or "float32")


def test_provenance_says_how_the_rows_were_made(images: Path, model_file: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    namespace: dict[str, Any] = {}
    exec(model_file.read_text(), namespace)
    torch.save({"state_dict": namespace["build"]().state_dict()}, tmp_path / "w.pt")
    extract(
        images,
        f"{model_file}:build",
        study=tmp_path / "s",
        weights=tmp_path / "w.pt",
        capture={"before": "adapter:input"},
        preprocess=Preprocessing(crop=(8, 8)),
        device="cpu",
        seed=7,
    )
    record = Study.open(tmp_path / "s")["before"].provenance
    assert record["model"]["spec"] == f"{model_file}:build"
    assert record["model"]["weights"]["nested"] == "state_dict"
    assert len(record["model"]["weights"]["sha256"]) == 64
    assert record["capture"] == {
        "point": "adapter:input", "module": "adapter", "side": "input", "key": "", "call": None, "pool": None,
    }  # fmt: skip
    assert record["preprocessing"]["crop"] == [8, 8]
    assert record["source"]["decoding"]["orientation"] == "EXIF orientation applied"
    assert record["seed"] == 7
    assert record["device"] == "cpu"
    assert {"torch", "pillow", "python", "repscope"} <= set(record["versions"])


def test_moved_images_continue_and_changed_ones_do_not(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    extract(images, f"{model_file}:build", study=tmp_path / "s", name="x", device="cpu")
    moved = tmp_path / "elsewhere"
    shutil.copytree(images, moved)
    assert extract(moved, f"{model_file}:build", study=tmp_path / "s", name="x", device="cpu").already_there
    file = next(moved.rglob("*.png"))
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ExistsError):
        extract(moved, f"{model_file}:build", study=tmp_path / "s", name="x", device="cpu")


def test_progress_counts_every_item(images: Path, model_file: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    extract(
        images,
        f"{model_file}:build",
        study=tmp_path / "s",
        name="x",
        batch_size=3,
        shard_rows=4,
        device="cpu",
        progress=seen.append,
    )
    assert [one.done for one in seen] == [3, 4, 7, 8, 10]
    assert {one.total for one in seen} == {10}


@pytest.mark.parametrize(
    "case",
    [
        ({"batch_size": 0}, InputError, "--batch-size"),
        ({"shard_rows": 0}, InputError, "--shard-rows"),
        ({"workers": -1}, InputError, "--workers"),
        ({"limit": 0}, InputError, "--limit"),
        ({"pool": "median"}, InputError, "--pool"),
        ({"capture": ["head", "stem"], "name": "x"}, InputError, "2 capture points"),
        ({"capture": ["head=a"], "name": "x"}, InputError, "head:output=a"),
        ({"capture": ["heads"]}, ModelError, "choose one of head"),
        ({"capture": ["stem:cls"]}, ModelError, "--pool mean"),
        ({"capture": ["unused"]}, ModelError, "never called"),
    ],
)
def test_bad_options_leave_no_set(
    images: Path, model_file: Path, tmp_path: Path, case: tuple[dict[str, Any], type[Exception], str]
) -> None:
    options, error, says = case
    with pytest.raises(error, match=says):
        extract(images, f"{model_file}:build", study=tmp_path / "s", **{"device": "cpu", **options})
    assert not (tmp_path / "s" / "sets").is_dir() or not Study.open(tmp_path / "s").sets


def test_images_of_several_sizes_need_a_crop(
    make_images: Callable[..., Path], tiny: Any, tmp_path: Path
) -> None:
    folder = make_images(2)
    Image.new("RGB", (20, 24)).save(folder / "cat" / "zz.png")
    with pytest.raises(InputError, match=r"16×16 \(cat/001.png\) and 24×20 \(cat/zz.png\).*--crop"):
        extract(folder, tiny, study=tmp_path / "s")
    done = extract(folder, tiny, study=tmp_path / "s", preprocess=Preprocessing(crop=(16, 16)))
    assert done.sets[0].n == 3


def test_the_users_exception_in_a_forward_pass_is_shown(images: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(
        "from torch import nn\nclass Net(nn.Module):\n"
        "    def forward(self, x):\n        return x @ x.new_zeros(7, 7)\n"
    )
    with pytest.raises(ModelError, match=r"run on Tensor\[2, 3, 16, 16\]") as caught:
        extract(images, f"{file}:Net", study=tmp_path / "s", device="cpu")
    assert caught.value.__notes__ == [f"{file}, line 4: return x @ x.new_zeros(7, 7)"]


def test_rows_that_come_in_another_order_than_the_images_are_noticed(images: Path, tmp_path: Path) -> None:
    class SequenceFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            # [T, B, D] with as many tokens as the batch has images: the shape alone tells nothing.
            tokens = x.mean((2, 3))[None].expand(5, -1, -1)
            out: Tensor = self.inner(tokens).mean(0)
            return out

    with pytest.raises(ModelError, match=r"shape \[5, 2, 3\]"):
        extract(images, SequenceFirst(), study=tmp_path / "s", capture=["inner:mean"], batch_size=5)


def test_an_unreadable_study_folder(images: Path, tiny: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        extract(images, tiny, study=tmp_path / "file" / "s")
