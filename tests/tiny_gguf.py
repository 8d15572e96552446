"""A language model small enough to read, written as GGUF, for a real llama.cpp server to load: it knows one line by heart.

After a space, or where a hole is to be filled, it writes `yield(0)`, a new line, and the same again without end. Its embedding
is one number per token, attention and feed-forward are zero, and the output matrix says which token follows which.
The format is GGUF 3 as described in ggml's docs/gguf.md; only what a llama-shaped model needs is written.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

LINE = "yield(0)\n "
WIDTH, INNER, HEADS, CONTEXT = 384, 32, 6, 8192
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_ALIGNMENT = 32


def write(path: Path, *, fim: bool = True) -> Path:
    """Writes the model to `path`, 4 MB; without `fim` its vocabulary has no fill-in-the-middle tokens."""
    markers = {"fim_pre": "[PREFIX]", "fim_suf": "[SUFFIX]", "fim_mid": "[MIDDLE]"} if fim else {}
    vocabulary = [("<unk>", _UNKNOWN), ("<s>", _CONTROL), ("</s>", _CONTROL)]
    vocabulary += [(f"<0x{byte:02X}>", _BYTE) for byte in range(256)]
    vocabulary += [("▁" if code == 32 else chr(code), _NORMAL) for code in range(32, 127)]
    vocabulary += [(marker, _CONTROL) for marker in markers.values()]
    tokens = [token for token, _ in vocabulary]
    facts = [
        _fact("general.architecture", _STRING, "llama"),
        _fact("general.name", _STRING, "tiny"),
        _fact("llama.context_length", _UINT32, CONTEXT),
        _fact("llama.embedding_length", _UINT32, WIDTH),
        _fact("llama.feed_forward_length", _UINT32, INNER),
        _fact("llama.block_count", _UINT32, 1),
        _fact("llama.attention.head_count", _UINT32, HEADS),
        _fact("llama.attention.head_count_kv", _UINT32, HEADS),
        _fact("llama.attention.layer_norm_rms_epsilon", _FLOAT32, 1e-6),
        _fact("llama.rope.dimension_count", _UINT32, WIDTH // HEADS),
        _fact("tokenizer.ggml.model", _STRING, "llama"),
        _array("tokenizer.ggml.tokens", _STRING, tokens),
        _array("tokenizer.ggml.scores", _FLOAT32, [-float(index) for index in range(len(tokens))]),
        _array("tokenizer.ggml.token_type", _INT32, [kind for _, kind in vocabulary]),
        _fact("tokenizer.ggml.unknown_token_id", _UINT32, 0),
        _fact("tokenizer.ggml.bos_token_id", _UINT32, 1),
        _fact("tokenizer.ggml.eos_token_id", _UINT32, 2),
        _fact("tokenizer.ggml.add_bos_token", _BOOL, True),
        _fact("tokenizer.ggml.add_space_prefix", _BOOL, False),
        *(_fact(f"tokenizer.ggml.{name}_token_id", _UINT32, tokens.index(text)) for name, text in markers.items()),
    ]
    head, body = bytearray(), bytearray()
    for name, (shape, numbers) in _tensors(tokens).items():
        head += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += struct.pack("<IQ", 0, len(body))  # 0: single floats
        body += numbers + bytes(-len(numbers) % _ALIGNMENT)
    start = b"GGUF" + struct.pack("<IQQ", 3, len(_tensors(tokens)), len(facts)) + b"".join(facts) + head
    path.write_bytes(start + bytes(-len(start) % _ALIGNMENT) + body)
    return path


def _tensors(tokens: Sequence[str]) -> Mapping[str, tuple[tuple[int, ...], bytes]]:
    """Name → shape, the fastest-running dimension first, and little-endian floats."""
    own = array("f", bytes(4 * WIDTH * len(tokens)))
    following = array("f", own)
    for index in range(len(tokens)):
        own[index * WIDTH + index] = 1.0
    for before, after in _successors(tokens):
        following[after * WIDTH + before] = 1.0
    ones = array("f", [1.0] * WIDTH).tobytes()
    square, wide = (WIDTH, WIDTH), (WIDTH, INNER)
    zeros = {
        **{f"attn_{part}": square for part in ("q", "k", "v", "output")},
        **{"ffn_gate": wide, "ffn_up": wide, "ffn_down": wide[::-1]},
    }
    return {
        "token_embd.weight": ((WIDTH, len(tokens)), own.tobytes()),
        "output_norm.weight": ((WIDTH,), ones),
        "output.weight": ((WIDTH, len(tokens)), following.tobytes()),
        "blk.0.attn_norm.weight": ((WIDTH,), ones),
        "blk.0.ffn_norm.weight": ((WIDTH,), ones),
        **{f"blk.0.{name}.weight": (shape, bytes(4 * shape[0] * shape[1])) for name, shape in zeros.items()},
    }


def _successors(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Which token follows which: the line in a circle, its start after a hole, and the end of the text after all else."""
    spelling = [tokens.index({"\n": "<0x0A>", " ": "▁"}.get(each, each)) for each in LINE]
    follows = dict(pairwise([*spelling, spelling[0]]))
    if "[MIDDLE]" in tokens:
        follows[tokens.index("[MIDDLE]")] = spelling[0]
    return [(index, follows.get(index, tokens.index("</s>"))) for index in range(len(tokens))]


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _value(kind: int, value: str | float) -> bytes:
    formats = {_UINT32: "<I", _INT32: "<i", _FLOAT32: "<f", _BOOL: "<?"}
    return _text(str(value)) if kind == _STRING else struct.pack(formats[kind], value)


def _fact(key: str, kind: int, value: str | float) -> bytes:
    return _text(key) + struct.pack("<I", kind) + _value(kind, value)


def _array(key: str, kind: int, values: Sequence[str | float]) -> bytes:
    items = b"".join(_value(kind, value) for value in values)
    return _text(key) + struct.pack("<IIQ", _ARRAY, kind, len(values)) + items
