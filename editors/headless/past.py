"""What replay asks about: lines that commits added, each with the file as it was at that moment and the tree as it was before.

Nothing of the future is in it: the tree is the commit's parent, read from git objects; in the file itself the hunks above
and the lines of the same hunk above the cursor are written, everything below is still the old text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from backends.workspace.collect import Collector, Read
from backends.workspace.index import Index
from backends.workspace.learnable import language_to_learn
from backends.workspace.lexer import FIRST_WORD, Lexer, dialect_of
from backends.workspace.vocabulary import Kind, Vocabulary
from context.walker import LARGEST, SKIPPED_FOLDERS, looks_generated, not_worth_reading
from editors.headless.history import Commit, Edited, History

_ASKED = """
    c cpp csharp go java javascript javascriptreact kotlin lua php python ruby rust scala shellscript svelte swift typescript
    typescriptreact vue
"""
ASKED = frozenset(_ASKED.split())
"""Languages whose lines are asked about: programs, not settings and data."""

_IMPORT = re.compile(
    r"\s*(?:from\b.*\bimport\b|import\b|#\s*include|use\b|export\b.*\bfrom\b|package\b|const\b.*\brequire\()"
)
_TEST = re.compile(r"(?:^|/)(?:tests?|specs?|__tests__|testing)/|(?:^|/)test_|[._-](?:test|spec)s?\.\w+$|Tests?\.\w+$")


@dataclass(frozen=True, slots=True)
class AddedLine:
    """Line `number` of hunk `hunk` of a commit's file, as its author was about to write it."""

    commit: Commit
    edited: Edited
    language: str
    hunk: int
    number: int

    @property
    def path(self) -> str:
        return self.edited.path

    @property
    def text(self) -> str:
        return self.edited.hunks[self.hunk].lines[self.number]

    @property
    def is_test(self) -> bool:
        return _TEST.search(self.path) is not None

    def around(self) -> tuple[str, str]:
        """The file's text before and after the line: the first ends with a line's end, the second begins with one."""
        return _around(self.edited, self.hunk, self.number)

    def so_far(self, previous: AddedLine | None = None) -> Iterator[str]:
        """The file's texts as each hunk above was done, from its state before the commit on; only those that came after
        `previous` was written, if that is a line of the same file."""
        first = 0
        if previous is not None and previous.edited is self.edited and previous.hunk <= self.hunk:
            first = previous.hunk + 1
        for hunk in range(first, self.hunk + 1):
            before, after = _around(self.edited, hunk, 0)
            yield before + after[1:]


def _around(edited: Edited, hunk: int, number: int) -> tuple[str, str]:
    old = edited.old_lines
    done: list[str] = []
    taken = 0
    for edit in edited.hunks[: hunk + 1]:
        upto = edit.old_start - 1 if edit.old_count else edit.old_start
        done += old[taken:upto]
        taken = upto + edit.old_count
        done += edit.lines if edit is not edited.hunks[hunk] else edit.lines[:number]
    return "".join(line + "\n" for line in done), "".join("\n" + line for line in old[taken:])


@dataclass(frozen=True, slots=True)
class Point:
    """A cursor in an added line. `kind`: start (after the indent), mid (between two tokens), part (within a name)."""

    line: AddedLine
    kind: str
    column: int

    @property
    def truth(self) -> str:
        return self.line.text[self.column :]


def added_lines(history: History, commit: Commit) -> Iterator[AddedLine]:
    """The lines of a commit that are worth asking about: code of at least three tokens, eight characters and one name;
    no imports, comments or docstrings."""
    for edited in history.edits(commit):
        language = language_to_learn(PurePosixPath(edited.path))
        if language in ASKED and not _left_out(edited.path):
            yield from _lines_of(edited, commit, language)


def _lines_of(edited: Edited, commit: Commit, language: str) -> Iterator[AddedLine]:
    old, final, taken = edited.old_lines, list[str](), 0
    first_of: list[int] = []
    for hunk in edited.hunks:
        upto = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        final += old[taken:upto]
        first_of.append(len(final))
        final += hunk.lines
        taken = upto + hunk.old_count
    worth = _worth_asking([*final, *old[taken:]], language)
    for number, hunk in enumerate(edited.hunks):
        for line in range(len(hunk.lines)):
            if first_of[number] + line in worth:
                yield AddedLine(commit, edited, language, number, line)


def _worth_asking(lines: list[str], language: str) -> set[int]:
    vocabulary = Vocabulary()
    lexed = Lexer(dialect_of(language), vocabulary.intern).lex("\n".join(lines))
    starts, offset = [], 0
    for line in lines:
        starts.append(offset)
        offset += len(line) + 1
    counts = [0] * len(lines)
    names = [0] * len(lines)
    number = 0
    for token, at in zip(lexed.tokens, lexed.at, strict=True):
        while number + 1 < len(starts) and starts[number + 1] <= at:
            number += 1
        if token >= FIRST_WORD:
            counts[number] += 1
            names[number] += vocabulary.kind(token) == Kind.NAME
    return {
        i
        for i, line in enumerate(lines)
        if counts[i] >= 3 and names[i] and len(line.strip()) >= 8 and len(line) <= 200 and not _IMPORT.match(line)
    }


def points(line: AddedLine, chance: random.Random) -> list[Point]:
    """One cursor of each kind that the line has."""
    text = line.text
    indent = len(text) - len(text.lstrip())
    spans = token_spans(text, line.language)
    found = [Point(line, "start", indent)]
    inner = [start for start, _, _ in spans[1:]] + [end for _, end, _ in spans[:-1]]
    if inner:
        found.append(Point(line, "mid", chance.choice(sorted(set(inner)))))
    words = [(start, end) for start, end, kind in spans if kind == Kind.NAME and end - start > 1]
    if words:
        start, end = chance.choice(words)
        found.append(Point(line, "part", start + chance.randint(1, min(3, end - start - 1))))
    return found


def token_spans(text: str, language: str) -> list[tuple[int, int, Kind]]:
    """(start, end, kind) of the tokens of one line."""
    vocabulary = Vocabulary()
    lexed = Lexer(dialect_of(language), vocabulary.intern).lex(text)
    return [
        (at, at + len(vocabulary.text(token)), vocabulary.kind(token))
        for token, at in zip(lexed.tokens, lexed.at, strict=True)
        if token >= FIRST_WORD
    ]


class Past:
    """The trees of a history as indexes. Every object is read once, however many trees hold it."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._collector = Collector()
        self._read: dict[tuple[str, str], Read | None] = {}

    def index(self, commit: str) -> Index:
        """All learnable files of the tree of `commit`."""
        files = [self._file(path, blob) for path, blob in self._history.files(commit).items()]
        return self._collector.index([file for file in files if file is not None])

    def _file(self, path: str, blob: str) -> Read | None:
        key = (path, blob)
        if key not in self._read:
            self._read[key] = self._fresh(path, blob)
        return self._read[key]

    def _fresh(self, path: str, blob: str) -> Read | None:
        language = language_to_learn(PurePosixPath(path))
        if language is None or _left_out(path):
            return None
        text = self._history.text(blob)
        if not text or len(text) > LARGEST or looks_generated(text):
            return None
        return self._collector.read(path, (len(text), 0), language, text)


def _left_out(path: str) -> bool:
    *folders, name = path.split("/")
    return any(folder in SKIPPED_FOLDERS for folder in folders) or not_worth_reading(name)
