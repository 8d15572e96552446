"""Files that are being worked on without being open: changed in the work tree, or by the newest commits of the branch."""

from __future__ import annotations

from collections.abc import Iterable

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.grammars import language_of, may_use
from context.snapshot import Cursor
from context.sources.open_files import likeness

NAME = "changed file"
MOST_FILES = 8
MOST_STRETCHES = 16
MOST_OF_A_FILE = 40


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """The stretches of these files that share most names with the cursor's surroundings; what changed last counts more."""
    if desk.index is None:
        return []
    opened = {other.path for other in desk.open_files}
    paths = [
        path
        for path in desk.index.lately_changed(2 * MOST_FILES)
        if path != around.path and path not in opened and may_use(around.language, language_of(path))
    ]
    stretches = [
        Found(NAME, path, "", stretch.first, stretch.text, score)
        for position, path in enumerate(paths[:MOST_FILES])
        for stretch in desk.index.stretches(path)[:MOST_OF_A_FILE]
        if (score := likeness(stretch.text, around, position))
    ]
    stretches.sort(key=lambda stretch: -stretch.score)
    return stretches[:MOST_STRETCHES]
