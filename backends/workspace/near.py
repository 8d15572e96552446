"""The files near the cursor's: open ones, what is imported, the tested or testing file, the folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath, PurePosixPath

import numpy as np

from backends.workspace.evidence import Bytes
from backends.workspace.index import Ints
from backends.workspace.lines import Lines, lines_of
from context.grammars import language_of

_WORDS_OF_IMPORT = re.compile(
    r"^[ \t]*+(?:from|import|use|mod|#[ \t]*+include|export|require|const[ \t][^\n]{0,200}?require|using)\b[^\n]*+",
    re.M,
)
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True)
class Near:
    """Tokens of the files near the cursor, as a `Shelf` holds them; `files` says at which token each begins."""

    tokens: Ints
    space: Bytes
    scope: Bytes
    shape: Ints
    files: tuple[tuple[int, str], ...]

    @cached_property
    def lines(self) -> Lines:
        return lines_of(self.tokens)


_NO_TOKENS, _NO_BYTES = np.empty(0, np.int32), np.empty(0, np.uint8)
NOTHING_NEAR = Near(_NO_TOKENS, _NO_BYTES, _NO_BYTES, _NO_TOKENS, ())


def near_files(path: str, text: str, paths: Sequence[str]) -> list[int]:
    """Numbers of the files likeliest to help in `path`, best first: named in its imports, its test or what it tests, in
    its folder; only those of the same language."""
    here = PurePosixPath(path)
    language = language_of(PurePath(path))
    named = {word for line in _WORDS_OF_IMPORT.findall(text) for word in _WORD.findall(line)}
    own = _subject(here.stem)
    ranked: list[tuple[int, int]] = []
    for number, name in enumerate(paths):
        folder, _, file = name.rpartition("/")
        stem = file.partition(".")[0]
        closeness = 0
        if _subject(stem) == own and len(own) > 2:
            closeness += 4
        if stem in named or (stem in ("__init__", "index", "mod") and folder.rpartition("/")[2] in named):
            closeness += 3
        if folder == here.parent.as_posix() or (not folder and here.parent.as_posix() == "."):
            closeness += 2
        if closeness and language_of(PurePath(name)) == language:
            ranked.append((-closeness, number))
    ranked.sort()
    return [number for _, number in ranked]


def _subject(stem: str) -> str:
    """What a file is about, without the words that mark tests."""
    return re.sub(r"^test_|_test$|\.test$|\.spec$|Tests?$|^test", "", stem.partition(".")[0]).lower()
