"""The files near the cursor's: open ones, what is imported, the tested or testing file, the folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath, PurePosixPath

from context.grammars import language_of

_WORDS_OF_IMPORT = re.compile(
    r"^[ \t]*+(?:from|import|use|mod|#[ \t]*+include|export|require|const[ \t][^\n]{0,200}?require|using)\b[^\n]*+",
    re.M,
)
_WORD = re.compile(r"\w{3,}")
_MARKS_OF_TESTS = re.compile(r"^test_|_test$|\.test$|\.spec$|Tests?$|^test")
_STANDS_FOR_FOLDER = ("__init__", "index", "mod")


class Paths:
    """The files of an index by what their names say, so that finding those near one costs as much as there are."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._in_folder: dict[str, list[int]] = {}
        self._named: dict[str, list[int]] = {}
        self._packages: dict[str, list[int]] = {}
        self._about: dict[str, list[int]] = {}
        for number, path in enumerate(paths):
            folder, stem = _split(path)
            self._in_folder.setdefault(folder, []).append(number)
            self._named.setdefault(stem, []).append(number)
            if stem in _STANDS_FOR_FOLDER:
                self._packages.setdefault(folder.rpartition("/")[2], []).append(number)
        for stem, numbers in self._named.items():
            self._about.setdefault(_subject(stem), []).extend(numbers)

    def near(self, path: str, text: str) -> Iterator[int]:
        """Numbers of the files likeliest to help in `path`, best first: named in its imports, its test or what it tests, in
        its folder; only those of the same language."""
        here = PurePosixPath(path)
        own, folder = _subject(here.stem), here.parent.as_posix()
        closeness: Counter[int] = Counter()
        if len(own) > 2:
            closeness.update(dict.fromkeys(self._about.get(own, ()), 4))
        named = {word for line in _WORDS_OF_IMPORT.findall(text) for word in _WORD.findall(line)}
        closeness.update(dict.fromkeys(self._any_of(named), 3))
        closeness.update(dict.fromkeys(self._in_folder.get("" if folder == "." else folder, ()), 2))
        language = language_of(PurePath(path))
        for _, number in sorted((-close, number) for number, close in closeness.items()):
            if language_of(PurePath(self._paths[number])) == language:
                yield number

    def _any_of(self, words: Iterable[str]) -> Iterator[int]:
        for word in words:
            yield from self._named.get(word, ())
            yield from self._packages.get(word, ())


def _split(path: str) -> tuple[str, str]:
    folder, _, file = path.rpartition("/")
    return folder, file.partition(".")[0]


def _subject(stem: str) -> str:
    """What a file is about, without the words that mark tests."""
    return _MARKS_OF_TESTS.sub("", stem.partition(".")[0]).lower()
