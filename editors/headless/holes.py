"""Holes in real commits: the lines somebody wrote next, hidden, in the file as it was just before.

The file before the hole holds the commit's earlier hunks, since they stand above; what follows is the old file's rest.
Everything else is the tree before the commit. Nothing of the future is within reach.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from context.grammars import ENDINGS, language_of, parse
from context.identifiers import EVERYWHERE, IDENTIFIER
from editors.headless.commits import Changed, Commit, Repository

if TYPE_CHECKING:
    from tree_sitter import Node

WINDOW_BEFORE, WINDOW_AFTER = 4_000, 2_000
"""Characters around the cursor that any tool shows; what is needed beyond them is what context must bring."""

KINDS = ("line", "block")

_NOT_CODE = re.compile(r"comment|import|use_declaration|preproc_include|package|string_content|string_fragment")
_ECMA = frozenset({"typescriptreact", "javascript", "javascriptreact"})

_BUILT_IN: Mapping[str, str] = {
    "python": """
        ArithmeticError AssertionError AttributeError BaseException BufferError BytesWarning DeprecationWarning
        EOFError Ellipsis EnvironmentError Exception FileExistsError FileNotFoundError ImportError IndexError
        IOError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotImplemented
        NotImplementedError OSError OverflowError PermissionError RecursionError ReferenceError RuntimeError
        RuntimeWarning StopAsyncIteration StopIteration SyntaxError SystemError SystemExit TimeoutError
        TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UserWarning ValueError
        Warning ZeroDivisionError __import__ __name__ __file__ __init__ abs aiter all anext any ascii bin bool
        breakpoint bytearray bytes callable chr classmethod cls compile complex delattr dict dir divmod
        enumerate eval exec filter float format frozenset getattr globals hasattr hash help hex id input int
        isinstance issubclass iter len list locals map max memoryview min next object oct open ord pow print
        property range repr reversed round self set setattr slice sorted staticmethod str sum super tuple type
        vars zip
    """,
    "go": """
        append bool byte cap close complex copy delete error float32 float64 int int16 int32 int64 int8 iota len
        make new panic print println recover rune string uint uint16 uint32 uint64 uint8 uintptr
    """,
    "rust": """
        Box Err None Ok Option Result Self Some String Vec assert assert_eq format i16 i32 i64 i8 isize panic
        println self str u16 u32 u64 u8 usize vec
    """,
    "java": """
        Boolean Exception Integer List Long Map Object Override String System out println this
    """,
    "typescript": """
        Array Boolean Date Error JSON Map Math Number Object Promise RegExp Set String any boolean console never
        number string undefined unknown void
    """,
}


@dataclass(frozen=True, slots=True)
class Hole:
    """`text` is the file with the hole, `offset` where it is; `needed` are the names in `truth` outside the window."""

    commit: Commit
    path: str
    kind: str
    language: str
    text: str
    offset: int
    truth: str
    needed: frozenset[str]
    before: str


def holes(
    repository: Repository, languages: tuple[str, ...], *, count: int, seed: int, most_commits: int
) -> list[Hole]:
    """At most `count` holes of each kind, at most two of a kind from one commit, in the order of time.

    Commits are drawn at random from the newest `most_commits`; one that touches more than 40 files is passed over.
    """
    dice = random.Random(seed)
    drawn = repository.commits(most_commits)
    dice.shuffle(drawn)
    endings = tuple(f".{ending}" for language in languages for ending in ENDINGS[language].split())
    found: dict[str, list[Hole]] = {kind: [] for kind in KINDS}
    for commit in drawn:
        if all(len(made) >= count for made in found.values()):
            break
        files = [file for file in repository.changed(commit, endings) if len(file.after) < 400_000]
        if not 0 < len(files) <= 40:
            continue
        for kind in KINDS:
            made = list(_holes_of(commit, files, kind))
            if made and len(found[kind]) < count:
                found[kind].extend(dice.sample(made, min(2, len(made), count - len(found[kind]))))
    return sorted((hole for made in found.values() for hole in made), key=lambda hole: hole.commit.time)


def needed_names(language: str, truth: frozenset[str], window: str) -> frozenset[str]:
    """The names of the hidden text that the window does not show; keywords and built-ins do not count."""
    family = "typescript" if language in _ECMA else language
    return truth - EVERYWHERE - frozenset(_BUILT_IN.get(family, "").split()) - set(IDENTIFIER.findall(window))


def _holes_of(commit: Commit, files: list[Changed], kind: str) -> Iterator[Hole]:
    for file in files:
        language = language_of(file.path)
        data = file.after.encode("utf-8", "replace")
        tree = parse(language, data)
        if tree is None:
            continue
        old, new = file.before.splitlines(keepends=True), file.after.splitlines(keepends=True)
        starts = [0, *accumulate(len(line.encode("utf-8", "replace")) for line in new)]
        for hunk in file.hunks:
            rest = "".join(old[hunk.old_end :])
            for row in range(hunk.new, hunk.new_end):
                size = 1 if kind == "line" else min(3 + (row * 7 + len(file.path)) % 6, hunk.new_end - row)
                truth = "".join(new[row : row + size])
                if (kind == "block" and (size < 3 or row % 3)) or len(truth.strip()) < 8:
                    continue
                names, tokens = _names(tree.root_node, starts[row], starts[row + size])
                if not names or tokens < 3:
                    continue
                indent = truth[: len(truth) - len(truth.lstrip(" \t"))]
                before = "".join(new[:row]) + indent
                text = before + ("\n" if truth.endswith("\n") else "") + rest
                window = before[-WINDOW_BEFORE:] + text[len(before) : len(before) + WINDOW_AFTER]
                needed = needed_names(language, frozenset(names), window)
                yield Hole(
                    commit, file.path, kind, language, text, len(before), truth[len(indent) :], needed, file.before
                )


def _names(root: Node, start: int, end: int) -> tuple[set[str], int]:
    """The names in a byte range and the number of its tokens; those in imports, comments and strings do not count."""
    names: set[str] = set()
    tokens = 0
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.end_byte <= start or node.start_byte >= end or _NOT_CODE.search(node.type):
            continue
        if node.child_count:
            waiting.extend(node.children)
        elif node.start_byte >= start:
            tokens += 1
            if node.type.endswith("identifier") and node.text is not None:
                names.add(node.text.decode("utf-8", "replace"))
    return names, tokens
