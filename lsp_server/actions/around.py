"""What a model is shown besides the chosen lines: the rest of the file in outline, and where the names in it come from and go."""

from __future__ import annotations

from collections.abc import Iterator

from context.desk import Desk
from context.identifiers import names
from context.index import Index
from context.privacy import LeftOut
from lsp_server.actions.chosen import Chosen, definitions_in
from lsp_server.actions.data import Piece

MOST_CHARACTERS = 16_000
LINES_AROUND = 30
MOST_NAMES = 25


def around(chosen: Chosen, desk: Desk) -> list[Piece]:
    """The nearest first, up to a limit of characters. What the gate refuses is not among them."""
    pieces, room = [], MOST_CHARACTERS
    for piece in _candidates(chosen, desk):
        if len(piece.text) <= room:
            room -= len(piece.text)
            pieces.append(piece)
    return pieces


def chosen_piece(chosen: Chosen, desk: Desk, about: str = "the chosen lines") -> Piece:
    return Piece(about, path_of(chosen, desk), chosen.text, chosen.first_line)


def path_of(chosen: Chosen, desk: Desk) -> str:
    return desk.gate.relative(chosen.snapshot.path) or chosen.snapshot.uri.rpartition("/")[2]


def _candidates(chosen: Chosen, desk: Desk) -> Iterator[Piece]:
    path = path_of(chosen, desk)
    above, below = chosen.above.splitlines(keepends=True), chosen.below.splitlines(keepends=True)
    if above:
        yield Piece(
            "the lines before them", path, "".join(above[-LINES_AROUND:]), max(1, len(above) - LINES_AROUND + 1)
        )
    if below:
        yield Piece("the lines after them", path, "".join(below[:LINES_AROUND]), chosen.last_line + 1)
    parsed = desk.trees.parsed(chosen.snapshot)
    if parsed is not None:
        signatures = [f"{each.first + 1}: {each.signature}" for each in definitions_in(parsed)]
        if signatures:
            yield Piece("what the file defines, with line numbers", path, "\n".join(signatures))
    if isinstance(desk.index, Index):
        yield from _of_the_workspace(chosen, desk, desk.index)


def _of_the_workspace(chosen: Chosen, desk: Desk, index: Index) -> Iterator[Piece]:
    """Definitions of the names that the chosen lines use, then places that use what they define."""
    own = chosen.snapshot.path
    for name in sorted(names(chosen.text), key=lambda name: (-len(name), name))[:MOST_NAMES]:
        for found in index.defined(name, limit=3):
            definition = found.definition
            if found.path != own:
                text = definition.signature + (f"\n{definition.doc}" if definition.doc else "")
                shown = desk.gate.excerpt(found.path, text, "definition")
                if not isinstance(shown, LeftOut):
                    yield Piece("a definition that they use", shown.path, shown.text, definition.first + 1)
    defined = chosen.definition.name if chosen.definition else ""
    for stretch in index.similar([defined.lower()], limit=6) if defined else ():
        if stretch.path != own and defined in stretch.text:
            shown = desk.gate.excerpt(stretch.path, stretch.text, "use")
            if not isinstance(shown, LeftOut):
                yield Piece("a place that uses it", shown.path, shown.text, stretch.first + 1)
