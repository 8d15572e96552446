"""What is decided when an engine is made: whose attention, which weights; and what becomes of it when memory ends."""

from __future__ import annotations

import weakref

import pytest
import torch
import transformers
from torch import nn

from backends.host import attention, llama_layers, quantize
from backends.host.attention import Row
from backends.host.engine import Engine, is_out_of_memory
from backends.host.jobs import HostOutOfMemory, Unsuitable
from backends.host.llama_layers import LlamaLayers
from backends.host.packed import Packed
from backends.host.quantize import Int8Linear, OnGpu
from backends.host.recurrent import OneByOne
from backends.host.shapes import SHAPES, configuration
from tests.host_models import SIZE, tiny

IDS = list(range(5, 45))


def logits_of(engine: Engine, ids: list[int]) -> torch.Tensor:
    with engine.thread():
        sequence = engine.take(ids, "", len(ids))
        return engine.read([Row(sequence, ids, 1)])[0]


def _everything(span: attention._Span, window: int | None, first: int, times: int, like: torch.Tensor) -> torch.Tensor:
    """A mask that lets a token see those that come after it."""
    return torch.zeros(times * span.size, span.start + span.size - first)


def test_attention_that_is_computed_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = tiny("qwen2")(torch.tensor([IDS])).logits[0, -1:]
    monkeypatch.setattr(attention._Span, "mask", _everything)
    engine = Engine.of(tiny("qwen2"), threads=1)
    assert isinstance(engine.reader, OneByOne)
    assert torch.allclose(logits_of(engine, IDS), right, atol=1e-4)


@pytest.mark.parametrize(
    ("family", "written_out"),
    {"qwen2": True, "llama": True, "mistral": True, "granite": False, "gemma": False, "starcoder2": False}.items(),
)
def test_layers_of_the_llama_kind_are_written_out(family: str, written_out: bool) -> None:
    """Granite has the same names, but multiplies what it adds, and Gemma adds one to its norms: the proof finds it out."""
    reader = Engine.of(tiny(family), threads=1).reader
    assert isinstance(reader, Packed)
    assert isinstance(reader.compute, LlamaLayers) is written_out


def test_layers_that_are_computed_wrong_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = tiny("qwen2")(torch.tensor([IDS])).logits[0, -1:]
    monkeypatch.setattr(llama_layers, "_normed", lambda norm, states: states)
    engine = Engine.of(tiny("qwen2"), threads=1)
    assert isinstance(engine.reader, Packed)
    assert not isinstance(engine.reader.compute, LlamaLayers)
    assert torch.allclose(logits_of(engine, IDS), right, atol=1e-4)


@pytest.mark.parametrize("family", ["qwen2", "granite"])
def test_joined_layers_hold_no_weight_twice(family: str) -> None:
    """Whether the layers that are written out are taken, or found out as Granite's are."""
    model, rounded = tiny(family), tiny(family)
    before = sum(parameter.nbytes for parameter in model.parameters())
    Engine.of(model, threads=1)
    assert sum(parameter.nbytes for parameter in model.parameters()) == before
    Engine.of(rounded, threads=1, int8=True)
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    assert [name for name, module in rounded.named_modules() if isinstance(module, Int8Linear)] == linear


def test_a_window_is_kept_by_layers_that_are_written_out() -> None:
    """Longer than the proof: what a layer sees is taken from what it asked of its attention, not from what was proved."""
    torch.manual_seed(3)
    configuration = transformers.MistralConfig(**SIZE, sliding_window=60)
    model = transformers.AutoModelForCausalLM.from_config(configuration, dtype=torch.float32).eval()
    ids = [3 + 7 * at % 290 for at in range(150)]
    with torch.inference_mode():
        right = model(torch.tensor([ids])).logits[0, -1:]
    engine = Engine.of(model, threads=1)
    assert isinstance(engine.reader, Packed)
    assert isinstance(engine.reader.compute, LlamaLayers)
    assert torch.allclose(logits_of(engine, ids), right, atol=1e-4)


def test_a_model_that_cannot_be_read_in_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny("codegen")
    plain = model.forward
    monkeypatch.setattr(model, "forward", lambda **given: plain(**{**given, "past_key_values": None}))
    with pytest.raises(Unsuitable, match="CodeGenForCausalLM"):
        Engine.of(model, threads=1)


def test_weights_in_eight_bits_are_close() -> None:
    plain, engine = tiny("llama"), Engine.of(tiny("llama"), threads=1, int8=True)
    assert engine.quantized
    right, close = plain(torch.tensor([IDS])).logits[0, -1], logits_of(engine, IDS)[0]
    assert torch.cosine_similarity(right, close, dim=0) > 0.99


def test_one_giant_activation_leaves_bits_to_the_other_tokens() -> None:
    torch.manual_seed(1)
    linear = nn.Linear(64, 32)
    inputs = torch.randn(5, 64)
    inputs[0] *= 10_000
    with torch.inference_mode():
        error = (Int8Linear(linear)(inputs) - linear(inputs))[1:].norm() / linear(inputs)[1:].norm()
    assert error < 0.03


def test_inputs_of_one_sign_are_rounded_as_finely_beside_others_as_alone() -> None:
    """Behind a gate inputs seldom are as far below zero as above; a range of both signs wastes every second step."""
    torch.manual_seed(1)
    linear = nn.Linear(256, 64)
    rounded, inputs = Int8Linear(linear), nn.functional.silu(torch.randn(16, 256) * 4)
    inputs[::2] *= -1
    with torch.inference_mode():
        right = linear(inputs)
        alone = (torch.cat([rounded(token[None]) for token in inputs]) - right).norm()
        beside = (rounded(inputs) - right).norm()
    assert beside < 1.1 * alone


def test_weights_are_rounded_the_same_a_few_outputs_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vocabulary's weights in float32, several times over, took gigabytes more of a GPU than was reckoned with."""
    torch.manual_seed(1)
    linear, inputs = nn.Linear(64, 32), torch.randn(3, 64)
    with torch.inference_mode():
        whole = Int8Linear(linear)(inputs)
        monkeypatch.setattr(quantize, "SLICE", 7)
        assert Int8Linear(linear)(inputs).equal(whole)


@pytest.mark.parametrize("tokens", [1, 5, 40])
def test_the_product_of_a_gpu_is_that_of_a_cpu(tokens: int) -> None:
    """The same operator of torch multiplies on either, in whole numbers; here it runs on a CPU."""
    torch.manual_seed(1)
    linear = nn.Linear(64, 32, bias=False)
    scale = linear.weight.detach().abs().amax(1) / 127
    product = OnGpu((linear.weight.detach() / scale[:, None]).round().to(torch.int8), scale)
    inputs = torch.randn(tokens, 64)
    inputs[0] *= 100
    with torch.inference_mode():
        right = linear(inputs)
        for mine, other in zip(product(inputs), right, strict=True):
            assert (mine - other).norm() < 0.02 * other.norm()
        assert product(inputs.bfloat16()).dtype == torch.bfloat16


def test_floats_of_thirty_two_bits_stay_unless_asked_for() -> None:
    assert not Engine.of(tiny("llama"), threads=1).quantized
    assert Engine.of(tiny("llama").bfloat16(), threads=1).quantized
    assert not Engine.of(tiny("llama").bfloat16(), threads=1, int8=False).quantized


def test_a_model_of_experts_keeps_its_weights() -> None:
    assert not Engine.of(tiny("granite_moe"), threads=1, int8=True).quantized


@pytest.mark.parametrize("family", ["qwen2", "gemma", "starcoder2"])
def test_sixteen_bits_are_read_by_our_attention_too(family: str) -> None:
    plain, engine = tiny(family), Engine.of(tiny(family).bfloat16(), threads=1, int8=False)
    assert isinstance(engine.reader, Packed)
    right, close = plain(torch.tensor([IDS])).logits[0, -1], logits_of(engine, IDS)[0]
    assert torch.cosine_similarity(right, close, dim=0) > 0.98


def test_keys_are_kept_in_floats_that_need_no_kernel_of_every_length() -> None:
    """In sixteen bits oneDNN compiles and keeps half a megabyte for each new length: a minute of typing once took 200 MB."""
    reader = Engine.of(tiny("qwen2").bfloat16(), threads=1).reader
    assert isinstance(reader, Packed)
    assert reader.sequences.layout.dtype == torch.float32


@pytest.mark.parametrize("family", ["qwen2", "mamba"])
def test_a_pass_that_is_given_up_in_the_middle_can_be_made_again(family: str) -> None:
    right = tiny(family)(torch.tensor([IDS])).logits[0, -1:]
    engine = Engine.of(tiny(family), threads=1)
    asked = iter([False, True])
    with engine.thread():
        sequence = engine.take(IDS, "", len(IDS))
        with pytest.raises(attention.Interrupted):
            engine.read([Row(sequence, IDS, 1)], lambda: next(asked))
        again = engine.read([Row(sequence, IDS[len(sequence.ids) :], 1)])[0]
    assert torch.allclose(again, right, atol=1e-4)


def test_a_pass_that_is_over_holds_nothing() -> None:
    """Until the next one it held its sequence, also a dropped one, so that there was no memory for another."""
    engine = Engine.of(tiny("qwen2"), threads=1)
    with engine.thread():
        row = Row(engine.take(IDS, "", len(IDS)), IDS, 1)
        engine.read([row], lambda row=row: row.wanted == 2)  # type: ignore[misc]
        held = weakref.ref(row.sequence.keys[0])
        engine.reader.drop(row.sequence)
        del row
    assert held() is None


def test_memory_that_ends_in_a_pass_sheds_what_is_kept() -> None:
    engine = Engine.of(tiny("qwen2"), threads=1)
    reader = engine.reader
    assert isinstance(reader, Packed)
    logits_of(engine, IDS[::-1])
    reader.give(reader.sequences._held[0])
    sequence = engine.take(IDS, "", 40)
    assert len(reader.sequences) == 2
    plain, failures = reader.compute, [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]

    def failing(ids: torch.Tensor, positions: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        if failures:
            raise failures.pop(0)
        return plain(ids, positions, keep)

    reader.compute = failing
    with pytest.raises(HostOutOfMemory):
        engine.read([Row(sequence, IDS, 1)])
    assert len(reader.sequences) == 1, "only what is in use is left"
    assert engine.read([Row(sequence, IDS, 1)])[0].shape == (1, 300)


def test_other_errors_are_no_want_of_memory() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("shape '[2]' is invalid for input of size 3"))


def test_shapes_have_the_sizes_they_are_called_by() -> None:
    for name in SHAPES:
        config = configuration(name)
        head = config.hidden_size // config.num_attention_heads
        attention_size = config.hidden_size * head * 2 * (config.num_attention_heads + config.num_key_value_heads)
        layer = attention_size + 3 * config.hidden_size * config.intermediate_size
        embeddings = config.vocab_size * config.hidden_size * (1 if config.tie_word_embeddings else 2)
        billions = (config.num_hidden_layers * layer + embeddings) / 1e9
        said = float(name.rstrip("BM")) / (1000 if name.endswith("M") else 1)
        assert said * 0.9 < billions < said * 1.15, name
