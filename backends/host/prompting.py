"""From the text around a cursor to the token ids that a model is asked with, so that the next key costs a token or two.

The middle is anchored: text before the line of the cursor, suffix and other files are laid out once and kept as they are while
the line is typed, and what was typed on it stands behind the middle token, as the beginning of the answer. Every model was taught
middles that begin with anything, and the KV cache of all that precedes is used again, in forms that put the suffix last too.
A new line, a jump, an edit before the anchor or a changed suffix lays out anew. Forms without a middle token (Codestral's, and
models that only continue) append what is typed anyway.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backends.host.formats import Format, Hole, Slot, Words
from backends.host.healing import taken_off
from backends.host.vocabulary import Vocabulary

HEADER = re.compile(r"(?:\A|\n\n)\+\+\+\+\+ ([^\n]*)\n")
"""What stands before each file in a prompt of several files, as Infill's own client and Continue write it."""
LONGEST_TYPED = 400
"""Characters behind the anchor; on a longer line the anchor moves to the cursor."""
DOCUMENTS = 256
"""Anchors that are kept; the least recently used goes first."""
STEPS = 8
"""A prompt that is too long is cut by whole eighths of its room, so that it begins at the same token for many keys."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """`ids` to ask with. The answer begins with the bytes `healed`, which are not part of it; `cut` says that the text did not
    fit and was shortened at its far ends."""

    ids: tuple[int, ...]
    healed: bytes = b""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Anchor:
    """`hole.prefix` ends where what is typed begins; `room` is the length it was laid out for."""

    hole: Hole
    ids: tuple[int, ...]
    room: int
    cut: bool


class Prompter:
    """Lays out prompts for one model. `heals` and `anchors` are switched off only to compare with the plain prompt."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        format: Format,
        context_tokens: int,
        *,
        anchors: bool = True,
        heals: bool = True,
    ) -> None:
        self._vocabulary, self._format, self._context = vocabulary, format, context_tokens
        self._anchors, self._heals = anchors and format.has_middle, heals
        self._kept: OrderedDict[str, _Anchor] = OrderedDict()

    def prompt(self, text: str, suffix: str, *, max_tokens: int, document: str = "") -> Prompt:
        """`text` before the cursor, other files before it under `+++++ path`; `document` is whose text it is, "" for nobody's.
        Prompt and answer together fit into the model's context, however long the text is."""
        hole, room = read(text, suffix), max(self._context - max_tokens, 1)
        for longest in (LONGEST_TYPED, 0):
            anchor, typed = self._anchored(hole, room, document, longest)
            ids = [*anchor.ids, *self._vocabulary.encode(typed)]
            if len(ids) <= room:
                break
        ids = ids[-room:] or [
            self._vocabulary.eos_id or 0
        ]  # what a text began with where the model was taught without more
        if (
            self._heals
            and not self._format.has_middle
            and self._vocabulary.spaced
            and not hole.prefix
            and not hole.others
        ):
            return Prompt(
                tuple(ids), b" ", anchor.cut
            )  # the implicit space that every text of SentencePiece begins with
        ids, healed = self._healed(ids, typed if self._format.has_middle else hole.prefix)
        return Prompt(tuple(ids), healed, anchor.cut)

    def _healed(self, ids: list[int], before: str) -> tuple[list[int], bytes]:
        """The ids to ask with and the bytes taken off them, none where the prompt ends with nothing that was typed."""
        count = taken_off(self._vocabulary, ids[1:]) if self._heals and before else 0
        kept = ids[: len(ids) - count]
        return kept, b"".join(self._vocabulary.bytes_of[id] for id in ids[len(kept) :])

    def _anchored(self, hole: Hole, room: int, document: str, longest: int) -> tuple[_Anchor, str]:
        """The document's anchor, the old one where it still holds, and the at most `longest` characters typed behind it."""
        old = self._kept.get(document) if document else None
        if old is not None and (typed := _typed_behind(old, hole, room, longest)) is not None:
            self._kept.move_to_end(document)
            return old, typed
        start = hole.prefix.rfind("\n") + 1
        at = start if self._anchors and len(hole.prefix) - start <= longest else len(hole.prefix)
        fixed = replace(hole, prefix=hole.prefix[:at])
        ids, cut = self._lay_out(fixed, room - min(longest, room // 4) if self._anchors else room)
        anchor, typed = _Anchor(fixed, ids, room, cut), hole.prefix[at:]
        if document and self._anchors:
            self._kept[document] = anchor
            self._kept.move_to_end(document)
            if len(self._kept) > DOCUMENTS:
                self._kept.popitem(last=False)
        return anchor, typed

    def _lay_out(self, hole: Hole, room: int) -> tuple[tuple[int, ...], bool]:
        """The ids of a whole prompt of at most `room` tokens, and whether something had to be left out."""
        prefix = self._vocabulary.encode(hole.prefix, spaced=not hole.others)
        suffix = self._vocabulary.encode(hole.suffix) if self._format.template else []
        others = list(hole.others)
        while True:
            around = self._filled(replace(hole, others=tuple(others)), (), ())
            left = room - len(around)
            if not others or left >= len(prefix) + len(suffix):
                break
            others.pop(0)  # the farthest from the cursor
        before, after = fitted(len(prefix), len(suffix), max(left, 0))
        ids = self._filled(replace(hole, others=tuple(others)), prefix[len(prefix) - before :], suffix[:after])
        return tuple(ids), (before, after, len(others)) != (len(prefix), len(suffix), len(hole.others))

    def _filled(self, hole: Hole, prefix: Sequence[int], suffix: Sequence[int]) -> list[int]:
        """The form with its slots filled; neighbouring words are one text to the tokenizer."""
        ids, words, is_first = list(self._format.head), "", True
        for part in [*self._format.parts(hole), None]:
            if isinstance(part, Words):
                words += part.text
                continue
            if words:
                ids += self._vocabulary.encode(words, spaced=is_first)
                words, is_first = "", False
            if isinstance(part, Slot):
                ids += prefix if part.is_prefix else suffix
            elif part is not None:
                ids.append(part)
                is_first = True
        return ids


def read(text: str, suffix: str) -> Hole:
    """A prompt as the API takes it. Where it begins with `+++++ path`, it is several files, the last of which has the hole."""
    if not text.startswith("+++++ "):
        return Hole(text, suffix)
    pieces = HEADER.split(text)
    files = list(zip(pieces[1::2], pieces[2::2], strict=True))
    if not files:
        return Hole(text, suffix)
    *others, (path, prefix) = files
    return Hole(prefix, suffix, path, tuple(others))


def fitted(prefix: int, suffix: int, room: int) -> tuple[int, int]:
    """How many tokens of prefix and suffix are kept. The suffix has a quarter, or what the prefix leaves; what is cut off the
    prefix is a whole number of steps, so that typing does not move its beginning at every key."""
    if prefix + suffix <= room:
        return prefix, suffix
    step = max(room // STEPS, 1)
    after = min(suffix, max(room // 4, room - -(-prefix // step) * step))
    over = prefix - (room - after)
    before = prefix if over <= 0 else max(prefix - -(-over // step) * step, 0)
    return before, min(after, room - before)


def _typed_behind(anchor: _Anchor, hole: Hole, room: int, longest: int) -> str | None:
    """What stands between anchor and cursor; None where the anchor does not hold any more. Other files may have changed
    meanwhile: they are looked at again with the next line."""
    kept = anchor.hole
    if (hole.suffix, hole.path) != (kept.suffix, kept.path) or not hole.prefix.startswith(kept.prefix):
        return None
    typed = hole.prefix[len(kept.prefix) :]
    if "\n" in typed or len(typed) > longest or room < anchor.room:
        return None
    return typed
