"""An answer that is JSON of a given schema by construction: each next token is one that the grammar allows, and it always ends.

llguidance turns the schema into a grammar and says which tokens may come. A model need not come to an end by itself, so as the
limit of tokens or of time comes near, or it says the same for ever, the shortest way to close what is open is taken instead of
the model's choice. Only where the limit is below the shortest document of the schema is the answer cut, with finish reason
`length`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import llguidance.hf
import numpy as np
import torch
from llguidance import LLMatcher

from backends.host.loops import Loop
from backends.host.vocabulary import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

CLOSERS = b'}]",:0ntf{['
"""Outside of a string the first of these that is allowed ends what is open, or begins the shortest value."""
LONGEST_WAY = 2048
"""Tokens after which no way to the end is looked for: the schema is recursive and asks for itself."""
DEEPEST = 12


class Unfit(ValueError):
    """A schema that cannot be held to, with the reason."""


class Grammars:
    """The schemas of one model: what is known of its vocabulary is made once, which takes a second."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, vocabulary: Vocabulary, ends: frozenset[int]) -> None:
        self.vocabulary, self.ends = vocabulary, ends
        self.words = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary.size, eos_token=sorted(ends))
        self.never = torch.tensor(sorted(vocabulary.controls - ends), dtype=torch.long)
        """Control tokens that the grammar takes for text."""

    def constraint(
        self, schema: Mapping[str, object], max_tokens: int, is_late: Callable[[], bool] = lambda: False
    ) -> Valid:
        """For one answer of at most `max_tokens`, which is brought to its end when `is_late`. Raises `Unfit`."""
        try:
            written = json.dumps(schema)
            grammar = LLMatcher.grammar_from_json_schema(written, overrides={"whitespace_flexible": False})
        except (ValueError, TypeError, RecursionError) as error:
            raise Unfit(str(error)) from error
        matcher = LLMatcher(self.words, grammar, log_level=0)
        if matcher.is_error():
            raise Unfit(matcher.get_error().strip().splitlines()[0])
        return Valid(self, matcher, max_tokens, longest_jump(schema), is_late)


class Valid:
    """A `Constraint`. `jump`: how many tokens one token can at most put between here and the shortest end."""

    def __init__(
        self, grammars: Grammars, matcher: LLMatcher, left: int, jump: int, is_late: Callable[[], bool]
    ) -> None:
        self._grammars, self._matcher, self._left, self._jump, self._is_late = grammars, matcher, left, jump, is_late
        self._loop = Loop()
        self._closing = False
        self._sure = 0  # tokens that may come before the way to the end is measured again

    def mask(self, logits: Tensor) -> None:
        allowed = _bits(self._matcher, len(logits))
        if self._must_close():
            token = self._shortest(self._matcher, allowed)
            kept = logits[token].clone()
            logits.fill_(float("-inf"))
            logits[token] = torch.nan_to_num(kept, neginf=0.0)
            return
        logits.masked_fill_(~torch.from_numpy(allowed), float("-inf"))
        logits[self._grammars.never] = float("-inf")

    def accept(self, token: int) -> None:
        self._matcher.consume_token(token)
        self._left -= 1
        self._sure -= 1
        self._closing = self._loop.has_closed(token) or self._closing

    def _must_close(self) -> bool:
        self._closing = self._closing or self._is_late()
        if not self._closing and self._sure <= 0:
            way = self._way_to_end()
            spare = self._left - way - self._jump
            self._closing = spare <= 0
            self._sure = max(spare // (self._jump + 1), 1)
        return self._closing

    def _way_to_end(self) -> int:
        """Tokens of the shortest way, the end itself not counted."""
        ahead = self._matcher.deep_copy()
        for length in range(LONGEST_WAY):
            if ahead.is_accepting() or ahead.is_stopped():
                return length
            ahead.consume_token(self._shortest(ahead, _bits(ahead, self._grammars.vocabulary.size)))
        return LONGEST_WAY

    def _shortest(self, matcher: LLMatcher, allowed: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
        """The next token on a short way to the end."""
        if matcher.is_accepting() or matcher.is_stopped():
            return min(self._grammars.ends)
        if forced := matcher.compute_ff_tokens():
            return int(forced[0])
        in_string = self._one(b"~", allowed) is not None
        for closer in b'"' if in_string else CLOSERS:
            if (token := self._one(bytes([closer]), allowed)) is not None:
                return token
        allowed[self._grammars.never.numpy()] = False
        return int(allowed.argmax())

    def _one(self, text: bytes, allowed: np.ndarray[Any, np.dtype[np.bool_]]) -> int | None:
        """The allowed token that is just `text`."""
        table = self._grammars.vocabulary.bytes_of
        same = (id for id in self._grammars.vocabulary.starting_with(text)[:8] if table[id] == text and allowed[id])
        return next(same, None)


def longest_jump(schema: Mapping[str, object]) -> int:
    """Bytes, and so at most as many tokens, of the longest among the shortest values of all parts of a schema."""
    measure = _Measure(schema)
    found = [(measure.shortest(part, 0), _longest_key(part)) for part in _parts(schema, 0)]
    return min(max(value for value, _ in found) + max(key for _, key in found) + 8, LONGEST_WAY)


def _parts(schema: object, depth: int) -> Iterator[Mapping[str, Any]]:
    """A schema and all schemas in it, and other objects that do no harm."""
    if isinstance(schema, Mapping):
        yield schema
    if isinstance(schema, (Mapping, list)) and depth < DEEPEST:
        for each in schema.values() if isinstance(schema, Mapping) else schema:
            yield from _parts(each, depth + 1)


def _longest_key(schema: Mapping[str, Any]) -> int:
    properties = schema.get("properties")
    return max(map(len, properties), default=0) if isinstance(properties, Mapping) else 0


class _Measure:
    """Each part of a schema is measured once for each depth: one that names itself 30 times stands for 30 to the power of its
    depth."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[tuple[int, int], int] = {}

    def shortest(self, schema: object, depth: int) -> int:
        """Bytes of the shortest value; of alternatives the longest, since the model chooses."""
        if not isinstance(schema, Mapping) or depth > DEEPEST:
            return 5
        known = self._known.get((id(schema), depth))
        if known is None:
            known = self._known[id(schema), depth] = self._measured(schema, depth)
        return known

    def _measured(self, schema: Mapping[str, Any], depth: int) -> int:
        if isinstance(reference := schema.get("$ref"), str):
            return self.shortest(_resolved(reference, self._root), depth + 1)
        if "const" in schema or "enum" in schema:
            values = schema.get("enum", [schema.get("const")])
            return max((len(json.dumps(value)) for value in values), default=5)
        chosen = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
        inner = max((self.shortest(each, depth + 1) for each in chosen), default=0)
        properties, items = schema.get("properties", {}), schema.get("items", {})
        keys = [key for key in schema.get("required", ()) if isinstance(key, str)]
        held = sum(len(json.dumps(key)) + 2 + self.shortest(properties.get(key), depth + 1) for key in keys)
        listed = int(schema.get("minItems", 0)) * (1 + self.shortest(items, depth + 1))
        return 5 + inner + held + listed + 4 * int(schema.get("minLength", 0))


def _resolved(reference: str, root: Mapping[str, Any]) -> object:
    """What `#/$defs/name` names, within the schema alone."""
    found: object = root
    for name in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(name) if isinstance(found, Mapping) and name else found
    return found


def _bits(matcher: LLMatcher, size: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of `size` tokens may come next."""
    bits = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8), bitorder="little", count=size)
    return bits.astype(np.bool_)
