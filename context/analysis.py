"""All that is worth knowing of one file: its definitions, its imports, and stretches to search in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from context.chunks import cut
from context.grammars import parse
from context.identifiers import EVERYWHERE, IDENTIFIER, parts
from context.outline import Definition, imports, outline

SMALL_KINDS = frozenset({"field", "attribute", "variable"})

_MARKS_A_TEST = re.compile(r"^(?:tests?_|spec_)|(?:_tests?|\.tests?|\.spec|_spec|Tests?|Spec|-inl|_impl|Impl)$")

MOST_LINES = 20_000
LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines [first, first + count of lines) of a file."""

    first: int
    text: str


@dataclass(frozen=True, slots=True)
class Analysis:
    definitions: tuple[Definition, ...]
    imports: tuple[tuple[int, str], ...]
    chunks: tuple[Chunk, ...]


def analyse(language: str, text: str) -> Analysis:
    """Reads a file. Without a grammar there are no definitions and imports, and chunks follow blank lines and indentation."""
    lines = text.split("\n")[:MOST_LINES]
    definitions: list[Definition] = []
    imported: list[tuple[int, str]] = []
    data = "\n".join(lines).encode("utf-8", "replace")
    tree = parse(language, data)
    if tree is not None:
        definitions = outline(language, tree, data, lines)
        imported = imports(language, tree, data)
    borders = {one.first for one in definitions if one.kind not in SMALL_KINDS}
    shown = [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] for line in lines]
    chunks = tuple(Chunk(first, "\n".join(shown[first:end]) + "\n") for first, end in cut(shown, borders))
    return Analysis(tuple(definitions), tuple(imported), chunks)


def words(text: str) -> list[str]:
    """The text's names, whole and in parts, as the text index knows them."""
    found: list[str] = []
    for name in IDENTIFIER.findall(text):
        if name not in EVERYWHERE:
            found.extend(parts(name))
    return found


def words_of_path(path: PurePath) -> list[str]:
    """The last folder's and the file's name as words: what a file is about is often in its name."""
    return [
        part
        for piece in (path.parent.name, path.stem)
        for name in re.split(r"[^A-Za-z0-9]+", piece)
        for part in parts(name)
        if name
    ]


def stem_of(path: PurePath) -> str:
    """The name without endings and without what marks a test: `test_app.py`, `app.spec.ts` and `app.py` are all `app`."""
    name = path.name.removesuffix(path.suffix)
    return _MARKS_A_TEST.sub("", _MARKS_A_TEST.sub("", name)).lower()
