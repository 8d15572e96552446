"""A folder that is broken, poisoned or too big gets one sentence before anything of it runs; a good one is loaded."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.host.catalogue import propose
from backends.host.folder import Unusable, locate, look_through
from backends.host.loading import Wanted, load
from backends.host.memory import (
    GIB,
    Place,
    Precision,
    _group_rests,
    cache_bytes_per_token,
    free_memory,
    must_fit,
    need,
)
from tests import tiny_model_folder
from tests.tiny_tokenizers import tokenizer


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder.write(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "tiny"))


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(Unusable) as caught:
        load(Wanted(str(folder), precision=Precision.FP32))
    for word in words:
        assert word in str(caught.value)


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_good_folder(good: Path) -> None:
    said: list[str] = []
    loaded = load(Wanted(str(good), aliases=("codestral-latest",), precision=Precision.FP32, device="cpu"), said.append)
    assert loaded.model.name == str(good)
    assert loaded.model.aliases == ("tiny", "codestral-latest")
    assert loaded.model.context_tokens == 1024
    assert loaded.model.format.name == "qwen"
    assert loaded.weights.num_parameters() == look_through(good, "tiny").numbers
    assert len(said) == 2


def test_what_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "There is no folder")
    refused(tmp_path, "holds no model", "config.json")
    with pytest.raises(Unusable, match="hf download nobody/nothing"):
        locate("nobody/nothing")
    with pytest.raises(Unusable, match="OWNER/NAME"):
        locate("no such thing")
    with pytest.raises(Unusable, match="There is no folder"):
        locate("~nobody-of-this-name/model")


def test_a_project_does_not_choose_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the project that is called as the model was served instead of the user's own."""
    (tmp_path / "nobody" / "nothing").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in ("nobody/nothing", "nobody"):
        with pytest.raises(Unusable, match=f"`./{name}` would name a folder"):
            locate(name)
    assert locate("./nobody/nothing") == locate(str(tmp_path / "nobody" / "nothing")) == tmp_path / "nobody" / "nothing"


def test_pickles_are_never_opened(folder: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return (Path.touch, (folder / "pwned",))  # type: ignore[return-value]

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))
    refused(folder, "pickles", "never opened")
    assert not (folder / "pwned").exists()


def test_code_in_a_folder_is_never_run(folder: Path) -> None:
    (folder / "modeling_evil.py").write_text(f"open({str(folder / 'pwned')!r}, 'w')\n")
    names = {"AutoConfig": "modeling_evil.Config", "AutoModelForCausalLM": "modeling_evil.Model"}
    change(folder / "config.json", auto_map=names)
    load(Wanted(str(folder), precision=Precision.FP32))  # a kind that is known is loaded with the library's own code
    change(folder / "config.json", model_type="evil", auto_map=names)
    refused(folder, "evil")
    assert not (folder / "pwned").exists()


def test_a_tokenizer_with_code_is_not_run(folder: Path) -> None:
    (folder / "evil.py").write_text(f"open({str(folder / 'pwned')!r}, 'w')\n")
    change(
        folder / "tokenizer_config.json", tokenizer_class="Evil", auto_map={"AutoTokenizer": ["evil.Evil", "evil.Evil"]}
    )
    try:
        load(Wanted(str(folder), precision=Precision.FP32))
    except Unusable as error:
        assert "tokenizer" in str(error)
    assert not (folder / "pwned").exists()


def spoil_length(data: bytes) -> bytes:
    return struct.pack("<Q", 1 << 60) + data[8:]


def spoil_json(data: bytes) -> bytes:
    return data[:8] + b"x" + data[9:]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def longer(data: bytes) -> bytes:
    return data + b"\0"


def spoil_offsets(data: bytes) -> bytes:
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    name = next(name for name in header if name != "__metadata__")
    header[name]["data_offsets"][1] += 1 << 40
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + data[8 + length :]


@pytest.mark.parametrize(
    "spoil", [spoil_length, spoil_json, cut, longer, spoil_offsets, lambda data: b"", lambda data: b"{}"]
)
def test_damaged_weights(folder: Path, spoil: Callable[[bytes], bytes]) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(spoil(weights.read_bytes()))
    refused(folder, "damaged", "fetch the model again")


@pytest.mark.parametrize("names", [["../../etc/passwd"], ["/etc/passwd"], ["evil.bin"], [7], []])
def test_an_index_that_leads_elsewhere(folder: Path, names: list[object]) -> None:
    index = {"weight_map": {f"tensor{place}": name for place, name in enumerate(names)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(folder, "no weights of this folder")


def test_a_shard_that_is_missing(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-2.safetensors"}}))
    refused(folder, "lacks model-2.safetensors")


@pytest.mark.parametrize(
    "values",
    [{"num_hidden_layers": 10**9}, {"vocab_size": 10**9}, {"hidden_size": 10**6}, {"intermediate_size": 10**9},
     {"num_hidden_layers": "x"}, {"num_hidden_layers": 0}],
)  # fmt: skip
def test_a_configuration_of_other_weights(folder: Path, values: dict[str, object]) -> None:
    change(folder / "config.json", **values)
    refused(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "[" * 100_000, '{"model_type": "nothing-known"}'])
def test_a_configuration_that_is_none(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content)
    refused(folder)


def test_weights_that_are_missing(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["model.layers.0.stray.weight"] = weights.pop("model.layers.0.mlp.up_proj.weight").clone()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    refused(folder, "lacks weights", "up_proj")


def test_what_other_programs_have_made_of_a_model(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    refused(folder, "adapter")
    (folder / "adapter_config.json").unlink()
    change(folder / "config.json", quantization_config={"quant_method": "gptq"})
    refused(folder, "quantized")


def test_a_tokenizer_larger_than_the_model(folder: Path) -> None:
    words = json.loads((folder / "tokenizer.json").read_text())
    words["added_tokens"] += [
        {**words["added_tokens"][0], "id": 1000 + number, "content": f"<|beyond{number}|>"} for number in range(99)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(words))
    refused(folder, "more tokens than the model has rows")


def test_a_token_far_beyond_the_model(folder: Path) -> None:
    """A table of all ids was made before the highest of them was looked at: 32 GB."""
    words = json.loads((folder / "tokenizer.json").read_text())
    words["model"]["vocab"]["far"] = 2**32 - 1
    (folder / "tokenizer.json").write_text(json.dumps(words))
    refused(folder, "more tokens than the model has rows")


def test_tables_beside_the_weights(tmp_path: Path) -> None:
    """StarCoder 1's classes make a square of as many positions as there are, which is no weight and fills the memory."""
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForCausalLM, GPTBigCodeConfig

    words = tokenizer("starcoder")
    config = GPTBigCodeConfig(vocab_size=len(words), n_positions=8, n_embd=32, n_layer=1, n_head=2)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    load(Wanted(str(tmp_path), precision=Precision.FP32))
    weights = load_file(tmp_path / "model.safetensors")
    weights["transformer.wpe.weight"] = weights["transformer.wpe.weight"].repeat(1 << 13, 1)
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    change(tmp_path / "config.json", n_positions=1 << 16)
    refused(tmp_path, "asks for tables of 4.3 GB beside the weights")


def test_a_form_that_is_not_there(good: Path) -> None:
    with pytest.raises(Unusable, match="no tokens of the form `codestral`"):
        load(Wanted(str(good), form="codestral", precision=Precision.FP32))


def test_what_does_not_fit_is_refused_with_advice(good: Path) -> None:
    folder = look_through(good, "tiny")
    wanted = need(folder, 1_000_000, Precision.FP32)
    with pytest.raises(Unusable) as caught:
        must_fit(folder, wanted, Place("cpu", GIB // 2), Precision.FP32)
    for word in ("tiny needs about", "0.5 GB free", "infill serve --list", "--context-tokens", "--precision bf16"):
        assert word in str(caught.value), word


def test_memory_that_a_limit_of_the_process_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below `ulimit -v` a host was loaded that ended with the first requests: libraries abort where it is reached."""
    resource = pytest.importorskip("resource")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    monkeypatch.setattr(resource, "getrlimit", lambda which: (used + 50_000_000, resource.RLIM_INFINITY))
    assert free_memory() <= 50_000_000 + GIB // 4, "what this process takes meanwhile aside"


@pytest.mark.parametrize(
    ("controllers", "tree", "names"),
    [
        ("", "", ("memory.max", "memory.current", "inactive_file")),
        ("memory", "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
    ],
)
def test_memory_that_control_groups_leave(
    tmp_path: Path, controllers: str, tree: str, names: tuple[str, str, str]
) -> None:
    """Also those around the process's own; only the root's was asked, and only of the second version."""
    own = tmp_path / "cgroup"
    own.write_text(f"3:cpu:/\n1:{controllers}:/user/service\n")
    for name, limit in (("user", "1000"), ("user/service", "max")):
        group = tmp_path / tree / name
        group.mkdir(parents=True)
        for file, content in zip((*names[:2], "memory.stat"), (limit, "300", f"anon 7\n{names[2]} 100\n"), strict=True):
            (group / file).write_text(content)
    assert list(_group_rests(own, tmp_path)) == [800]


def test_the_cache_has_half_of_what_is_left(good: Path) -> None:
    folder = look_through(good, "tiny")
    wanted = need(folder, 1000, Precision.BF16)
    assert must_fit(folder, wanted, Place("cpu", wanted.weights + GIB // 2 + 2 * GIB), Precision.BF16) == GIB


def test_a_gpu_needs_more_beside_its_cache(good: Path) -> None:
    """It reads a prompt in larger pieces, and its cache is taken at once, whether used or not."""
    folder = look_through(good, "tiny")
    wanted = need(folder, 1000, Precision.BF16, "cuda:0")
    assert must_fit(folder, wanted, Place("cuda:0", wanted.weights + 3 * GIB), Precision.BF16) == GIB
    with pytest.raises(Unusable, match="the GPU has"):
        must_fit(folder, wanted, Place("cuda:0", wanted.weights + GIB), Precision.BF16)


def test_what_a_token_costs_in_the_cache() -> None:
    qwen = {"num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "hidden_size": 896}
    assert cache_bytes_per_token(qwen) == 2 * 24 * 2 * 64 * 4


def test_what_is_proposed_says_what_fits() -> None:
    small, large = list(propose(Place("cpu", 4 * GIB))), list(propose(Place("cuda:0", 140 * GIB)))
    assert [each.entry.id for each in small if each.fits] == [
        "ibm-granite/granite-4.0-350m-base",
        "Qwen/Qwen2.5-Coder-0.5B",
    ]
    assert all(each.fits for each in large)
    assert all(each.licence for each in large)
    assert next(each for each in large if "Codestral" in each.entry.id).licence.startswith("MNPL")
