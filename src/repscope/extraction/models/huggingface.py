"""``hf:DIR_OR_NAME``: vision models, text models and dual encoders, with their own preprocessing."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import (
    DependencyError,
    InputError,
    MissingError,
    ModelError,
    RepscopeError,
    first_line,
    name_some,
)
from repscope.extraction.models.determinism import repeatable
from repscope.extraction.models.huggingface_text import text_tower
from repscope.extraction.models.loaded import Kind, LoadedModel, ModelRequest, finish_model
from repscope.extraction.models.packages import explained
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.models.text_input import TextTower
from repscope.extraction.models.weights import load_given
from repscope.extraction.sources.decode import UnreadableError
from repscope.study.storage import file_hash

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor, nn

WEIGHT_FILES = ("*.safetensors", "pytorch_model*.bin")
WANTED = ("*.json", "*.txt", "*.model", "*.safetensors")
"""What is fetched of a model on the hub: no pickles, no weights of other frameworks."""
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


class ProcessorTransform:
    """The image processor of a Hugging Face folder, always its PIL form.

    The bare class name changes backend, and pixels, when torchvision is installed; the PIL form does not.

    Args:
        processor: a transformers image processor.
        changed: settings that the caller gave instead of the folder's.
    """

    def __init__(self, processor: Any, changed: dict[str, Any]) -> None:
        self._processor = processor
        self._changed = changed

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """[3, H, W] as the model takes it."""
        try:
            pixels = self._processor(image, return_tensors="np")["pixel_values"]
        except (ValueError, OSError, ZeroDivisionError) as error:
            raise UnreadableError(f"refused by {type(self._processor).__name__}: {error}") from error
        return np.ascontiguousarray(pixels[0], dtype=np.float32)

    def to_json(self) -> dict[str, Any]:
        """All settings of the processor."""
        settings = {key: _plain(value) for key, value in self._processor.to_dict().items()}
        return {
            "kind": "image processor",
            "class": type(self._processor).__name__,
            **settings,
            "given": self._changed,
        }


def load_folder(folder: str, asked: ModelRequest) -> LoadedModel:
    """Load a Hugging Face folder: ``AutoModel``, its image processor and its tokenizer.

    A dual encoder (CLIP, SigLIP) gives its features, that is, the projected embeddings.
    Parameters that the folder's weights lack (a pooler that was never trained) are filled with NaN, so
    that a row which depends on them is refused instead of being random.

    Args:
        folder: a local directory with config.json and weights, or the name of a model on the hub.
        asked: how to load it; its preprocessing replaces the folder's own step by step.

    Raises:
        MissingError: no such folder, or no config.json or weights in it.
        ModelError: transformers cannot build it, or it does not take what will be given to it.
        DependencyError: transformers is missing or broken.
    """
    path = Path(folder).expanduser()
    if not path.exists() and _HUB_NAME.fullmatch(folder):
        path = _from_hub(folder)
    if not (path / "config.json").is_file():
        raise MissingError(
            f"a Hugging Face model in {path}",
            "no config.json in it" if path.is_dir() else "no such folder",
            "give the folder that save_pretrained wrote, or fetch one: hf download NAME --local-dir DIR",
        )
    transformers = _transformers()
    with _quiet(transformers), explained(f"hf:{path}", "check config.json and the weights"):
        module, absent, loaded = _load(transformers, path, asked)
        forward, text, transform = _ways_in(transformers, module, path, asked)
    files = sorted(file for pattern in WEIGHT_FILES for file in path.glob(pattern))
    origin = {"config_sha256": file_hash(path / "config.json"), "transformers": transformers.__version__}
    record: dict[str, Any] = {
        "spec": f"hf:{folder}",
        "weights": loaded or {file.name: file_hash(file) for file in files},
        "absent_parameters": list(absent),
    }
    hidden = getattr(module.config, "mask_ratio", 0) if _draws_patches(module) else 0
    if hidden:
        record["masked"] = hidden
    name = folder.rpartition("/")[2] if path.parent.name == "snapshots" else path.resolve().name
    return finish_model(
        module,
        asked,
        forward=forward,
        name=name,
        origin=origin,
        record=record,
        transform=transform,
        absent=absent,
        text=text,
    )


def _from_hub(name: str) -> Path:
    _transformers()
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    expected = f"a folder {name}, or a model of that name on the Hugging Face hub"
    do = "check the name, or fetch it where there is a network: hf download NAME --local-dir DIR"
    try:
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=list(WANTED)))
    except LocalEntryNotFoundError as error:
        raise MissingError(
            expected, "no such folder, none in the local cache, and no answer from the hub", do
        ) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise MissingError(expected, f"no such folder, and {first_line(error)}", do) from error


def _ways_in(
    transformers: Any, module: Any, path: Path, asked: ModelRequest
) -> tuple[Callable[[Tensor], Any] | None, TextTower | None, Transform]:
    """How images and texts go in, of those that are wanted."""
    main = getattr(module, "main_input_name", "something else")
    dual = hasattr(module, "get_image_features") and hasattr(module, "get_text_features")
    images, texts = dual or main == "pixel_values", dual or main == "input_ids"
    ways: tuple[tuple[Kind, bool, str], ...] = (
        ("image", images, "pixel_values"),
        ("text", texts, "input_ids"),
    )
    for kind, able, form in ways:
        if asked.requires(kind) and not able:
            raise ModelError(
                f"a model that takes {kind}s ({form})",
                f"{type(module).__name__}, which takes {main}",
                f"give a {'vision' if kind == 'image' else 'text'} model, or a dual encoder such as CLIP",
            )
    forward: Callable[[Tensor], Any] | None = None
    text: TextTower | None = None
    problems: list[RepscopeError] = []
    transform: Transform = Preprocessing()
    if images and asked.wants("image"):
        try:
            transform = _transform(transformers, path, asked.given or Preprocessing())
            forward = _image_forward(module, dual)
        except RepscopeError as error:
            problems.append(error)
    if texts and asked.wants("text"):
        try:
            text = text_tower(transformers, module, path, dual)
        except RepscopeError as error:
            problems.append(error)
    if problems and (asked.takes is not None or (forward is None and text is None)):
        raise problems[0]
    if forward is None and text is None:
        raise ModelError(
            "a model that takes images (pixel_values) or texts (input_ids)",
            f"{type(module).__name__}, which takes {main}",
            "wrap it as FILE.py:callable, with a module that takes images",
        )
    return forward, text, transform


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise DependencyError(
            "the package transformers, for hf: models", str(error), "pip install 'repscope[models]'"
        ) from error
    if importlib.util.find_spec("torchvision"):
        # One built for another torch makes every model class fail, with messages about something else.
        try:
            importlib.import_module("torchvision")
        except (ImportError, RuntimeError, OSError) as error:
            raise DependencyError(
                "no torchvision, or one that fits this torch",
                f"one that is installed but broken ({first_line(error)})",
                "pip uninstall torchvision (nothing here needs it), or install the one for this torch",
            ) from error
    return transformers


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    log = transformers.utils.logging
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()


def _load(
    transformers: Any, path: Path, asked: ModelRequest
) -> tuple[nn.Module, tuple[str, ...], dict[str, Any] | None]:
    import torch

    wanted = getattr(torch, asked.dtype)
    with repeatable("cpu", asked.seed):
        if asked.weights is not None:
            config = transformers.AutoConfig.from_pretrained(
                path, trust_remote_code=False, local_files_only=True
            )
            module: nn.Module = transformers.AutoModel.from_config(config, trust_remote_code=False)
            return module, (), load_given(module, asked.weights, None)
        module, info = transformers.AutoModel.from_pretrained(
            path, output_loading_info=True, trust_remote_code=False, local_files_only=True, dtype=wanted
        )
    if info["mismatched_keys"]:
        names = [str(key[0] if isinstance(key, tuple) else key) for key in info["mismatched_keys"]]
        raise ModelError(
            f"weights of the shapes that config.json says in {path}",
            f"{len(names)} of other shapes ({name_some(sorted(names))})",
            "give the config.json that belongs to these weights",
        )
    absent = tuple(sorted(info["missing_keys"]))
    state = module.state_dict()
    with torch.no_grad():
        for name in absent:
            if name not in state or not state[name].is_floating_point():
                raise ModelError(
                    f"the model's parameters in {path}", f"no {name}", "give a folder with all weights"
                )
            state[name].fill_(float("nan"))
    return module, absent, None


def _image_forward(module: Any, dual: bool) -> Callable[[Tensor], Any]:
    if dual:

        def tower(pixels: Tensor) -> Any:
            features = module.get_image_features(pixel_values=pixels)
            return getattr(features, "pooler_output", features)

        return tower
    if _draws_patches(module) and not module.config.mask_ratio:

        def ordered(pixels: Tensor) -> Any:
            # Even without masking the patches are shuffled by the order of this noise.
            import torch

            patches = module.embeddings.patch_embeddings.num_patches
            noise = torch.arange(patches, device=pixels.device, dtype=torch.float32)
            return module(pixel_values=pixels, noise=noise.expand(len(pixels), -1))

        return ordered

    def forward(pixels: Tensor) -> Any:
        return module(pixel_values=pixels)

    return forward


def _draws_patches(module: Any) -> bool:
    """Whether this is a masked autoencoder, which takes patches at random also in evaluation."""
    return getattr(getattr(module, "config", None), "model_type", "") == "vit_mae"


def _transform(transformers: Any, path: Path, given: Transform) -> Transform:
    if not isinstance(given, Preprocessing):
        return given
    changed = _settings(given)
    if not (path / "preprocessor_config.json").is_file() and not (path / "processor_config.json").is_file():
        if not changed:
            raise InputError(
                f"preprocessor_config.json in {path}, or the preprocessing from you",
                "neither",
                "give --resize --crop --mean --std as the model was trained with",
            )
        return given
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(
            path, backend="pil", trust_remote_code=False, local_files_only=True, **changed
        )
    except (OSError, ValueError, ImportError, TypeError) as error:
        raise ModelError(
            f"an image processor with a PIL form in {path}",
            first_line(error),
            "wrap the model as FILE.py:callable and give --resize …",
        ) from error
    return ProcessorTransform(processor, changed)


def _settings(given: Preprocessing) -> dict[str, Any]:
    """The caller's steps as an image processor's settings; nothing for steps that were not given."""
    settings: dict[str, Any] = {}
    if isinstance(given.resize, int):
        settings |= {"do_resize": True, "size": {"shortest_edge": given.resize}}
    elif given.resize:
        settings |= {"do_resize": True, "size": {"height": given.resize[0], "width": given.resize[1]}}
    if given.crop:
        settings |= {"do_center_crop": True, "crop_size": {"height": given.crop[0], "width": given.crop[1]}}
    if given.mean:
        settings |= {"do_normalize": True, "image_mean": list(given.mean)}
    if given.std:
        settings |= {"do_normalize": True, "image_std": list(given.std)}
    if given.interpolation:
        settings["resample"] = {"bilinear": 2, "bicubic": 3}[given.interpolation]
    return settings


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
