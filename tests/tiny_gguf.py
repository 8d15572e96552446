"""A language model of half a megabyte with random weights, written as GGUF, for a real llama.cpp server to load.

Its answers are noise: bytes that need not be UTF-8, ends that come when they like. That is what a test of the wire wants.
The format is GGUF 3 as described in ggml's docs/gguf.md; only what a llama-shaped model needs is written.
"""

from __future__ import annotations

import random
import struct
from array import array
from collections.abc import Sequence
from pathlib import Path

WIDTH, INNER, HEADS, LAYERS, CONTEXT = 64, 128, 4, 2, 8192
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_ALIGNMENT = 32


def write(path: Path, *, fim: bool = True, seed: int = 0) -> Path:
    """Writes the model to `path`; without `fim` its vocabulary has no fill-in-the-middle tokens."""
    markers = {"fim_pre": "[PREFIX]", "fim_mid": "[MIDDLE]", "fim_suf": "[SUFFIX]"} if fim else {}
    vocabulary = [("<unk>", _UNKNOWN), ("<s>", _CONTROL), ("</s>", _CONTROL)]
    vocabulary += [(f"<0x{byte:02X}>", _BYTE) for byte in range(256)]
    vocabulary += [("▁" if code == 32 else chr(code), _NORMAL) for code in range(32, 127)]
    first_marker = len(vocabulary)
    vocabulary += [(marker, _CONTROL) for marker in markers.values()]

    facts = [
        _fact("general.architecture", _STRING, "llama"),
        _fact("general.name", _STRING, "tiny-random"),
        _fact("llama.context_length", _UINT32, CONTEXT),
        _fact("llama.embedding_length", _UINT32, WIDTH),
        _fact("llama.feed_forward_length", _UINT32, INNER),
        _fact("llama.block_count", _UINT32, LAYERS),
        _fact("llama.attention.head_count", _UINT32, HEADS),
        _fact("llama.attention.head_count_kv", _UINT32, HEADS),
        _fact("llama.attention.layer_norm_rms_epsilon", _FLOAT32, 1e-5),
        _fact("llama.rope.dimension_count", _UINT32, WIDTH // HEADS),
        _fact("tokenizer.ggml.model", _STRING, "llama"),
        _array("tokenizer.ggml.tokens", _STRING, [token for token, _ in vocabulary]),
        _array("tokenizer.ggml.scores", _FLOAT32, [-float(index) for index in range(len(vocabulary))]),
        _array("tokenizer.ggml.token_type", _INT32, [kind for _, kind in vocabulary]),
        _fact("tokenizer.ggml.unknown_token_id", _UINT32, 0),
        _fact("tokenizer.ggml.bos_token_id", _UINT32, 1),
        _fact("tokenizer.ggml.eos_token_id", _UINT32, 2),
        _fact("tokenizer.ggml.add_bos_token", _BOOL, True),
        _fact("tokenizer.ggml.add_space_prefix", _BOOL, False),
        *(_fact(f"tokenizer.ggml.{name}_token_id", _UINT32, first_marker + at) for at, name in enumerate(markers)),
    ]
    tensors = [("token_embd.weight", (WIDTH, len(vocabulary))), ("output_norm.weight", (WIDTH,))]
    tensors += [("output.weight", (WIDTH, len(vocabulary)))]
    for layer in range(LAYERS):
        square, name = (WIDTH, WIDTH), f"blk.{layer}."
        tensors += [(f"{name}attn_norm.weight", (WIDTH,)), (f"{name}ffn_norm.weight", (WIDTH,))]
        tensors += [(f"{name}attn_{part}.weight", square) for part in ("q", "k", "v", "output")]
        tensors += [(f"{name}ffn_{part}.weight", (WIDTH, INNER)) for part in ("gate", "up")]
        tensors += [(f"{name}ffn_down.weight", (INNER, WIDTH))]

    head, body = bytearray(), bytearray()
    numbers = random.Random(seed)
    for name, shape in tensors:
        head += _text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        head += struct.pack("<IQ", 0, len(body))  # 0: single floats
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        body += array("f", (numbers.gauss(0, 0.5) for _ in range(count))).tobytes()
        body += bytes(-len(body) % _ALIGNMENT)
    start = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join(facts) + head
    path.write_bytes(start + bytes(-len(start) % _ALIGNMENT) + body)
    return path


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _value(kind: int, value: str | float) -> bytes:
    return _text(str(value)) if kind == _STRING else struct.pack(f"<{_FORMATS[kind]}", value)


_FORMATS = {_UINT32: "I", _INT32: "i", _FLOAT32: "f", _BOOL: "?"}


def _fact(key: str, kind: int, value: str | float) -> bytes:
    return _text(key) + struct.pack("<I", kind) + _value(kind, value)


def _array(key: str, kind: int, values: Sequence[str | float]) -> bytes:
    items = b"".join(_value(kind, value) for value in values)
    return _text(key) + struct.pack("<IIQ", _ARRAY, kind, len(values)) + items
