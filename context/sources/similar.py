"""Code like the cursor's surroundings, anywhere in the workspace: found by the names around the cursor and their parts."""

from __future__ import annotations

from collections.abc import Iterable

from context.analysis import words, words_of_path
from context.around import Around
from context.desk import Desk
from context.found import Found
from context.grammars import language_of, may_use
from context.snapshot import Cursor

NEAR = "similar"
WIDE = "similar to more"
MOST = 40
MORE = 20
"""Stretches that are asked for beyond those, as some may be of files that hold no code."""


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """Two questions to the text index: by the few lines at the cursor with the file's name, and by the screenful."""
    if desk.index is None:
        return
    about = words_of_path(around.path) if around.path is not None else []
    for source, wanted in ((NEAR, words(around.near) + about), (WIDE, words(around.wide))):
        found = [
            stretch
            for stretch in desk.index.similar(wanted, MOST + MORE)
            if may_use(around.language, language_of(stretch.path))
        ]
        for stretch in found[:MOST]:
            if stretch.path != around.path:
                yield Found(source, stretch.path, "", stretch.first, stretch.text, stretch.score)
