"""Holes in real commits for `infill bench context`: lines and blocks somebody wrote, hidden, and the names they need.

A hole is in the file as it was at that moment (`past.AddedLine`); everything else is the tree before the commit. What is
*needed* are the names of the hidden code that the window around the cursor does not show: the definition of the
measurements in docs/benchmarks.md. Names in strings, comments and imports, keywords and built-ins do not count.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from context.grammars import parse
from context.identifiers import EVERYWHERE, IDENTIFIER
from editors.headless.history import Commit, History
from editors.headless.past import AddedLine, added_lines

if TYPE_CHECKING:
    from tree_sitter import Node

WINDOW_BEFORE, WINDOW_AFTER = 4_000, 2_000
"""Characters around the cursor that any tool shows."""

LINE, BLOCK = "line", "block"
KINDS = (LINE, BLOCK)
SHORTEST_BLOCK, LONGEST_BLOCK = 3, 8

_NOT_CODE = re.compile(
    r"comment|import|use_declaration|preproc_include|package|string_content|string_fragment|string_literal"
)
_ECMA = frozenset({"typescript", "typescriptreact", "javascript", "javascriptreact"})

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
    """`text` is the file with the hole at `offset`, after the indentation; `names` are all of the hidden code."""

    commit: Commit
    path: str
    language: str
    kind: str
    text: str
    offset: int
    truth: str
    names: frozenset[str]
    needed: frozenset[str]
    before: tuple[str, ...]


def holes(history: History, *, count: int, seed: int, commits: int, start: str = "HEAD") -> list[Hole]:
    """At most `count` holes of each kind, at most one of a kind from a commit, oldest commit first.

    The commits are drawn from the newest `commits`. Languages without a grammar are passed over: their names could not be
    told from the words in comments.
    """
    chance = random.Random(seed)
    drawn = list(history.commits(commits, start=start))
    age = {commit.hash: number for number, commit in enumerate(drawn)}
    chance.shuffle(drawn)
    found: dict[str, list[Hole]] = {LINE: [], BLOCK: []}
    for commit in drawn:
        if all(len(made) >= count for made in found.values()):
            break
        lines = list(added_lines(history, commit))
        for kind, made in found.items():
            if len(made) < count and (hole := _one_of(lines, kind, chance)) is not None:
                made.append(hole)
    return sorted((hole for made in found.values() for hole in made), key=lambda hole: -age[hole.commit.hash])


def _one_of(lines: list[AddedLine], kind: str, chance: random.Random) -> Hole | None:
    """A hole at a random line of a commit; a few lines are tried."""
    for line in chance.sample(lines, min(4, len(lines))):
        rest = line.edited.hunks[line.hunk].lines[line.number :]
        size = 1 if kind == LINE else min(chance.randint(SHORTEST_BLOCK, LONGEST_BLOCK), len(rest))
        if kind == LINE or size >= SHORTEST_BLOCK:
            hole = _hole(line, kind, "\n".join(rest[:size]))
            if hole is not None:
                return hole
    return None


def _hole(line: AddedLine, kind: str, hidden: str) -> Hole | None:
    above, below = line.around()
    indent = hidden[: len(hidden) - len(hidden.lstrip(" \t"))]
    start = above + indent
    truth = hidden[len(indent) :]
    names = _names_of(line.language, start, truth, below)
    if not names:
        return None
    window = start[-WINDOW_BEFORE:] + below[:WINDOW_AFTER]
    needed = names - set(IDENTIFIER.findall(window))
    texts = (line.edited.before, *line.so_far())
    return Hole(line.commit, line.path, line.language, kind, start + below, len(start), truth, names, needed, texts)


def _names_of(language: str, above: str, truth: str, below: str) -> frozenset[str]:
    head, middle = above.encode("utf-8", "replace"), truth.encode("utf-8", "replace")
    tree = parse(language, head + middle + below.encode("utf-8", "replace"))
    if tree is None:
        return frozenset()
    family = "typescript" if language in _ECMA else language
    known = EVERYWHERE | set(_BUILT_IN.get(family, "").split())
    return frozenset(_names(tree.root_node, len(head), len(head) + len(middle))) - known


def _names(root: Node, start: int, end: int) -> Iterator[str]:
    """The identifiers that begin in a byte range."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.end_byte <= start or node.start_byte >= end or _NOT_CODE.search(node.type):
            continue
        if node.child_count:
            waiting.extend(node.children)
        elif node.start_byte >= start and node.type.endswith("identifier") and node.text is not None:
            yield node.text.decode("utf-8", "replace")
