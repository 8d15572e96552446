"""Where in an answer the block or statement that the place asks for is whole.

Brackets decide where the language has them; indentation where it has not, and where the answer's brackets say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_server.lexis import BY_END_WORD, BY_INDENTATION, CLAUSE, CLOSER_OF, END_WORD, OPENER_OF, PROSE, tokens
from lsp_server.members import among_members
from lsp_server.place import Extent, Place, squeeze, width

_OPENS = re.compile(r"(?:[({\[:]|=>|->|\b(?:do|then|begin|else|where|of|try|with)|\|\w+(?:, *\w+)*\|)\s*$")
_HEADS_BY_WORD = re.compile(
    r"\s*(?:local\s+)?(?:def|class|module|if|unless|while|until|for|case|begin|function|macro|struct|repeat|let|try|quote)\b"
)
_GOES_ON_LINE = re.compile(r"\s*(?:[.{?]|[|&]\s|&&|\|\||\|>|[-+*/]\s)")
_ENDS_OPEN = re.compile(r"(?:[,({\[=\\+*/&|?:]|->|=>|\b(?:and|or|not|in|return|do|then|else))\s*$")

_BEGINS = re.compile(
    r"\s*(?:package|import|use|using|export|func|fn|function|def|class|struct|interface|enum|trait|impl|type|namespace|module"
    r"|pub|public|private|protected|static|const|var|let|extern|typedef)\b"
)

DECIDABLE = re.compile(r"\s*(?:\w+\W|[^\w\s])")
"""A line's beginning that can no longer become another first word."""


def opens(line: str) -> bool:
    """`line` ends by opening a block or bracket, so that what follows it stands deeper."""
    return _OPENS.search(line) is not None


def opened_above(place: Place) -> bool:
    """The nearest line above opens a block or bracket; what a comment says at its end does not."""
    line = place.line_above.rstrip()
    last = next((token for token in tokens(line, place.language) if token.end == len(line)), None)
    return opens(line[: last.at] if last is not None and last.kind == "comment" else line)


def begins(line: str) -> bool:
    """`line` begins something that stands in no statement's block: a function, a type, an import."""
    return _BEGINS.match(line) is not None


@dataclass(slots=True)
class _Line:
    """One line of an answer. `depth`: brackets the answer itself has open at its start; `outer`: brackets from before the
    cursor that it has closed by then; `inside`: it starts inside a string or comment."""

    start: int
    end: int
    text: str
    depth: int = 0
    outer: int = 0
    inside: bool = False


def _lines(text: str, place: Place) -> list[_Line]:
    lines, start = [], 0
    for said in text.split("\n"):
        lines.append(_Line(start, start + len(said), said))
        start += len(said) + 1
    depth = outer = at = 0
    for token in place.tokens_of(text):
        # The state at a line's start is that after the last token before it.
        while at < len(lines) and lines[at].start <= token.at:
            lines[at].depth, lines[at].outer = depth, outer
            at += 1
        if token.kind in CLOSER_OF:
            depth += 1
        elif token.kind in OPENER_OF:
            depth, outer = (depth - 1, outer) if depth else (0, outer + 1)
        else:
            while at < len(lines) and lines[at].start < token.end:
                lines[at].depth, lines[at].outer, lines[at].inside = depth, outer, True
                at += 1
            if not token.ended and token.delimiter != "\n":
                break
    for line in lines[at:]:
        line.depth, line.outer = depth, outer
    return lines


def whole_at(text: str, place: Place, *, final: bool = True) -> int | None:
    """Where in `text` (terminators plain) the wanted extent ends: the offset past it, None while more may belong to it.

    `final` False while the answer still grows: a last line that could yet turn into the next clause then decides nothing.
    """
    lines = _lines(text, place)
    first = next((at for at, line in enumerate(lines) if line.text.strip()), None)
    if first is None:
        return None
    if first and not place.fresh and place.language in PROSE:
        return 0
    if _block_is_below(lines[first], place):
        return lines[first].end if first + 1 < len(lines) else None
    shape = _Statement(place, lines, first) if place.extent is Extent.LINE else _Block(place, lines, first)
    last = len(lines) - 1
    kept = first
    for at in range(first + 1, len(lines)):
        line = lines[at]
        nested = bool(line.depth) or shape.nested(at)
        said = (final or at < last) and (not line.inside or bool(place.within))
        if said and runs_into(line.text, place, nested=nested and not line.inside):
            return lines[kept].end
        if line.depth and not line.inside and said and shape.falls_out(at):
            return lines[kept].end
        if line.inside or line.depth:
            kept = at if line.text.strip() else kept
            continue
        if not final and at == last and not DECIDABLE.match(line.text):
            return lines[kept].end if shape.done(at) else None
        if line.text.strip():
            if not shape.takes(at):
                return lines[kept].end
            kept = at
        elif at < last and shape.ends_at_blank(at):
            return lines[kept].end
    return None


def _block_is_below(line: _Line, place: Place) -> bool:
    """The answer says the rest of the cursor's line, which opens a block that has content already."""
    rest, below = place.after.strip(), next(iter(place.lines_below), "")
    says_rest = bool(rest) and opens(rest) and not line.start and line.text.rstrip().endswith(rest)
    return says_rest and bool(below.strip()) and width(below) > width(place.before)


class _Shape:
    """What both extents know: the answer's lines, the first with something on it, and the indentations that count."""

    def __init__(self, place: Place, lines: list[_Line], first: int) -> None:
        self.place, self.lines, self.first = place, lines, first
        self.language = place.language
        head = lines[first].text
        # Columns of the answer's first line as it will stand in the file: on an indented blank line its own blanks go.
        self.base = width(place.before) if not first and place.before else width(head)

    def previous(self, at: int) -> _Line:
        return next(self.lines[before] for before in range(at - 1, -1, -1) if self.lines[before].text.strip())

    def brace_follows(self, at: int) -> bool:
        """A brace on a line of its own opens the block of the line before."""
        return self.lines[at].text.lstrip().startswith("{") and not self.previous(at).text.rstrip().endswith(
            (";", "{", "}", ",")
        )

    def nested(self, at: int) -> bool:
        """Line `at` is inside a block of the answer's own that has no bracket."""
        by_layout = self.language in BY_INDENTATION or self.language in BY_END_WORD
        return by_layout and width(self.lines[at].text) > self.base

    def falls_out(self, at: int) -> bool:
        """Line `at` is inside a bracket of the answer's own and stands further left than the line that it begins on: another
        file, or another function, is begun before this one is closed."""
        text = self.lines[at].text
        if self.language in BY_INDENTATION or not text.strip():
            return False
        return width(text) < self.base and begins(text)

    def opened(self, at: int) -> bool:
        """Some line before `at` had a bracket of the answer's own open."""
        return any(line.depth for line in self.lines[self.first : at])


class _Statement(_Shape):
    """LINE: the statement that the answer begins with, and the block it opens."""

    def done(self, at: int) -> bool:
        """Whole before anything of line `at` is known."""
        ending = self.previous(at).text.rstrip()
        return (
            (self.opened(at) or ending.endswith(";"))
            and self.language not in BY_INDENTATION
            and not ending.endswith(")")
        )

    def takes(self, at: int) -> bool:
        line, previous = self.lines[at], self.previous(at).text
        if self.lines[at].outer and not self.brace_follows(at):
            return False
        if self.brace_follows(at) and self.language not in BY_INDENTATION:
            return True
        if self.language == "sql":
            return not previous.rstrip().endswith(";")
        deeper = width(line.text) > self.base
        text = line.text.lstrip()
        if self.language in BY_INDENTATION or self.language in BY_END_WORD:
            if text.startswith((")", "]", "}")):
                return False
            head = self.lines[self.first].text
            heads = self._heads(head if self.first else self.place.before + head) or self._inner_headed(at)
            if deeper:
                return heads or _ENDS_OPEN.search(previous) is not None or text.startswith(".")
            if width(line.text) < self.base:
                return False
            if self.language in BY_END_WORD and END_WORD.match(text):
                return at == self.first + 1 or width(previous) > self.base
            return heads and CLAUSE.match(text) is not None
        head = self.lines[self.first].text.lstrip()
        if width(line.text) == self.base and text[0] == head[0] and text[0] in "|&.+":
            return True  # one more arm of a chain whose first one the answer began with
        return deeper and (_GOES_ON_LINE.match(text) is not None or _ENDS_OPEN.search(previous) is not None)

    def _heads(self, line: str) -> bool:
        return opens(line) or (self.language in BY_END_WORD and _HEADS_BY_WORD.match(line) is not None)

    def _inner_headed(self, at: int) -> bool:
        return any(width(line.text) > self.base for line in self.lines[self.first + 1 : at] if line.text.strip())

    def ends_at_blank(self, at: int) -> bool:
        following = next((line.text for line in self.lines[at + 1 :] if line.text.strip()), None)
        if following is None:
            return self.done(at) or not opens(self.previous(at).text)
        return width(following) <= self.base


class _Block(_Shape):
    """BLOCK: all lines of the block, bracket or string at the cursor; a paragraph where the block has content already."""

    def __init__(self, place: Place, lines: list[_Line], first: int) -> None:
        super().__init__(place, lines, first)
        openers = place.openers()
        self.closed = bool(openers) and openers[-1].closed
        above = place.line_above if place.fresh else place.before
        opened = opened_above(place) if place.fresh else opens(place.before)
        opened = opened or (place.language in BY_END_WORD and width(place.line_above) < self.base)
        below = place.line_below
        ends = not below or width(below) < self.base or below.lstrip().startswith((")", "]", "}", "</"))
        self.empty = opened and ends
        # A block whose header is on the answer's own first line goes by that line's indentation.
        self.header = width(above) if opened else -1
        self.mid_line = not place.fresh and not first and not among_members(place)
        self.paragraph = not self.empty or (self.base == 0 and not openers)

    def done(self, at: int) -> bool:
        ending = self.previous(at).text.rstrip()
        return self.lines[at].outer > 0 and not ending.endswith(")") and not self.mid_line

    def takes(self, at: int) -> bool:
        line = self.lines[at]
        text = line.text.lstrip()
        if self.place.within:
            return False  # the string or comment that the cursor stands in has ended on an earlier line
        if line.outer:
            return self.brace_follows(at) or (self.language in BY_INDENTATION and self._under_header(at))
        if text.startswith((")", "]", "}")):
            return True  # it closes the block itself; whether that is still due is another rule's question
        if self.language in BY_END_WORD and END_WORD.match(text):
            return width(line.text) >= self.header
        if self.mid_line and self.opened(at) and self.language not in BY_INDENTATION:
            return False
        fell = width(line.text) < self.base or (
            self.mid_line and self.language in BY_INDENTATION and not self._under_header(at)
        )
        if fell:
            if self.language in BY_INDENTATION:
                return CLAUSE.match(text) is not None and width(line.text) == self.header
            if self.language in BY_END_WORD:
                return CLAUSE.match(text) is not None
            if text.startswith(("case ", "default:", "default ")):
                return False
            # Without its closing bracket below, the block goes on until the answer closes it, however it is laid out.
            return not self.closed and bool(self.lines[at - 1].text.strip()) and bool(self.place.openers())
        return True

    def _under_header(self, at: int) -> bool:
        return width(self.lines[at].text) > self.base

    def ends_at_blank(self, at: int) -> bool:
        if not self.paragraph and not self.mid_line:
            return False
        following = next((line.text for line in self.lines[at + 1 :] if line.text.strip()), None)
        if following is None:
            return False
        return width(following) <= self.base and not following.lstrip().startswith((")", "]", "}"))


def runs_into(line: str, place: Place, *, nested: bool = False) -> bool:
    """`line` is one that the next lines of the file already hold.

    Its indentation may differ, unless it is `nested` in something that the answer opens: there the same words, deeper, are
    another line, and only the very next line counts, whose opening line the answer has brought.
    """
    squeezed = squeeze(line)
    # The line that opens the block stands in the file then, so that its first line is no chance, however short.
    opened_in_file = nested and bool(place.after.strip())
    if (len(squeezed) < 4 and not opened_in_file) or not any(map(str.isalnum, squeezed)):
        return False
    below = [other for other in place.goes_on if any(map(str.isalnum, other))][:3]
    if nested or place.language in BY_INDENTATION:
        below = [other for other in below if width(other) == width(line)]
    if nested:
        return squeezed in map(squeeze, below[:1])
    return squeezed in [squeeze(other) for other in (below if len(squeezed) >= 12 else below[:1])]
