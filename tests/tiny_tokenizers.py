"""Real tokenizers of a few hundred entries, one for each family: its kind of splitting, its control tokens and their flags."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parent.parent
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """`tokens` are the family's control tokens; those in `plain` are added without being marked as special, as Qwen does."""

    tokens: tuple[str, ...]
    eos: str
    bos: str = ""
    plain: tuple[str, ...] = ()
    pieces: bool = False  # SentencePiece: spaces as U+2581, bytes as a fallback, an implicit first space
    adds_bos: bool = False
    split: str = ""
    chat: str = ""


_STARCODER = ("<|endoftext|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>")
_PIPES = ("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>")
KINDS: Mapping[str, Kind] = {
    "codestral": Kind(
        ("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]"),
        "</s>", "<s>", pieces=True, adds_bos=True,
    ),
    "qwen": Kind(
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *_PIPES, "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
        "<|endoftext|>", plain=(*_PIPES, "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"), split=QWEN_SPLIT, chat=CHATML,
    ),
    "starcoder2": Kind((*_STARCODER, "<repo_name>", "<file_sep>", "<gh_stars>"), "<|endoftext|>"),
    "starcoder": Kind((*_STARCODER, "<filename>", "<gh_stars>", "<reponame>"), "<|endoftext|>"),
    "deepseek": Kind(
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<|EOT|>"),
        "<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>", plain=("<|EOT|>",), adds_bos=True, split=QWEN_SPLIT,
    ),
    "codellama": Kind(
        ("<unk>", "<s>", "</s>", "▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"), "</s>", "<s>", pieces=True, adds_bos=True
    ),
    "codegemma": Kind(
        ("<pad>", "<eos>", "<bos>", "<unk>", *_PIPES, "<|file_separator|>", "<start_of_turn>", "<end_of_turn>"),
        "<eos>", "<bos>", adds_bos=True, split=QWEN_SPLIT,
    ),
    "granite4": Kind(
        ("<|end_of_text|>", *_PIPES, "<|fim_pad|>", "<|filename|>", "<|reponame|>", "<|start_of_role|>"),
        "<|end_of_text|>", split=QWEN_SPLIT,
    ),
    "seed-coder": Kind(
        ("<[begin▁of▁sentence]>", "<[end▁of▁sentence]>", "<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>"),
        "<[end▁of▁sentence]>", "<[begin▁of▁sentence]>", adds_bos=True, split=QWEN_SPLIT,
    ),
    "mellum": Kind((*_STARCODER, "<filename>"), "<|endoftext|>"),
    "stable-code": Kind(_STARCODER, "<|endoftext|>", split=QWEN_SPLIT),
    "prefix": Kind(("<|endoftext|>",), "<|endoftext|>"),
    "smollm": Kind(
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<file_sep>", "<filename>"), "<|im_end|>",
        "<|im_start|>", chat=CHATML,
    ),
}  # fmt: skip


@cache
def _texts() -> tuple[str, ...]:
    """Code to learn from: two files of ours, which are there wherever the tests are."""
    return tuple((ROOT / name).read_text(encoding="utf-8") for name in ("backends/api.py", "backends/errors.py"))


@cache
def tokenizer(name: str, size: int = 600) -> PreTrainedTokenizerFast:
    """The family's tokenizer; the same object each time."""
    kind = KINDS[name]
    made = _pieces(kind, size) if kind.pieces else _byte_level(kind, size)
    made.add_tokens([AddedToken(token, special=token not in kind.plain, normalized=False) for token in kind.tokens])
    if kind.adds_bos:
        bos = made.token_to_id(kind.bos)
        made.post_processor = processors.TemplateProcessing(
            single=f"{kind.bos} $A", pair=f"{kind.bos} $A {kind.bos} $B", special_tokens=[(kind.bos, bos)]
        )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token=kind.eos, bos_token=kind.bos or None, clean_up_tokenization_spaces=False
    )
    wrapped.chat_template = kind.chat or None
    return wrapped


def _byte_level(kind: Kind, size: int) -> Tokenizer:
    made = Tokenizer(models.BPE())
    steps: list[Any] = [pre_tokenizers.ByteLevel(add_prefix_space=False)]
    if kind.split:
        steps = [
            pre_tokenizers.Split(Regex(kind.split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    made.pre_tokenizer = pre_tokenizers.Sequence(steps)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator(_texts(), trainer)
    return made


def _pieces(kind: Kind, size: int) -> Tokenizer:
    """As Llama's tokenizer.json is written: BPE over the whole text, with a space put before it and bytes for what is unknown."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    learner.train_from_iterator(_texts(), trainers.BpeTrainer(vocab_size=size, show_progress=False))
    learnt = json.loads(learner.to_str())["model"]
    words: Sequence[str] = [*kind.tokens[:3], *(f"<0x{byte:02X}>" for byte in range(256)), *learnt["vocab"]]
    merges = [tuple(pair) for pair in learnt["merges"]]
    vocabulary = {word: id for id, word in enumerate(dict.fromkeys(words))}
    made = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return made
