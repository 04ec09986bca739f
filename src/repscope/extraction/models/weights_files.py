"""Files of weights: safetensors, torch files, and either in shards with an index. Nothing is executed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, MissingError, ModelError, UnsafePickleError, first_line, name_some
from repscope.formats.pickles.machine import Foreign
from repscope.formats.torch_files import check_safetensors, read_torch_weights_only
from repscope.study.storage import file_hash, json_hash

_INDEX = (".safetensors.index.json", ".bin.index.json")
_IN_FOLDERS = (
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    "open_clip_model.safetensors",
)  # fmt: skip
_ADAPTER = "adapter_config.json"
_SHARD = re.compile(r"(.*)-\d{5}-of-\d{5}(\.safetensors|\.bin)")
_LARGEST_INDEX = 1 << 26
_LONGEST = 255
"""Bytes of a file's name."""


def find_weights(file: str | Path) -> Path:
    """The file of weights that a path means: itself, or the usual one in a folder.

    Raises:
        MissingError: there is none.
        ModelError: a folder of LoRA weights, which belong to another model's.
    """
    path = Path(file).expanduser()
    if path.is_dir():
        if (path / _ADAPTER).is_file():
            raise ModelError(
                f"all weights of a model in {path}",
                f"a LoRA adapter ({_ADAPTER}), which changes the weights of another model",
                "merge it first: peft.PeftModel.from_pretrained(model, folder).merge_and_unload()"
                ".save_pretrained(merged), then give hf:merged, or --weights merged/model.safetensors",
            )
        named = next((path / name for name in _IN_FOLDERS if (path / name).is_file()), None)
        if named is not None:
            return named
        do = (
            f"give a .safetensors, .pt, .pth or .ckpt file in it (it has none of {name_some(_IN_FOLDERS, 2)})"
        )
        raise MissingError(f"a weights file at {path}", "a folder", do)
    if not path.exists():
        do = "give a .safetensors, .pt, .pth or .ckpt file"
        raise MissingError(f"a weights file at {path}", "no such file", do)
    if not path.is_file():
        raise MissingError(f"a weights file at {path}", "something that is no regular file", "give a file")
    return path


def read_state(path: Path) -> tuple[Mapping[str, Any], str]:
    """What a weights file holds, on the CPU, and its SHA-256 (of an index: of all its files).

    Raises:
        UnsafePickleError: it asks for code, or is an object of a class.
        FormatError: it is no weights file.
        MissingError: a shard is not there.
    """
    if path.name.endswith(_INDEX):
        return _read_shards(path)
    return _read_one(path), file_hash(path)


def _read_one(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        check_safetensors(path)
        try:
            state: dict[str, Any] = load_file(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise FormatError(
                f"a safetensors file at {path}", first_line(error), "fetch the file again"
            ) from error
        _refuse_shard(path)
        return state
    raw = read_torch_weights_only(path, inert=True)
    _refuse_shard(path)
    if isinstance(raw, Foreign):
        raise UnsafePickleError(
            f"only tensors and plain containers in {path}",
            f"an object of {raw.name} (nothing was executed)",
            "where its code is, save model.state_dict(), and give that file",
        )
    if not isinstance(raw, Mapping):
        raise FormatError(
            f"a state dict in {path}",
            f"an object of type {type(raw).__name__}",
            "save model.state_dict(), and give that file",
        )
    return raw


def _refuse_shard(path: Path) -> None:
    shard = _SHARD.fullmatch(path.name)
    index = path.with_name(f"{shard[1]}{shard[2]}.index.json") if shard else None
    if index is not None and index.is_file():
        raise FormatError(
            f"all weights of a model in {path}",
            "one shard of several",
            f"give their index: --weights {index}",
        )


def _read_shards(index: Path) -> tuple[dict[str, Any], str]:
    do = "give an index whose shards lie beside it"
    try:
        if index.stat().st_size > _LARGEST_INDEX:
            raise ValueError(f"{index.stat().st_size:,} bytes")
        places = json.loads(index.read_bytes())["weight_map"]
        shards = sorted({str(name) for name in places.values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"an index of shards in {index}", first_line(error), do) from error
    outside = [
        name[:100]
        for name in shards
        if Path(name).name != name or name.endswith(_INDEX) or len(name.encode(errors="replace")) > _LONGEST
    ]
    if outside or not shards:
        raise FormatError(f"names of files beside {index}", name_some(outside) or "none", do)
    state: dict[str, Any] = {}
    for name in shards:
        path = index.with_name(name)
        if not path.is_file():
            raise MissingError(f"the shard {name} beside {index}", "no such file", "fetch all shards")
        state.update(_read_shard(path))
    lacking = [key for key in places if key not in state]
    if lacking:
        got = f"{len(lacking):,} missing ({name_some(lacking)})"
        raise FormatError(f"all {len(places):,} tensors of {index} in its shards", got, "fetch them again")
    return state, json_hash({name: file_hash(index.with_name(name)) for name in (index.name, *shards)})


def _read_shard(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix != ".safetensors":
        raw = read_torch_weights_only(path)
        return raw if isinstance(raw, Mapping) else {}
    check_safetensors(path)
    try:
        state: dict[str, Any] = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise FormatError(
            f"a safetensors file at {path}", first_line(error), "fetch the file again"
        ) from error
    return state
