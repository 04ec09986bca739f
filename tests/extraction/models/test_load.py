from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from repscope.errors import InputError, MissingError, ModelError
from repscope.extraction.models.load import load_model, resolve_device


def write(folder: Path, text: str, name: str = "user model.py") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_a_callable_in_a_file(model_file: Path) -> None:
    loaded = load_model(f"{model_file}:build", device="cpu", seed=3)
    assert loaded.name == "build"
    assert not loaded.module.training
    assert tuple(loaded.forward(torch.zeros(2, 3, 16, 16)).shape) == (2, 2)
    assert loaded.identity["class"] == "Tiny"
    assert not (model_file.parent / "__pycache__").exists()
    again = load_model(f"{model_file}:build", device="cpu", seed=3)
    assert again.identity == loaded.identity
    assert load_model(f"{model_file}:build", device="cpu", seed=4).identity != loaded.identity


def test_loading_does_not_disturb_the_callers_random_numbers(model_file: Path) -> None:
    torch.manual_seed(9)
    expected = torch.randn(3)
    torch.manual_seed(9)
    load_model(f"{model_file}:build", device="cpu")
    assert torch.equal(torch.randn(3), expected)


def test_a_copy_elsewhere_is_the_same_model(model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other" / "renamed.py"
    copy.write_bytes(model_file.read_bytes())
    identities = [load_model(f"{file}:build", device="cpu").identity for file in (copy, model_file)]
    assert identities[0] == identities[1]


def test_classes_instances_defaults_and_neighbours(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_model.py").write_text("from torch import nn\nlayer = nn.Linear(3, 4)\n")
    file = write(
        tmp_path,
        "from torch import nn\nfrom neighbour_of_model import layer\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, width=3, *args, **kwargs):\n        super().__init__()\n"
        "ready = layer\n"
        "def train_mode(flag=True):\n    return nn.Dropout().train()\n",
    )
    before = list(sys.path)
    assert type(load_model(f"{file}:Net").module).__name__ == "Net"
    assert isinstance(load_model(f"{file}:ready").module, nn.Linear)
    assert not load_model(f"{file}:train_mode").module.training
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("import nothing_of_this_name", "build", "ModuleNotFoundError"),
        ("def build(:", "build", "SyntaxError"),
        ("raise SystemExit(2)", "build", "SystemExit"),
        ("def build():\n    return undefined_thing", "build", "undefined_thing"),
        ("def build():\n    return 3", "build", "object of type int"),
        ("def build():\n    return None", "build", "object of type NoneType"),
        ("build = 3", "build", "object of type int"),
        ("def build(width, depth=2):\n    pass", "build", r"build\(width\)"),
        ("def builds():\n    pass", "build", "choose one of builds"),
        ("x = 1", "build", "define a function"),
        ("from torch import nn\ndef build():\n    return nn.LazyLinear(3)", "build", "lazy ones"),
    ],
)
def test_what_the_users_file_does_wrong_is_said(tmp_path: Path, text: str, name: str, says: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ModelError, match=says):
        load_model(f"{file}:{name}", device="cpu")


def test_the_users_line_is_a_note(tmp_path: Path) -> None:
    file = write(tmp_path, "import torch\n\ndef build():\n    return torch.zeros(2) @ torch.zeros(3)\n")
    with pytest.raises(ModelError) as caught:
        load_model(f"{file}:build", device="cpu")
    assert caught.value.__notes__ == [f"{file}, line 4: return torch.zeros(2) @ torch.zeros(3)"]
    assert isinstance(caught.value.__cause__, RuntimeError)
    bad = write(tmp_path, "x = 1\ny = = 2\n", "syntax.py")
    with pytest.raises(ModelError) as caught:
        load_model(f"{bad}:build", device="cpu")
    assert caught.value.__notes__ == [f"{bad}, line 2: y = = 2"]


@pytest.mark.parametrize("spec", ["resnet50", "model.py", "", "models/net:build", "timm:", "a b:c", "net:"])
def test_other_specifications(spec: str) -> None:
    with pytest.raises(InputError, match=r"hf:DIR_OR_NAME, timm:NAME, .*FILE"):
        load_model(spec)


def test_a_callable_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package_of_a_test"
    (package / "nets").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "nets" / "__init__.py").write_text(
        "import torch\ndef build():\n    return torch.nn.Linear(3, 4)\n"
    )
    (package / "broken.py").write_text("import nothing_of_this_name\n")
    (package / "odd.py").write_text("def build():\n    return 3\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    loaded = load_model("package_of_a_test.nets:build", device="cpu")
    assert isinstance(loaded.module, nn.Linear)
    assert loaded.name == "build"
    assert loaded.identity["package"] == "package_of_a_test.nets"
    assert len(loaded.identity["file_sha256"]) == 64
    assert type(load_model("torch.nn:ReLU", device="cpu").module) is nn.ReLU
    with pytest.raises(ModelError, match="choose one of build"):
        load_model("package_of_a_test.nets:built")
    with pytest.raises(ModelError, match="object of type int"):
        load_model("package_of_a_test.odd:build")
    with pytest.raises(ModelError, match="nothing_of_this_name"):
        load_model("package_of_a_test.broken:build")
    for absent in (
        "package_of_a_test.none:build",
        "no_package_of_this_name:build",
        "no_package.at.all:build",
    ):
        with pytest.raises(MissingError, match="No module named"):
            load_model(absent)
    assert sys.path == before
    for name in [one for one in sys.modules if one.startswith("package_of_a_test")]:
        del sys.modules[name]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        load_model(f"{tmp_path}/none.py:build")


def test_devices_and_dtypes(model_file: Path) -> None:
    assert (
        load_model(f"{model_file}:build", device="cpu", dtype="bfloat16").module.stem.weight.dtype
        == torch.bfloat16
    )  # type: ignore[union-attr]  # a module's attributes are dynamic
    with pytest.raises(InputError, match="float32, float16"):
        load_model(f"{model_file}:build", dtype="int8")
    with pytest.raises(InputError, match="a device of this machine"):
        resolve_device("gpu please")
    if not torch.cuda.is_available():
        assert resolve_device(None) == "cpu"
        with pytest.raises(InputError, match=r"\(cpu\); got 'cuda'"):
            resolve_device("cuda")


def test_a_module_of_the_callers_is_used_as_it_is() -> None:
    module = nn.Linear(3, 4).double()
    loaded = load_model(module)
    assert loaded.module is module
    assert loaded.borrowed
    assert (loaded.device, loaded.dtype) == ("cpu", "float64")
    assert module.training
    load_model(module, device="cpu", dtype="float64")
    with pytest.raises(InputError, match=r"model\.to"):
        load_model(module, dtype="float32")
    with pytest.raises(InputError, match="load them first"):
        load_model(module, weights="x.pt")
    assert load_model(nn.ReLU()).device == "cpu"
