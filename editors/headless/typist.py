"""A person who types a known text and takes a suggestion when it is what they were about to write.

The model of the user that demo and benches share. It sees only what an editor shows: ghost text after each keystroke.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from editors.headless.buffer import Ghost

LEAST = 5  # visible characters from which on reaching for Tab is worth it


@dataclass(frozen=True, slots=True)
class Seen:
    """Ghost text as it came up, and how long after the keystroke, in seconds."""

    ghost: Ghost | None
    took: float


class Editing(Protocol):
    """The editor under the person's hands."""

    async def type(self, text: str) -> Seen: ...

    async def accept(self, ghost: Ghost, length: int) -> Seen:
        """Takes the first `length` characters of the ghost text."""
        ...


async def type_out(editor: Editing, text: str, seen: Seen) -> None:
    """Types `text`, beginning with `seen` on the screen."""
    while text:
        taken = worth_taking(seen.ghost, text)
        if seen.ghost is not None and taken:
            seen, text = await editor.accept(seen.ghost, taken), text[taken:]
        else:
            key = next_key(text)
            seen, text = await editor.type(key), text[len(key) :]


def worth_taking(ghost: Ghost | None, rest: str) -> int:
    """How much of the ghost text the person takes: all of it where it is right, else its lines that are; 0 for none."""
    if ghost is None or ghost.replaces:
        return 0
    text = ghost.text
    while text and not (rest.startswith(text) and _ends_well(text, rest)):
        text = text.rpartition("\n")[0]
    return len(text) if len("".join(text.split())) >= LEAST else 0


def _ends_well(text: str, rest: str) -> bool:
    """Not in the middle of a word: nobody takes half a name."""
    after = rest[len(text) : len(text) + 1]
    return not (_in_word(text[-1]) and _in_word(after))


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def next_key(rest: str) -> str:
    """One key's worth: a character, or Enter with the indentation that an editor puts after it."""
    enter = re.match(r"(\r\n|\r|\n)[ \t]*", rest)
    return enter[0] if enter else rest[0]
