"""A model's folder, found and looked through before anything of it is loaded: no code of it runs, no pickle is opened.

What is checked here needs neither torch nor transformers: that the weights are safetensors whose headers are true, that the
configuration is that of these weights, and how large they are. A folder that fails gets one sentence that says what is wrong.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

SIZES: Mapping[str, float] = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}
"""Bytes of one number, by safetensors' name of its type."""
LONGEST_HEADER = 100 * 1024 * 1024
LONGEST_JSON = 64 * 1024 * 1024
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


class Unusable(Exception):
    """Why a model cannot be served, and what to do: for the user."""


@dataclass(frozen=True, slots=True)
class Folder:
    """`numbers` is how many weights there are, `bytes` what they take in the files. `name` is what the user called the model."""

    path: Path
    name: str
    config: Mapping[str, Any]
    numbers: int
    bytes: int
    dims: frozenset[int]
    layers: int

    @property
    def text_config(self) -> Mapping[str, Any]:
        """The part about text, where a model reads pictures too."""
        inner = self.config.get("text_config")
        return inner if isinstance(inner, dict) else self.config


def locate(model: str) -> Path:
    """The folder of a model: one that the user names, or a snapshot in the Hugging Face cache. Asks no network."""
    path = Path(model).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.is_absolute() or model.startswith((".", "~")) or not re.fullmatch(r"[\w.-]+/[\w.-]+", model):
        raise Unusable(f"There is no folder {model}. Name one, or a model of Hugging Face as OWNER/NAME.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise Unusable(
            f"The model {model} is not in the Hugging Face cache. Fetch it with `hf download {model}`, then start again."
        ) from error


def look_through(path: Path, name: str) -> Folder:
    """Raises `Unusable` where the folder is broken, poisoned or of a kind that is not loaded."""
    if (path / "adapter_config.json").exists():
        raise Unusable(f"{path} holds an adapter and no whole model: merge it into its model first.")
    config = read_json(path / "config.json")
    if config.get("quantization_config"):
        raise Unusable(
            f"{path} is quantized for another program. Take the plain model: the host rounds it to int8 itself."
        )
    numbers, size, dims, layers = 0, 0, set[int](), set[int]()
    for shard in _shards(path):
        for tensor, (shape, length) in _tensors(shard).items():
            numbers += prod(shape)
            size += length
            dims.update(shape)
            layers.update(int(found) for found in re.findall(r"(?:layers|h|blocks)\.(\d+)\.", tensor))
    folder = Folder(path, name, config, numbers, size, frozenset(dims), len(layers))
    _must_agree(folder)
    return folder


def _must_agree(folder: Folder) -> None:
    """A configuration that asks for more than the weights hold would be filled with random numbers, or with all memory."""
    config = folder.text_config
    for key in ("vocab_size", "hidden_size", "n_embd"):
        if (size := config.get(key)) is not None and size not in folder.dims:
            raise Unusable(f"config.json of {folder.path} does not belong to its weights: none has {key} {size}.")
    layers = config.get("num_hidden_layers", config.get("n_layer"))
    if not isinstance(layers, int) or not 0 < layers <= folder.layers:
        raise Unusable(f"config.json of {folder.path} names {layers} layers, and its weights have {folder.layers}.")


def _shards(path: Path) -> list[Path]:
    """The files of weights, by the index where there is one."""
    index = path / "model.safetensors.index.json"
    if index.exists():
        named = read_json(index).get("weight_map")
        names = sorted(set(named.values())) if isinstance(named, dict) and named else []
        bad = [name for name in names if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+\.safetensors", name)]
        if bad or not names:
            raise Unusable(f"{index} names files that are no weights of this folder.")
        shards = [path / name for name in names]
        if missing := [shard.name for shard in shards if not shard.is_file()]:
            raise Unusable(f"{path} lacks {', '.join(missing[:3])}: fetch the model again.")
        return shards
    if (single := path / "model.safetensors").is_file():
        return [single]
    if any(file.suffix in PICKLES for file in path.iterdir()):
        raise Unusable(
            f"{path} has its weights only as pickles, which can run code and are never opened. Take a model with safetensors."
        )
    raise Unusable(f"{path} holds no weights: there is no model.safetensors.")


def _tensors(shard: Path) -> dict[str, tuple[tuple[int, ...], int]]:
    """Shape and bytes of each tensor, by a header that was found true."""
    try:
        with shard.open("rb") as file:
            size = shard.stat().st_size
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(LONGEST_HEADER, size - 8):
                raise ValueError("the header is longer than the file")
            header = json.loads(file.read(length))
        return dict(_checked(header, size - 8 - length))
    except (OSError, ValueError, struct.error, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unusable(f"{shard} is damaged ({error}): fetch the model again.") from error


def _checked(header: Mapping[str, Any], size: int) -> Iterator[tuple[str, tuple[tuple[int, ...], int]]]:
    covered = 0
    for name, about in header.items():
        if name == "__metadata__":
            continue
        shape, (start, end) = tuple(about["shape"]), about["data_offsets"]
        if not all(isinstance(number, int) and number >= 0 for number in (*shape, start, end)):
            raise ValueError("a tensor's shape is none")
        if not start <= end <= size or end - start != prod(shape) * SIZES[about["dtype"]]:
            raise ValueError("a tensor reaches beyond its place")
        covered += end - start
        yield name, (shape, end - start)
    if covered != size:
        raise ValueError("the file is longer or shorter than its tensors")


def read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LONGEST_JSON:
            raise ValueError("it is too long")
        parsed = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise Unusable(f"{path.parent} holds no model: there is no {path.name}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise Unusable(f"{path} cannot be read ({error}): fetch the model again.") from error
    if not isinstance(parsed, dict):
        raise Unusable(f"{path} holds no JSON object: fetch the model again.")
    return parsed
