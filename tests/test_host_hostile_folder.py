"""A model's folder that was made to hang the host or to fill its memory is refused at once, by headers and sizes alone."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.host.folder import Unusable, look_through

CONFIG = {"model_type": "llama", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1}
SHAPES = {"model.embed_tokens.weight": [8, 4], "model.layers.0.up.weight": [16, 4]}


def write(folder: Path, shapes: dict[str, list[int]] | None = None, **config: object) -> Path:
    """A folder as far as it is looked through, of bytes; its file of weights takes no room however large it is."""
    header, end = {}, 0
    for name, shape in (SHAPES if shapes is None else shapes).items():
        start = end
        end += shape[0] * shape[1]
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [start, end]}
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    weights(folder, json.dumps(header), end)
    return folder


def weights(folder: Path, header: str, size: int = 0) -> None:
    written = header.encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(written)) + written)
        file.truncate(8 + len(written) + size)


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(Unusable) as caught:
        look_through(folder, "tiny")
    for word in words:
        assert word in str(caught.value)


def test_a_folder_that_is_looked_through(tmp_path: Path) -> None:
    folder = look_through(write(tmp_path, num_local_experts=0, head_dim=None), "tiny")
    assert (folder.numbers, folder.bytes, folder.layers) == (8 * 4 + 16 * 4, 8 * 4 + 16 * 4, 1)
    assert folder.rows == {8}


def test_an_empty_tensor_names_no_size(tmp_path: Path) -> None:
    """A tensor of [0, 5e9] takes no byte, and made a vocabulary of 5e9 one of these weights."""
    refused(write(tmp_path, {**SHAPES, "stray": [0, 5_000_000_000]}, vocab_size=5_000_000_000), "a tensor is empty")


def test_a_vocabulary_is_as_long_as_its_table(tmp_path: Path) -> None:
    refused(write(tmp_path, vocab_size=16), "vocab_size 16")
    refused(write(tmp_path, {**SHAPES, "embed": [3_000_000, 1]}, vocab_size=3_000_000), "vocab_size is 3000000")


@pytest.mark.parametrize(
    "config",
    [{"num_attention_heads": 10**9}, {"num_attention_heads": "x"}, {"num_key_value_heads": -1}, {"head_dim": 1e9},
     {"max_position_embeddings": 10**12}, {"num_experts": 10**9}, {"num_attention_heads": [1]}, {"num_hidden_layers": True},
     {"text_config": {**CONFIG, "head_dim": 10**9}}],
)  # fmt: skip
def test_a_configuration_that_asks_for_too_much(tmp_path: Path, config: dict[str, object]) -> None:
    refused(write(tmp_path, **config), "config.json", "is of no model")


def test_tensors_in_one_place(tmp_path: Path) -> None:
    write(tmp_path)
    one = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}
    weights(tmp_path, json.dumps({"a": one, "b": one}), 8)
    refused(tmp_path, "damaged", "in the place of another")


@pytest.mark.parametrize(
    "shape", [f"[{'9' * 4000}{(',' + '9' * 4000) * 3000}]", f"[1{',1' * 3000}]", "[true]", "[1e9]"]
)
def test_a_shape_that_takes_minutes(tmp_path: Path, shape: str) -> None:
    write(tmp_path)
    weights(tmp_path, f'{{"a": {{"dtype": "U8", "shape": {shape}, "data_offsets": [0, 1]}}}}', 1)
    refused(tmp_path, "damaged")


def test_a_layer_with_thousands_of_digits(tmp_path: Path) -> None:
    write(tmp_path, {**SHAPES, f"layers.{'9' * 5000}.up": [1, 1]})
    assert look_through(tmp_path, "tiny").layers == 2


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def without_end(path: Path) -> None:
    path.symlink_to("/dev/zero")


def too_long(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 36)


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither pipes in folders nor devices")
@pytest.mark.parametrize("hostile", [a_pipe, without_end, too_long])
@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "model.safetensors", "generation_config.json", "merges.txt",
             "model.safetensors.index.json", "additional_chat_templates/a.jinja"],
)  # fmt: skip
def test_what_is_no_file_or_has_no_end(tmp_path: Path, name: str, hostile: Callable[[Path], None]) -> None:
    path = write(tmp_path) / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    hostile(path)
    refused(tmp_path, path.name)


def test_a_snapshot_is_made_of_links(tmp_path: Path) -> None:
    (blobs := tmp_path / "blobs").mkdir()
    (snapshot := tmp_path / "snapshot").mkdir()
    for file in write(blobs).iterdir():
        (snapshot / file.name).symlink_to(Path("..", "blobs", file.name))
    (snapshot / "gone.json").symlink_to("nowhere")
    assert look_through(snapshot, "tiny").layers == 1


def test_an_index_of_thousands_of_shards(tmp_path: Path) -> None:
    """Each may lead to the same file, which is read again and again."""
    write(tmp_path)
    names = {f"t{number}": f"model-{number}.safetensors" for number in range(1000)}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    refused(tmp_path, "no weights of this folder")


def test_headers_are_bounded_together(tmp_path: Path) -> None:
    write(tmp_path)
    weights(tmp_path, '{"__metadata__": "' + " " * (12 << 20) + '"}')
    names = {str(number): f"model-{number}.safetensors" for number in range(4)}
    for name in names.values():
        (tmp_path / name).symlink_to("model.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    refused(tmp_path, "model-2.safetensors is damaged")
