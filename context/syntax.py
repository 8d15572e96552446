"""A syntax tree for each open document, kept up to date cheaply and only when somebody asks.

An edit costs nothing until a tree is wanted. Then the difference to the text last parsed is found (one common head, one
common tail), the old tree is told of it once, and parsing again takes well under a millisecond in a file of 5,000 lines.

Parsing holds the interpreter lock, so no call works longer than a slice of some ten milliseconds: a longer parse, such as
the first of a big file, goes on at the next call, or in `ready` between turns of the event loop. A parser that was stopped
resumes its *old* text at its next use, whatever text it is given; so every parse has a parser of its own, dropped after it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from types import coroutine
from typing import TYPE_CHECKING

from context.clock import worked
from context.differences import changed
from context.given import parse_until
from context.grammars import LARGEST, grammar, is_refused
from context.snapshot import Snapshot

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

SLICE = 400
"""Progress reports of the parser in one slice; each stands for some 20 microseconds of work."""

LONGEST_SLICE = 0.015
"""Processor seconds of a slice whose reports stand for more: in 60 kB of `<a>` a grammar's recovery from errors took 455 ms for
400 of them."""

MOST_BYTES = 3_000_000
"""Source bytes of all trees kept; a tree takes some twenty times its source, in small files fifty."""

MOST_TREES = 24
"""An editor that opens a thousand documents at once works in few of them."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree with the text it was made from. Positions in the tree are UTF-8 bytes, ours are code points."""

    language: str
    text: str
    data: bytes
    tree: Tree

    @property
    def root(self) -> Node:
        return self.tree.root_node

    def byte(self, offset: int) -> int:
        """The tree's position of a code point offset."""
        if len(self.data) == len(self.text):
            return offset
        return len(self.text[:offset].encode("utf-8", "replace"))

    def offset(self, byte: int) -> int:
        """The code point offset of a position in the tree."""
        if len(self.data) == len(self.text):
            return byte
        return len(self.data[:byte].decode("utf-8", "ignore"))

    def words(self, node: Node) -> str:
        """The node's text."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def node_at(self, offset: int) -> Node:
        """The smallest node, named or not, that holds the place; the root where there is none."""
        at = self.byte(offset)
        return self.root.descendant_for_byte_range(at, at) or self.root


@dataclass(slots=True)
class _Work:
    """A parse that has not ended: its own parser, which remembers how far it came."""

    snapshot_text: str
    data: bytes
    parser: Parser
    old: Tree | None


class Trees:
    """The trees of open documents, by URI. For one thread: the event loop's."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, Parsed] = OrderedDict()
        self._work: dict[str, _Work] = {}

    def parsed(self, snapshot: Snapshot) -> Parsed | None:
        """The snapshot's tree after at most one slice of work, or a little more where a long parse has just ended.

        None where the language has no grammar, where the text is too big, or where the parse has not ended: a later call
        goes on with it. A parse that was begun is ended even if the text has changed since; from there the newer text is a
        small step, where starting anew at each key would never end.
        """
        known = self._done.get(snapshot.uri)
        if known is not None and known.language != snapshot.language:
            self.forget(snapshot.uri)
            known = None
        if known is not None and (known.text is snapshot.text or known.text == snapshot.text):
            self._done.move_to_end(snapshot.uri)
            return known
        work = self._work.get(snapshot.uri) or _begin(snapshot, known)
        if work is None:
            self.forget(snapshot.uri)
            return None
        self._work[snapshot.uri] = work
        tree = _slice(work)
        if tree is None:
            return None
        del self._work[snapshot.uri]
        parsed = Parsed(snapshot.language, work.snapshot_text, work.data, tree)
        self._keep(snapshot.uri, parsed)
        return parsed if work.snapshot_text == snapshot.text else self.parsed(snapshot)

    async def ready(self, snapshot: Snapshot) -> Parsed | None:
        """The snapshot's tree, however long it takes, with a turn for the event loop after each slice."""
        parsed = self.parsed(snapshot)
        while parsed is None and snapshot.uri in self._work:
            await _turn()
            parsed = self.parsed(snapshot)
        return parsed

    def forget(self, uri: str) -> None:
        """Drops what is kept for a document that was closed."""
        self._done.pop(uri, None)
        self._work.pop(uri, None)

    def _keep(self, uri: str, parsed: Parsed) -> None:
        self._done[uri] = parsed
        self._done.move_to_end(uri)
        while len(self._done) > 1 and (
            len(self._done) > MOST_TREES or sum(len(kept.data) for kept in self._done.values()) > MOST_BYTES
        ):
            self._done.popitem(last=False)


@coroutine
def _turn() -> Generator[None, None, None]:
    """Lets the event loop do what else is due. It waits for no time to pass, so it needs no clock."""
    yield


def _begin(snapshot: Snapshot, known: Parsed | None) -> _Work | None:
    found = grammar(snapshot.language)
    if found is None or len(snapshot.text) > LARGEST:
        return None
    data = snapshot.text.encode("utf-8", "replace")
    if is_refused(snapshot.language, data):
        return None
    from tree_sitter import Parser

    return _Work(snapshot.text, data, Parser(found), _edited(known, data) if known is not None else None)


def _slice(work: _Work) -> Tree | None:
    """Parses until the end or the slice's: None means that there is more to do."""
    reports, limit = 0, worked() + LONGEST_SLICE

    def enough() -> bool:
        nonlocal reports
        reports += 1
        return reports >= SLICE or worked() >= limit

    return parse_until(work.parser, work.data, work.old, enough)


def _edited(known: Parsed, data: bytes) -> Tree:
    """A copy of the known tree, told which bytes have changed."""
    start, old_end, new_end = _whole_characters(known.data, data)
    tree = known.tree.copy()
    tree.edit(start, old_end, new_end, _point(known.data, start), _point(known.data, old_end), _point(data, new_end))
    return tree


def _whole_characters(old: bytes, new: bytes) -> tuple[int, int, int]:
    """The difference of two UTF-8 texts, widened so that it splits no character."""
    start, old_end, new_end = changed(old, new)
    while start and start < len(old) and old[start] & 0xC0 == 0x80:
        start -= 1
    while old_end < len(old) and old[old_end] & 0xC0 == 0x80:
        old_end, new_end = old_end + 1, new_end + 1
    return start, old_end, new_end


def _point(data: bytes, at: int) -> tuple[int, int]:
    return data.count(b"\n", 0, at), at - (data.rfind(b"\n", 0, at) + 1)
