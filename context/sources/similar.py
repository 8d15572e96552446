"""Code like the cursor's surroundings, anywhere in the workspace: found by the names around the cursor and their parts."""

from __future__ import annotations

from collections.abc import Iterable

from context.analysis import words, words_of_path
from context.around import Around
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

NEAR = "similar"
WIDE = "similar to more"
MOST = 40


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """Two questions to the text index: by the few lines at the cursor with the file's name, and by the screenful."""
    if desk.index is None:
        return
    about = words_of_path(around.path) if around.path is not None else []
    for source, wanted in ((NEAR, words(around.near) + about), (WIDE, words(around.wide))):
        for stretch in desk.index.similar(wanted, MOST):
            if stretch.path != around.path:
                yield Found(source, stretch.path, "", stretch.first, stretch.text, stretch.score)
