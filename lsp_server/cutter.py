"""When the rest of a stream is not worth its tokens.

The end is asked of `whole_at`, by which `lsp_server/rules/scope.py` cuts too, and of the answer as the rules before that one lay
it out, so that what is shown and where the stream stops cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Self

from context.snapshot import Cursor
from lsp_server.control import control_token
from lsp_server.extent import Extent, extent_at
from lsp_server.lexis import PROSE
from lsp_server.place import Place, plain
from lsp_server.rules.echo import echo, repeats_from_above
from lsp_server.rules.indentation import indentation
from lsp_server.rules.line_echo import line_echo
from lsp_server.rules.verdict import Drop
from lsp_server.talk import FENCE, is_packed
from lsp_server.whole import DECIDABLE, whole_at

if TYPE_CHECKING:
    from context.syntax import Parsed

LONGEST = 16_000
MOST_LINES = 400
"""Characters and lines of an answer beyond which the stream is stopped, whatever it says: each line is held against all before
it, so that a stream without end would hold up everything else."""
MOST_BLANK_LINES = 20
"""At the start of an answer; a model that has found no word by then finds none."""

_LINE_END = re.compile(r"\r\n?|\n")


class Cutter:
    """Fed with the growing answer; says when nothing that follows could be shown.

    `text` is the answer up to the cut; `rest` is what had come beyond it, which a cursor further down may yet use.
    """

    def __init__(self, cursor: Cursor, extent: Extent, parsed: Parsed | None = None) -> None:
        self._begin(lambda: Place(cursor, extent, parsed))

    def _begin(self, make: Callable[[], Place]) -> None:
        self._make = make
        self._raw = ""  # as it came
        self._answer = ""  # with plain line ends
        self._held = ""
        self._cut: int | None = None
        self._repeats = True  # all that came so far stands above the cursor
        self._decided = -1  # the number of the last line whose beginning has been looked at

    @classmethod
    def later(cls, look: Callable[[], tuple[Cursor, Parsed | None]]) -> Self:
        """A cutter that looks at its place when the answer's first piece comes: a request goes out without waiting for it."""

        def make() -> Place:
            cursor, parsed = look()
            return Place(cursor, extent_at(cursor, parsed), parsed)

        cutter = cls.__new__(cls)
        cutter._begin(make)
        return cutter

    @cached_property
    def _place(self) -> Place:
        return self._make()

    def feed(self, piece: str) -> bool:
        """Takes the next piece; True when the stream should stop now."""
        self._raw += piece
        piece = self._held + piece
        self._held = "\r" if piece.endswith("\r") else ""  # the first half of a line end, perhaps
        piece = plain(piece.removesuffix("\r"))
        self._answer += piece
        if self._cut is None and (len(self._answer) > LONGEST or self._answer.count("\n") > MOST_LINES):
            self._cut = min(len(self._answer), LONGEST)
        elif self._cut is None and self._worth_a_look(piece):
            self._cut = self._end()
        return self._cut is not None

    def _worth_a_look(self, piece: str) -> bool:
        """Only a line end, the first word of the line after it, and the end of a token can change the verdict."""
        if "\n" in piece or piece.endswith((">", "]")):
            return True
        lines = self._answer.count("\n")
        if not lines or lines == self._decided or not DECIDABLE.match(self._answer, self._answer.rfind("\n") + 1):
            return False
        self._decided = lines
        return True

    def _end(self) -> int | None:
        answer = self._answer
        token = control_token(answer, self._place)
        if token is not None and answer[: token.start()].strip():
            return token.start()
        if "\n" not in answer:
            return None
        if self._place.language not in PROSE and is_packed(answer):
            fences = list(FENCE.finditer(answer, 0, answer.rfind("\n") + 1))
            return fences[1].end() if len(fences) > 1 else None
        return len(answer) if _runs_away(answer) else self._whole()

    def _whole(self) -> int | None:
        """Where the wanted extent ends, of the answer as it will be shown: without what it says again, at its own level."""
        answer, place = self._answer, self._place
        self._repeats = self._repeats and repeats_from_above(answer, place)
        if self._repeats:
            return None
        laid_out = answer
        for rule in (echo, line_echo, indentation):
            result = rule(laid_out, place)
            if isinstance(result, Drop):
                return None
            laid_out = result
        end = whole_at(laid_out, place, final=False)
        if end is None or laid_out == answer:
            return end
        # The rules take away lines at the beginning only, so that the end is as many lines before the last one.
        cut = len(answer)
        for _ in range(laid_out.count("\n", end)):
            cut = answer.rfind("\n", 0, cut)
        return cut

    @property
    def text(self) -> str:
        return self._raw[: self._raw_cut]

    @property
    def rest(self) -> str:
        return self._raw[self._raw_cut :]

    @property
    def _raw_cut(self) -> int:
        """The cut in the answer as it came, in which a line end may be two characters."""
        if self._cut is None:
            return len(self._raw)
        if len(self._raw) == len(self._answer):
            return self._cut
        ends = islice(_LINE_END.finditer(self._raw), self._answer.count("\n", 0, self._cut))
        return self._cut + sum(len(end[0]) - 1 for end in ends)


def _runs_away(answer: str) -> bool:
    """The last three whole lines are the same, or nothing but blank lines came."""
    if answer.count("\n") > MOST_BLANK_LINES and not answer.strip():
        return True
    lines = answer.rsplit("\n", 4)[-4:-1]
    return len(lines) == 3 and lines[0] == lines[1] == lines[2] and any(map(str.isalnum, lines[0]))
