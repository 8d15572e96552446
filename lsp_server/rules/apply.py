"""The rules in their order, and the two ways to run them: `apply` for the editor, `explain` for `infill why`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from context.snapshot import Cursor
from lsp_server.extent import Extent, extent_at
from lsp_server.place import Place, plain
from lsp_server.rules.bad_start import bad_start
from lsp_server.rules.blank import blank
from lsp_server.rules.block_ends import block_ends
from lsp_server.rules.chat_talk import chat_talk
from lsp_server.rules.control_tokens import control_tokens
from lsp_server.rules.echo import echo
from lsp_server.rules.fences import fences
from lsp_server.rules.indentation import indentation
from lsp_server.rules.invisible import invisible
from lsp_server.rules.leading_blanks import leading_blanks
from lsp_server.rules.line_echo import line_echo
from lsp_server.rules.lone_bracket import lone_bracket
from lsp_server.rules.next_lines import next_lines
from lsp_server.rules.repetition import repetition
from lsp_server.rules.replaces import replaced
from lsp_server.rules.scope import scope
from lsp_server.rules.secrets import secrets
from lsp_server.rules.stray_closer import stray_closer
from lsp_server.rules.tabs import tabs
from lsp_server.rules.trailing_blanks import trailing_blanks
from lsp_server.rules.verdict import Drop, Rule, Shown
from lsp_server.rules.wholeness import wholeness

if TYPE_CHECKING:
    from context.syntax import Parsed

RULES: tuple[Rule, ...] = (
    # What is not the author's text at all.
    control_tokens,
    fences,
    chat_talk,
    invisible,
    bad_start,
    secrets,
    # What is there already, before the cursor.
    leading_blanks,
    echo,
    line_echo,
    # How it is laid out, and how much of it to show.
    trailing_blanks,
    tabs,
    indentation,
    repetition,
    scope,
    # What is there already, after the cursor.
    next_lines,
    block_ends,
    stray_closer,
    # What is left is worth showing, and leaves the file whole.
    blank,
    lone_bracket,
    wholeness,
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule did: the text before it, and the text after it or why it dropped the answer."""

    rule: str
    before: str
    after: str | Drop


def apply(answer: str, cursor: Cursor, extent: Extent | None = None, parsed: Parsed | None = None) -> Shown | Drop:
    """The ghost text that `answer` comes to at `cursor`, or why nothing is shown.

    `extent` None lets the place decide. `parsed` is the snapshot's syntax tree (`context.syntax.Trees`); without
    one, whether the file stays whole is not looked at.
    """
    place = _place(cursor, extent, parsed)
    text = plain(answer)
    for rule in RULES:
        result = rule(text, place)
        if isinstance(result, Drop):
            return result
        text = result
    return _shown(text, place)


def explain(
    answer: str, cursor: Cursor, extent: Extent | None = None, parsed: Parsed | None = None
) -> tuple[Step, ...]:
    """Every rule's step on the way of `answer`, up to one that drops it; the last step, "replaces", is `apply`'s own result."""
    place = _place(cursor, extent, parsed)
    text, steps = plain(answer), []
    for rule in RULES:
        result = rule(text, place)
        steps.append(Step(rule.__name__.replace("_", "-"), text, result))
        if isinstance(result, Drop):
            return tuple(steps)
        text = result
    shown = _shown(text, place)
    steps.append(Step("replaces", text, shown if isinstance(shown, Drop) else shown.text))
    return tuple(steps)


def _place(cursor: Cursor, extent: Extent | None, parsed: Parsed | None) -> Place:
    return Place(cursor, extent_at(cursor, parsed) if extent is None else extent, parsed)


def _shown(text: str, place: Place) -> Shown | Drop:
    replaces = replaced(text, place)
    if text == place.after[:replaces]:
        return Drop("it is already there")
    return Shown(text.replace("\n", place.terminator), replaces)
