"""A model's folder, found and looked through before anything of it is loaded: no code of it runs, no pickle is opened.

What is checked here needs neither torch nor transformers: that the weights are safetensors whose headers are true, that the
configuration is that of these weights, and how large they are. A folder that fails gets one sentence that says what is wrong.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from backends.host.headers import header
from backends.host.regular import parsed, read

MOST_CONFIG = 1 << 20
MOST_WORDS = 64 << 20
"""Bytes of a file of the tokenizer; the largest known, of 260,000 entries, has 33 MB."""
MOST_HEADERS = 32 << 20
"""Bytes of the index of the weights, and of all their headers together: those of 20,000 tensors have 3 MB."""
MOST_SHARDS = 512
MOST_THINGS = 4096
"""Of layers, heads, experts: whatever a configuration has a `num_` of."""
MOST: Mapping[str, int] = {
    "vocab_size": 2_000_000,
    **dict.fromkeys(("hidden_size", "n_embd"), 1 << 16),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "num_attention_heads", "n_head"), MOST_THINGS),
    **dict.fromkeys(("num_key_value_heads", "head_dim", "n_routed_experts"), MOST_THINGS),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"), 1 << 24),
}
"""The highest number of a configuration that is believed: what is made by it is made before the weights can prove it wrong."""
READ = (".json", ".txt", ".model", ".jinja")
"""Ends of the names of files that transformers reads beside the weights."""
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


class Unusable(Exception):
    """Why a model cannot be served, and what to do: for the user."""


@dataclass(frozen=True, slots=True)
class Folder:
    """`numbers` is how many weights there are, `bytes` what they take in the files, `rows` the lengths of the tables of
    tokens. `name` is what the user called the model."""

    path: Path
    name: str
    config: Mapping[str, Any]
    numbers: int
    bytes: int
    dims: frozenset[int]
    rows: frozenset[int]
    layers: int

    @property
    def text_config(self) -> Mapping[str, Any]:
        """The part about text, where a model reads pictures too."""
        inner = self.config.get("text_config")
        return inner if isinstance(inner, dict) else self.config


def locate(model: str) -> Path:
    """The folder of a model: one that the user names as a path, or a snapshot in the Hugging Face cache. Asks no network.

    OWNER/NAME is never a folder below the working folder: a project that has one of that name would choose the model.
    """
    if model in (".", "..") or model.startswith(("./", "../", "~")) or Path(model).is_absolute():
        return _named(model)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", model):
        raise Unusable(f"{model} is no model of Hugging Face, OWNER/NAME. `./{model}` would name a folder.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise Unusable(
            f"The model {model} is not in the Hugging Face cache. Fetch it with `hf download {model}`, then start again. "
            f"`./{model}` would name a folder."
        ) from error


def _named(model: str) -> Path:
    try:
        path = Path(model).expanduser()
        if path.is_dir():
            return path.resolve()
    except (RuntimeError, ValueError, OSError):
        pass  # no such user, or no path
    raise Unusable(f"There is no folder {model}. Name one, or a model of Hugging Face as OWNER/NAME.")


def look_through(path: Path, name: str) -> Folder:
    """Raises `Unusable` where the folder is broken, poisoned or of a kind that is not loaded."""
    if (path / "adapter_config.json").exists():
        raise Unusable(f"{path} holds an adapter and no whole model: merge it into its model first.")
    _must_be_readable(path)
    config = read_json(path / "config.json")
    if config.get("quantization_config"):
        raise Unusable(
            f"{path} is quantized for another program. Take the plain model: the host rounds it to int8 itself."
        )
    folder = _weighed(path, name, config)
    _must_be_bounded(folder)
    _must_agree(folder)
    return folder


def _must_be_readable(path: Path) -> None:
    """What transformers will read are regular files of bounded length: it would wait at a pipe, and never end with a device."""
    below = path / "additional_chat_templates"
    try:
        files = [*path.iterdir(), *(below.iterdir() if below.is_dir() else ())]
    except OSError as error:
        raise Unusable(f"{path} cannot be read ({error}).") from error
    for file in files:
        try:
            found = file.stat()
        except OSError:
            continue  # a link that leads nowhere is a file that is not there
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise Unusable(f"{file} is no regular file: fetch the model again.")
        if file.suffix in READ and found.st_size > MOST_WORDS:
            raise Unusable(f"{file} is longer than any model's ({found.st_size:,} bytes): fetch the model again.")


def _weighed(path: Path, name: str, config: Mapping[str, Any]) -> Folder:
    numbers, size, room = 0, 0, MOST_HEADERS
    dims, rows, layers = set[int](), set[int](), set[str]()
    for shard in _shards(path):
        try:
            found = header(shard, room)
        except (OSError, ValueError) as error:
            raise Unusable(f"{shard} is damaged ({error}): fetch the model again.") from error
        room -= found.length
        for tensor in found.tensors:
            numbers += prod(tensor.shape)
            size += tensor.end - tensor.start
            dims.update(tensor.shape)
            rows.update(tensor.shape[:1] if re.search(r"embed|wte", tensor.name) else ())
            layers.update(re.findall(r"(?:layers|h|blocks)\.(\d+)\.", tensor.name))
    return Folder(path, name, config, numbers, size, frozenset(dims), frozenset(rows), len(layers))


def _must_be_bounded(folder: Folder) -> None:
    for part in (folder.config, *(each for each in folder.config.values() if isinstance(each, dict))):
        for key, value in part.items():
            most = MOST.get(key, MOST_THINGS if key.startswith("num_") else None)
            if most is None or value is None or (key not in MOST and type(value) is not int):
                continue
            if type(value) is not int or not 0 <= value <= most:
                raise Unusable(f"config.json of {folder.path} is of no model: its {key} is {str(value)[:50]}.")


def _must_agree(folder: Folder) -> None:
    """A configuration that asks for more than the weights hold would be filled with random numbers, or with all memory."""
    config = folder.text_config
    for key, held in (("vocab_size", folder.rows), ("hidden_size", folder.dims), ("n_embd", folder.dims)):
        if (size := config.get(key)) is not None and size not in held:
            raise Unusable(f"config.json of {folder.path} does not belong to its weights: none has {key} {size}.")
    layers = config.get("num_hidden_layers", config.get("n_layer"))
    if not isinstance(layers, int) or not 0 < layers <= folder.layers:
        raise Unusable(f"config.json of {folder.path} names {layers} layers, and its weights have {folder.layers}.")


def _shards(path: Path) -> list[Path]:
    """The files of weights, by the index where there is one."""
    index = path / "model.safetensors.index.json"
    if index.exists():
        named = read_json(index, MOST_HEADERS).get("weight_map")
        given = list(named.values()) if isinstance(named, dict) else []
        bad = [name for name in given if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+\.safetensors", name)]
        names = [] if bad else sorted(set(given))
        if not 0 < len(names) <= MOST_SHARDS:
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


def read_json(path: Path, most: int = MOST_CONFIG) -> dict[str, Any]:
    try:
        content = parsed(read(path, most))
    except FileNotFoundError as error:
        raise Unusable(f"{path.parent} holds no model: there is no {path.name}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise Unusable(f"{path} cannot be read ({error}): fetch the model again.") from error
    if not isinstance(content, dict):
        raise Unusable(f"{path} holds no JSON object: fetch the model again.")
    return content
