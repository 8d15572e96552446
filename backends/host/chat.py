"""A conversation in the model's own chat template, as token ids, in which no text of a user can become a control token.

Templates come with a model and are run by transformers in a sandbox of Jinja. What users and files say is kept out of them: each
text is replaced by a mark that nobody can guess, and put back after the template was tokenized, as text.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from backends.host.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


MOST_STEPS = 300_000
"""Lines of a compiled template that run for one prompt; a conversation of a hundred messages takes some thousands."""


class NoConversation(ValueError):
    """The template cannot write this conversation; the message says why."""


class Chat:
    """The template of one model; `ends` are the tokens that end an answer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, vocabulary: Vocabulary, eos: frozenset[int]) -> None:
        self._tokenizer, self._vocabulary = tokenizer, vocabulary
        turns = ("<|im_end|>", "<|eot_id|>", "<|eot|>", "<end_of_turn>", "<|end_of_turn|>", "<|EOT|>", "<|end|>")
        known = {id for turn in turns if (id := vocabulary.control(turn)) is not None}
        self.ends = eos | known | ({vocabulary.eos_id} if vocabulary.eos_id is not None else set())

    @property
    def is_there(self) -> bool:
        return bool(self._tokenizer.chat_template)

    def ids(self, messages: Sequence[Mapping[str, Any]], begun: str = "") -> tuple[int, ...]:
        """The prompt for the next answer to `messages` (role, content), which goes on with `begun`. Raises `NoConversation`."""
        marks = [f"\ue000{secrets.token_hex(12)}\ue001" for _ in messages]
        hidden = [{**message, "content": mark} for message, mark in zip(messages, marks, strict=True)]
        written = self._written(hidden)
        ids: list[int] = []
        for message, mark in zip(messages, marks, strict=True):
            before, found, written = written.partition(mark)
            if not found:
                raise NoConversation(
                    "The model's chat template leaves out a message of this conversation, or changes it."
                )
            ids += self._vocabulary.encode_written(before)
            ids += self._vocabulary.encode(str(message["content"]))
        ids += self._vocabulary.encode_written(written)
        ids += self._vocabulary.encode(begun)
        return tuple(ids)

    def _written(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """What the template makes of them; one that knows no system role is given those words with the user's first."""
        try:
            return self._applied(messages)
        except Exception as error:
            if messages[0]["role"] != "system" or len(messages) < 2:
                raise NoConversation(
                    f"The model's chat template refuses this conversation: {_first_line(error)}"
                ) from error
        system, first, *rest = messages
        joined = {**first, "content": f"{system['content']}\n\n{first['content']}"}
        try:
            return self._applied([joined, *rest])
        except Exception as error:
            raise NoConversation(
                f"The model's chat template refuses this conversation: {_first_line(error)}"
            ) from error

    def _applied(self, messages: Sequence[Mapping[str, Any]]) -> str:
        with _few_steps():
            written = self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        return str(written)


@contextmanager
def _few_steps() -> Iterator[None]:
    """Ends a template that loops for ever: Jinja's sandbox bounds one `range`, and not one inside of another."""
    left = MOST_STEPS

    def step(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename != "<template>":
            return None
        left -= 1
        if left < 0:
            raise NoConversation("it goes on for too long")
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        yield
    finally:
        sys.settrace(before)


def _first_line(error: Exception) -> str:
    """What a template says when it refuses, which is its own text and none of the conversation's."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
