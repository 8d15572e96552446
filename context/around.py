"""The cursor's surroundings, worked out once for all sources.

Nothing here depends on what stands in the cursor's own line, so that what is found stays the same while it is typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from context.identifiers import EVERYWHERE, IDENTIFIER, parts
from context.snapshot import Cursor
from context.windows import Windows

NEAR_BEFORE, NEAR_AFTER = 10, 3
"""Lines around the cursor that say best what comes next."""

WIDE_BEFORE, WIDE_AFTER = 60, 20

FILE_REACH = 60_000
"""Characters of the cursor's own file on either side beyond which nothing is looked at."""


@dataclass(frozen=True, slots=True)
class Around:
    """`near` and `wide` are text above and below the cursor's line; `visible` are the names that the windows show.

    `above` and `below` are the parts of the file outside the windows, with the number of their first line.
    """

    path: Path | None
    place: str
    language: str
    near: str
    wide: str
    near_names: frozenset[str]
    near_parts: frozenset[str]
    visible: frozenset[str]
    above: tuple[int, str]
    below: tuple[int, str]


def around(cursor: Cursor, window: Windows) -> Around:
    snapshot, text = cursor.snapshot, cursor.snapshot.text
    start, end = cursor.line_start, cursor.line_end
    # The windows move by steps; what they show in any case is what counts as visible.
    shown = text[window.start : start] + text[end : window.end]
    near = _lines_before(text, start, NEAR_BEFORE) + _lines_after(text, end, NEAR_AFTER)
    wide = _lines_before(text, start, WIDE_BEFORE) + _lines_after(text, end, WIDE_AFTER)
    near_names, visible = _names(near), _names(shown)
    top = max(0, window.start - FILE_REACH)
    top = text.find("\n", top) + 1 if top else 0
    return Around(
        snapshot.path,
        str(snapshot.path) if snapshot.path is not None else snapshot.uri,
        snapshot.language,
        near,
        wide,
        near_names,
        frozenset(part for name in near_names for part in parts(name)),
        visible,
        (text.count("\n", 0, top), text[top : window.start]),
        (text.count("\n", 0, window.end), text[window.end : window.end + FILE_REACH]),
    )


@lru_cache(maxsize=4_000)
def names_in(text: str) -> frozenset[str]:
    """The names in a piece of text; pieces come back from keystroke to keystroke, so the last ones are kept (some 20 MB)."""
    return _names(text)


def _names(text: str) -> frozenset[str]:
    """The same for what is another text with every keystroke, and not worth keeping."""
    return frozenset(IDENTIFIER.findall(text)) - EVERYWHERE


def _lines_before(text: str, at: int, count: int) -> str:
    start = at
    for _ in range(count):
        start = text.rfind("\n", 0, start - 1) + 1 if start > 0 else 0
    return text[start:at]


def _lines_after(text: str, at: int, count: int) -> str:
    end = at
    for _ in range(count):
        end = text.find("\n", end + 1)
        if end < 0:
            return text[at:]
    return text[at:end]
