"""What the workspace model is compared with: saying nothing, copying, and the word completion that every editor has."""

from __future__ import annotations

import re

from backends.workspace.index import Index
from backends.workspace.lexer import FIRST_WORD, OUT3, SAME, Lexer, dialect_of
from backends.workspace.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W\d]\w*")


class Nothing:
    """Never offers anything."""

    knows_workspace = False

    def enter(self, index: Index) -> None:
        pass

    def write(self, path: str, language: str, text: str) -> None:
        pass

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        return "", 0.0


class WordCompletion(Nothing):
    """The rest of the word used last, in the file, that begins with what is typed, from `typed` characters on."""

    def __init__(self, typed: int = 3) -> None:
        self._typed = typed

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        started = re.search(r"[^\W\d]\w*$", before)
        if started is None or len(started[0]) < self._typed:
            return "", 0.0
        last = ""
        for word in _WORD.findall(before[: started.start()]):
            if len(word) > len(started[0]) and word.startswith(started[0]):
                last = word
        if not last:
            last = next((w for w in _WORD.findall(after) if len(w) > len(started[0]) and w.startswith(started[0])), "")
        return last[len(started[0]) :], 1.0 if last else 0.0


class LongestCopy(Nothing):
    """The rest of the line at the place in the file, before or after the cursor, that shares most of its last tokens."""

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        vocabulary = Vocabulary()
        lexer = Lexer(dialect_of(language), vocabulary.intern)
        before_tokens, after_tokens = lexer.lex(before), lexer.lex(after)
        tokens = [*before_tokens.tokens, *after_tokens.tokens]
        space = [*before_tokens.space, *after_tokens.space]
        here = len(before_tokens.tokens)
        best, place = 0, -1
        for at in range(1, len(tokens) - 1):
            if at != here and tokens[at - 1] == tokens[here - 1]:
                shared = 1
                while shared < min(at, here) and tokens[at - 1 - shared] == tokens[here - 1 - shared]:
                    shared += 1
                if shared >= best:
                    best, place = shared, at
        text = ""
        while 0 < place < len(tokens) and tokens[place] >= FIRST_WORD and not SAME <= tokens[place] <= OUT3:
            spaced = space[place] and (text or not before[-1:].isspace())
            text += (" " if spaced else "") + vocabulary.text(tokens[place])
            place += 1
        return text, best / 12
