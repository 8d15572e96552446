"""Which definition is meant by a name that a file uses: worked out from its imports, kept until these or the workspace change."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from context.grammars import language_of
from context.imports import c, go, java, javascript, python, rust
from context.imports.imported import Files, Imported
from context.imports.known import KnownFiles
from context.index import Defined, Index
from context.privacy import Gate
from context.snapshot import Snapshot


class Reader(Protocol):
    """A file of this folder. `STATEMENT` matches every import; `imported` reads a text of them, whatever else stands in it."""

    @property
    def STATEMENT(self) -> re.Pattern[str]: ...

    @property
    def imported(self) -> Callable[[str, Path, Files], Iterator[Imported]]: ...


READERS: Mapping[str, Reader] = {
    # language id: who reads its imports
    "c": c,
    "cpp": c,
    "go": go,
    "java": java,
    "javascript": javascript,
    "javascriptreact": javascript,
    "kotlin": java,
    "python": python,
    "rust": rust,
    "typescript": javascript,
    "typescriptreact": javascript,
}

Read = tuple[dict[str, tuple[str, tuple[Path, ...]]], dict[Path, None]]
"""Name here → (name there, files); and the files of which everything is imported."""

HEAD = 16_000
"""Characters at the top of a file in which its imports are looked for."""

MOST_STATEMENTS = 300
"""Imports of one file that are followed: each is looked for in several places."""

AMBIGUOUS = 3
"""Definitions of a name that no import tells of; where there are more, none of them is known to be meant."""

MOST_OF_A_NAME = 200
MOST_PATHS = 400

PASSED_ON = 3
"""Files through which an imported name is followed to where it is defined."""

INCLUDING = frozenset({"c", "cpp"})
"""Languages in which what an imported file imports is visible, too."""

MOST_KEPT = 24
"""Documents whose imports are kept."""


class Scope:
    """The imports of one file. `named` has each imported name with what it is called where it comes from and the files that
    this may be, none where they lie outside the workspace; everything in the files of `whole` may be meant, too."""

    def __init__(self, here: Path | None, language: str, statements: str, index: Index, files: Files) -> None:
        self._index, self._files, self._here = index, files, here
        self.language = language
        self._known: dict[str, list[Defined]] = {}
        self._modules: dict[Path, Read] = {}
        self.named, self.whole = _read(language, statements, here, files) if here is not None else ({}, {})
        if language in INCLUDING:
            for path in tuple(self.whole):
                self.whole |= dict.fromkeys(list(self._passed_on(path)[1])[: MOST_PATHS - len(self.whole)])

    def forget(self) -> None:
        """Asks anew for definitions, which other files have changed; what its imports mean stays."""
        self._known.clear()
        self._modules.clear()

    def definitions(self, name: str) -> list[Defined]:
        """What a name stands for in this file: what it imports under the name, what else it imports, or the few definitions
        that there are; none where it comes from outside the workspace."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._find(name)
        return known

    def members(self, holder: Defined) -> list[Defined]:
        """What belongs to a class or the like: in its own file, or where its language allows that, beside it."""
        key = f"{holder.path}\0{holder.definition.name}"
        known = self._known.get(key)
        if known is None:
            everywhere = self._index.members(holder.definition.name, MOST_OF_A_NAME)
            own = [one for one in everywhere if one.path == holder.path]
            beside = [one for one in everywhere if one.path.parent == holder.path.parent]
            known = self._known[key] = own or beside
        return known

    def _find(self, name: str) -> list[Defined]:
        if name in self.named:
            there, paths = self.named[name]
            return self._in(there, paths, PASSED_ON)
        everywhere = [one for one in self._index.defined(name, MOST_OF_A_NAME) if one.path != self._here]
        imported = [one for one in everywhere if one.path in self.whole]
        if imported:
            return imported[:AMBIGUOUS]
        return everywhere if len(everywhere) <= AMBIGUOUS else []

    def _in(self, name: str, paths: Sequence[Path], steps: int) -> list[Defined]:
        """The definitions of a name in these files, or in those from which they take it over."""
        if not paths:
            return []
        found = [one for one in self._index.defined(name, MOST_OF_A_NAME) if one.path in paths]
        if found or not steps:
            return found[:AMBIGUOUS]
        for path in paths[:AMBIGUOUS]:
            named, whole = self._passed_on(path)
            there, further = named.get(name, (name, tuple(whole)))
            if found := self._in(there, further, steps - 1):
                return found
        return []

    def _passed_on(self, path: Path) -> Read:
        """What another file imports, read once however many names come through it."""
        known = self._modules.get(path)
        if known is None:
            text = "\n".join(self._index.imports(path)[:MOST_STATEMENTS])[:HEAD]
            known = self._modules[path] = _read(language_of(path), text, path, self._files)
        return known


@dataclass(slots=True)
class Kept:
    """A document's scope, what its imports were read from, and the state of the index when that was done."""

    head: tuple[object, ...]
    files: KnownFiles
    scope: Scope
    paths: int
    generation: int

    def holds(self, index: Index) -> bool:
        """Whether the imports still mean the same files: what another file holds matters only where includes pass it on."""
        return self.scope.language not in INCLUDING and self.paths == index.path_changes() and self.files.same()


class Scopes:
    """For one thread; handed on from desk to desk."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def of(self, snapshot: Snapshot, roots: Sequence[Path], index: Index, gate: Gate) -> Scope:
        """What the imports at the head of a document bring in; worked out anew when one of them changes, a file comes or goes,
        or a configuration file changes. After a save only definitions are asked for again."""
        reader = READERS.get(snapshot.language)
        found = reader.STATEMENT.finditer(snapshot.text, 0, HEAD) if reader is not None else ()
        statements = "\n".join(statement[0] for statement in islice(found, MOST_STATEMENTS))
        head = (statements, snapshot.language, snapshot.path, gate)
        known = self._kept.get(snapshot.uri)
        if known is None or known.head != head or (known.generation != index.generation and not known.holds(index)):
            files, paths = KnownFiles(roots, index, gate), index.path_changes()
            scope = Scope(snapshot.path, snapshot.language, statements, index, files)
            known = self._kept[snapshot.uri] = Kept(head, files, scope, paths, index.generation)
        elif known.generation != index.generation:
            known.scope.forget()
            known.generation = index.generation
        self._kept.move_to_end(snapshot.uri)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return known.scope


def _read(language: str, text: str, here: Path, files: Files) -> Read:
    named: dict[str, tuple[str, tuple[Path, ...]]] = {}
    whole: dict[Path, None] = {}
    reader = READERS.get(language)
    for one in reader.imported(text, here, files) if reader is not None else ():
        named |= {name: (there, one.paths) for name, there in one.names}
        if not one.names and len(whole) < MOST_PATHS:
            whole |= dict.fromkeys(one.paths)
    return named, whole
