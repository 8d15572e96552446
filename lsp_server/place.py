"""What the rules may know of the place where an answer would go: the lines around it, its brackets, its indentation.

Everything is read from a window of a few thousand characters around the cursor, so that a rule costs the same in a file
of ten lines and of ten thousand, and each fact is worked out once, when a rule first asks. Lines here end at \\n only:
the window is copied with its terminators made plain, and the last rule gives what is inserted the file's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from context.snapshot import Cursor
from lsp_server.lexis import CLOSER_OF, MARKUP, OPENER_OF, TRIPLE_QUOTES, Token, tokens

if TYPE_CHECKING:
    from context.syntax import Parsed


class Extent(StrEnum):
    """How much of an answer to show."""

    LINE = "line"  # the statement at the cursor; more lines only where its own first line opens a block or a bracket
    BLOCK = "block"  # up to the end of the block, bracket, string or paragraph that the cursor stands in


WINDOW = 6_000
"""Characters looked at on either side of the cursor."""

NEAR_ABOVE, NEAR_BELOW = 1_200, 2_000
"""Characters before and after the cursor whose brackets are read in any case; further down indentation must do."""

TAB = 4
"""Columns a tab counts for where indentations of both kinds are compared; files that mix them mean no exact width."""

_TERMINATOR = re.compile(r"\r\n?")
_TOP_LEVEL = re.compile(r"(?:@|#\[|[^\W\d])(?!\w*:\s*$)")
_DEFINES = re.compile(
    r"\s*(?:(?:export|pub(?:\(\w+\))?|public|private|protected|static|async|abstract|final|override|internal)\s+)*"
    r"(?:(?:def|fn|func|fun|function)\s+[\w.]+[?!]?\s*(?:[<(\[]|$)"
    r"|(?:class|struct|interface|trait|enum|impl|module|namespace)\s+\w.*[{:]\s*$|(?:class|module)\s+[A-Z][\w:]*(?:\s*<.*)?$"
    r"|\w.*\)[^;]*\{\s*$)"
)
# In languages whose strings span lines, words at the margin may be a string's: only what looks like code counts.
_TOP_LEVEL_CODE = re.compile(
    r"@|(?:async\s+)?(?:def|class|import|from|if|for|while|with|try)\b|[\w.]+(?:\[[^\]]*\])?\s*(?::\s*\S+\s*)?=|[\w.]+\("
)
_OPEN_TAG = re.compile(r"<(?:/|[A-Za-z])?[^<>]*$")
_GOES_ON = re.compile(r"(?:else|elif|except|finally|catch|rescue|ensure|end)\b")


def plain(text: str) -> str:
    """`text` with every line terminator made \\n."""
    return _TERMINATOR.sub("\n", text) if "\r" in text else text


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def width(indent: str) -> int:
    """Columns of leading blanks, of `indent` or of a whole line."""
    blanks = indent_of(indent)
    return len(blanks) + (TAB - 1) * blanks.count("\t")


def squeeze(line: str) -> str:
    """`line` without its blanks and a last comma or semicolon: two lines that say the same are equal so."""
    return "".join(line.split()).rstrip(";,")


@dataclass(frozen=True, slots=True)
class Opener:
    """A bracket that is open at the cursor: its kind, its line's indentation, whether it is closed after the cursor."""

    kind: str
    indent: str
    closed: bool


@dataclass(frozen=True)
class Place:
    cursor: Cursor
    extent: Extent = Extent.BLOCK
    parsed: Parsed | None = None  # the snapshot's tree, where the caller keeps one

    @property
    def language(self) -> str:
        return self.cursor.snapshot.language

    @cached_property
    def above(self) -> str:
        """The text before the cursor, as far back as the window goes and from the start of a line."""
        text, end = self.cursor.snapshot.text, self.cursor.offset
        start = max(0, end - WINDOW)
        if start:
            following = [at + 1 for mark in "\n\r" if (at := text.find(mark, start, self.cursor.line_start)) >= 0]
            start = min(following, default=self.cursor.line_start if end - self.cursor.line_start < WINDOW else start)
        return plain(text[start:end])

    @cached_property
    def below(self) -> str:
        """The text after the cursor, as far as the window goes."""
        offset = self.cursor.offset
        return plain(self.cursor.snapshot.text[offset : offset + WINDOW])

    @cached_property
    def before(self) -> str:
        """The cursor's line up to the cursor."""
        return self.above[self.above.rfind("\n") + 1 :]

    @cached_property
    def after(self) -> str:
        """The cursor's line from the cursor on."""
        return self.below.partition("\n")[0]

    @cached_property
    def lines_above(self) -> tuple[str, ...]:
        """Whole lines above the cursor's, nearest first."""
        return tuple(reversed(self.above.split("\n")[:-1]))

    @cached_property
    def lines_below(self) -> tuple[str, ...]:
        """Whole lines below the cursor's, nearest first; the window's last, cut one is left out."""
        lines = self.below.split("\n")[1:]
        whole = self.cursor.offset + WINDOW >= len(self.cursor.snapshot.text)
        return tuple(lines if whole else lines[:-1])

    @cached_property
    def line_above(self) -> str:
        """The nearest line above with something on it, or ""."""
        return next((line for line in self.lines_above if line.strip()), "")

    @cached_property
    def line_below(self) -> str:
        """The nearest line below with something on it, or ""."""
        return next((line for line in self.lines_below if line.strip()), "")

    @cached_property
    def goes_on(self) -> tuple[str, ...]:
        """Lines below, with something on them, up to the first that is no longer in the block around the cursor."""
        deep = width(self.before) + (not self.fresh)
        lines = []
        for line in self.lines_below[:40]:
            if line.strip():
                lines.append(line)
                if width(line) < deep or line.lstrip()[0] in ")]}":
                    break
        return tuple(lines)

    @cached_property
    def fresh(self) -> bool:
        """Nothing but blanks stand before the cursor on its line."""
        return not self.before.strip()

    @cached_property
    def _scanned(self) -> tuple[tuple[tuple[str, str], ...], str]:
        """The brackets open at the cursor, outermost first, as (kind, line's indentation); the open string's delimiter."""
        start = self._top_level_start
        text = self.above[start:]
        stack: list[tuple[str, int]] = []
        within = ""
        for token in tokens(text, self.language):
            if token.kind in CLOSER_OF:
                stack.append((token.kind, token.at))
            elif token.kind in OPENER_OF:
                if stack and stack[-1][0] == OPENER_OF[token.kind]:
                    stack.pop()
            elif not token.ended:
                within = token.delimiter
        return tuple((kind, indent_of(text[text.rfind("\n", 0, at) + 1 :])) for kind, at in stack), within

    @cached_property
    def _top_level_start(self) -> int:
        """Where the last line at the left margin that begins something starts: no bracket is open across it. Or near enough."""
        start = len(self.above)
        begins = _TOP_LEVEL_CODE if self.language in TRIPLE_QUOTES else _TOP_LEVEL
        for line in (self.before, *self.lines_above):
            start -= len(line)
            top = begins.match(line) and not _GOES_ON.match(line)
            if top or (len(self.above) - start > NEAR_ABOVE and _DEFINES.match(line)):
                return start
            start -= 1
        return 0

    @property
    def within(self) -> str:
        """The delimiter that ends the string or comment the cursor stands in, "\\n" for a line comment, "" outside."""
        return self._scanned[1]

    def tokens_of(self, answer: str) -> Iterator[Token]:
        """The brackets and stretches of an answer at the cursor, read on from the string, comment or tag it stands in."""
        tag = _OPEN_TAG.search(self.before) if self.language in MARKUP and not self.within else None
        if tag is None:
            return tokens(answer, self.language, self.within)
        begun = len(tag[0])
        return (
            token._replace(at=token.at - begun, end=token.end - begun)
            for token in tokens(tag[0] + answer, self.language)
            if token.end > begun
        )

    @property
    def knows_openers(self) -> bool:
        """Whether `openers` are all there are: they are read from the file's start, or from where nothing is open."""
        return self._top_level_start > 0 or self.cursor.offset <= WINDOW

    def openers(self, skipped: int = 0) -> tuple[Opener, ...]:
        """The brackets open at the cursor, outermost first. `skipped` characters after the cursor are taken as not there."""
        if skipped not in self._known_openers:
            self._known_openers[skipped] = self._openers(skipped)
        return self._known_openers[skipped]

    @cached_property
    def _known_openers(self) -> dict[int, tuple[Opener, ...]]:
        return {}

    def _openers(self, skipped: int) -> tuple[Opener, ...]:
        stack = self._scanned[0]
        if not stack:
            return ()
        closed = self._closed_by(self._closers_below(skipped), stack)
        return tuple(
            Opener(kind, indent, done)
            for (kind, indent), done in zip(stack, self._closed_far_off(stack, closed), strict=True)
        )

    def _closed_by(self, closers: list[tuple[str, str | None]], stack: tuple[tuple[str, str], ...]) -> list[bool]:
        """Which of the open brackets these closers close: by the indentation of the lines they begin, where they begin one."""
        closed = [False] * len(stack)
        top = len(stack)
        inner = next((level for level in range(top, 0, -1) if stack[level - 1][0] == "{"), 0)
        trailing = list(takewhile(lambda closer: closer[1] is None and closer[0] != "}", closers))
        if 0 < len(trailing) < top - inner:
            # Fewer than are open in this expression: the answer may close the innermost, these close the outer ones.
            for level in range(inner, inner + len(trailing)):
                closed[level] = True
            closers, top = closers[len(trailing) :], inner
        for kind, indent in closers:
            levels = [level for level in range(top) if stack[level][0] == OPENER_OF[kind]]
            if indent is not None:
                columns = width(indent)
                aligned = [level for level in levels if width(stack[level][1]) == columns]
                # Where the code is not laid out by its brackets, the nearest one that is not indented deeper must do.
                levels = aligned or [level for level in levels if width(stack[level][1]) < columns]
            match = levels[-1] if levels and (indent is not None or levels[-1] == top - 1) else None
            if match is None:
                break
            closed[match], top = True, match
        return closed

    def _closers_below(self, skipped: int) -> list[tuple[str, str | None]]:
        """Brackets after the cursor that close what was open before it, with the indentation of the lines they begin."""
        text, depth, found = self.below[skipped:NEAR_BELOW], 0, []
        within = self.within if not skipped else ""
        if within and text.find(within) < 0:
            within = ""  # nobody has closed this string yet; what follows the cursor's line is not in it
        for token in tokens(text, self.language, within):
            if token.kind in CLOSER_OF:
                depth += 1
            elif token.kind in OPENER_OF and depth:
                depth -= 1
            elif token.kind in OPENER_OF:
                line = text[text.rfind("\n", 0, token.at) + 1 : token.at]
                leads = not line.strip() and "\n" in text[: token.at]
                found.append((token.kind, line if leads else None))
        return found

    def _closed_far_off(self, stack: tuple[tuple[str, str], ...], closed: list[bool]) -> list[bool]:
        """Further down: a bracket is closed where the first line as little indented as its own begins with a closer."""
        text = self.cursor.snapshot.text
        end = self.cursor.offset + NEAR_BELOW
        if all(closed) or end >= len(text):
            return closed
        for level, (kind, indent) in enumerate(stack):
            if not closed[level]:
                line = re.compile(rf"[\n\r][ \t]{{0,{len(indent)}}}([^\s])").search(text, end)
                closed[level] = line is not None and line[1] == CLOSER_OF[kind]
        return closed

    @cached_property
    def tabs(self) -> bool | None:
        """Whether the file indents by tabs; None where the window shows no indentation."""
        for line in (self.before, *self.lines_above, *self.lines_below):
            if line.startswith(("\t", "  ")) and line.strip():
                return line.startswith("\t")
        return {"\t": True, " ": False}.get(self.before[:1])

    @cached_property
    def unit(self) -> int:
        """Spaces of one level of indentation: the smallest step between neighbouring lines of the window, 4 if none shows."""
        widths = [width(line) for line in (*reversed(self.lines_above[:120]), *self.lines_below[:120]) if line.strip()]
        steps = [later - former for former, later in pairwise(widths) if later - former in (2, 3, 4, 8)]
        return max(set(steps), key=steps.count, default=TAB)

    @cached_property
    def terminator(self) -> str:
        """The file's line terminator, from the line end nearest to the cursor; "\\n" for a file of one line."""
        text, offset = self.cursor.snapshot.text, self.cursor.offset
        for match in (text.rfind("\n", 0, offset), text.find("\n", offset)):
            if match >= 0:
                return "\r\n" if text[match - 1 : match] == "\r" else "\n"
        return "\r" if "\r" in text else "\n"
