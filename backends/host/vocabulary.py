"""A tokenizer as the host uses it: the user's text to token ids that are only text, and token ids back to bytes.

Text never becomes a control token here, whatever it spells: `encode` cuts it inside every such spelling. Tokens are bytes, not
strings, because a byte-level vocabulary splits characters; `backends/host/writing.py` puts the characters together again.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

HTML = (
    "a|b|i|u|em|strong|code|pre|sub|sup|blockquote|h[1-6]|p|br|div|span|ul|ol|li|"
    "table|caption|thead|tbody|tfoot|tr|th|td"
)
SPACE = "▁"
"""How SentencePiece writes a space."""


class Vocabulary:
    """`size` is the number of rows of logits, which may exceed the tokenizer's entries."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, size: int = 0) -> None:
        backend = tokenizer.backend_tokenizer
        written = json.loads(backend.to_str())
        self.spaced = _drops_implicit_space(written)
        """Whether the tokenizer puts a space before the first word of a text by itself (SentencePiece)."""
        self._tokenizer = Tokenizer.from_str(json.dumps(written))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._ids: Mapping[str, int] = backend.get_vocab(with_added_tokens=True)
        self._added: Mapping[str, int] = {entry["content"]: entry["id"] for entry in written["added_tokens"]}
        self.size = max(size, max(self._ids.values(), default=-1) + 1)
        special = {entry["content"] for entry in written["added_tokens"] if entry["special"]}
        self.specials = frozenset(self._added[text] for text in special)
        """Control tokens that the tokenizer itself calls so: none of them belongs into a file."""
        self.controls = frozenset(id for text, id in self._added.items() if text in special or _is_control(text))
        self._spelt = _spellings(text for text, id in self._added.items() if id in self.controls)
        self.bytes_of: tuple[bytes, ...] = self._all_bytes(written)
        self.bos_ids: tuple[int, ...] = tuple(tokenizer("")["input_ids"][:1]) if _starts_with_bos(tokenizer) else ()
        self.bos_id: int | None = tokenizer.bos_token_id
        self.eos_id: int | None = tokenizer.eos_token_id

    def encode(self, text: str, *, spaced: bool = False) -> list[int]:
        """Ids of `text`, none of them a control token. `spaced` where the implicit space of SentencePiece belongs before it."""
        if spaced and self.spaced and text:
            text = f" {text}"
        ids: list[int] = []
        for piece in self._cut(text):
            ids += self._tokenizer.encode(piece, add_special_tokens=False).ids
        return ids

    def encode_written(self, text: str) -> list[int]:
        """Ids of text that a chat template wrote, control tokens included. Never for text of a user."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def control(self, spelling: str) -> int | None:
        """The id of a control token, in SentencePiece's spelling too; None where the vocabulary has no such single entry."""
        for name in (spelling, SPACE + spelling):
            if (id := self._ids.get(name)) is not None:
                return id
        return None

    def starting_with(self, head: bytes) -> Sequence[int]:
        """The tokens of text whose bytes start with `head`, itself included."""
        keys, ids = self._sorted
        start = bisect_left(keys, head)
        end = bisect_left(keys, _after(head)) if _after(head) else len(keys)
        return ids[start:end]

    def starts_of(self, text: bytes) -> Sequence[int]:
        """The tokens whose bytes are a start of `text`, shorter than it and not empty."""
        keys, ids = self._sorted
        found: list[int] = []
        for length in range(1, len(text)):
            at = bisect_left(keys, text[:length])
            while at < len(keys) and keys[at] == text[:length]:
                found.append(ids[at])
                at += 1
        return found

    def _cut(self, text: str) -> Iterable[str]:
        """`text` in pieces of which none spells a control token."""
        start = 0
        for found in self._spelt.finditer(text) if self._spelt else ():
            yield text[start : found.start() + 1]
            start = found.start() + 1
        if start < len(text):
            yield text[start:]

    @cached_property
    def _sorted(self) -> tuple[list[bytes], list[int]]:
        """Bytes and ids of the tokens of text, in the order of their bytes."""
        pairs = sorted((text, id) for id, text in enumerate(self.bytes_of) if text and id not in self.controls)
        return [text for text, _ in pairs], [id for _, id in pairs]

    def _all_bytes(self, written: Mapping[str, Any]) -> tuple[bytes, ...]:
        """What each id stands for; nothing for control tokens and rows that no token uses."""
        is_byte_level = _mentions(written, "ByteLevel")
        table = [b""] * self.size
        for text, id in self._ids.items():
            if id in self.controls:
                continue
            if text in self._added:
                table[id] = text.encode()
            elif is_byte_level:
                table[id] = b"".join(_BYTES.get(character) or character.encode() for character in text)
            elif byte := re.fullmatch(r"<0x([0-9A-Fa-f]{2})>", text):
                table[id] = bytes.fromhex(byte[1])
            else:
                table[id] = text.replace(SPACE, " ").encode()
        return tuple(table)


def _starts_with_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    ids = tokenizer("")["input_ids"]
    return bool(ids) and ids[0] == tokenizer.bos_token_id


def _is_control(text: str) -> bool:
    """Added tokens that tokenizers do not mark as special and that still mean something to the model, such as Qwen's
    `<|fim_prefix|>`; runs of spaces and tags of HTML, which others add, mean themselves."""
    if re.fullmatch(f"</?({HTML})>", text):
        return False
    return re.fullmatch(r"▁?(<[^\s<>]+>|\[[A-Z_/]+\])", text) is not None


def _spellings(texts: Iterable[str]) -> re.Pattern[str] | None:
    """Finds where a control token is spelt, overlapping ones too; `▁<PRE>` also as it looks in a text, ` <PRE>`."""
    known = {form for text in texts for form in (text, text.replace(SPACE, " ")) if len(form) > 1}
    return re.compile(f"(?={'|'.join(map(re.escape, sorted(known)))})") if known else None


def _drops_implicit_space(written: dict[str, Any]) -> bool:
    """Takes the implicit first space out of a tokenizer's description, in the three ways that it is written. Says whether it
    was there."""
    found = False
    normalizer = written.get("normalizer") or {}
    steps = normalizer.get("normalizers", [normalizer])
    kept = [step for step in steps if step.get("type") != "Prepend"]
    if len(kept) < len(steps):
        found = True
        written["normalizer"] = {"type": "Sequence", "normalizers": kept} if kept else None
    splitter = written.get("pre_tokenizer") or {}
    for step in splitter.get("pretokenizers", [splitter]):
        if step.get("type") == "Metaspace" and step.get("prepend_scheme", "never") != "never":
            step["prepend_scheme"], found = "never", True
        if step.get("type") == "ByteLevel":
            step["add_prefix_space"] = False
    return found


def _mentions(written: Mapping[str, Any], kind: str) -> bool:
    return any(f'"type": "{kind}"' in json.dumps(written.get(part)) for part in ("pre_tokenizer", "decoder"))


def _after(head: bytes) -> bytes:
    """The smallest bytes above all that start with `head`; none where there are no such."""
    trimmed = head.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else b""


def _byte_alphabet() -> Mapping[str, bytes]:
    """GPT-2's way of writing bytes as visible characters: printable Latin-1 stands for itself, the rest from U+0100 on."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {chr(byte): bytes([byte]) for byte in visible} | {
        chr(256 + place): bytes([byte]) for place, byte in enumerate(hidden)
    }


_BYTES: Mapping[str, bytes] = _byte_alphabet()
