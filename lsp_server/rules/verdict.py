"""What rules speak of: an answer's text goes in, the text to go on with or a reason to show nothing comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_server.place import Place


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing of the answer is to be shown; `reason` is in the rule's words and holds no text of the user's."""

    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Ghost text, with the file's line terminators, in place of `replaces` characters after the cursor on its line."""

    text: str
    replaces: int


Rule = Callable[[str, Place], str | Drop]
"""A pure function of the answer (terminators plain, \\n) and its place. Applied twice it gives what it gives once."""
