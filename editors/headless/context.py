"""`infill bench context`: which share of the names that a new line needs, and the window does not show, context brings.

No model is asked. For each hole (`holes.py`) every method may bring excerpts worth a number of tokens; its recall is the
share of needed names that stand in them. Methods see the same tree, the same open tabs and the same budget.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from types import TracebackType

from context.analysis import words
from context.budget import CHARS_PER_TOKEN, Budget
from context.clock import MonotonicClock
from context.desk import Desk
from context.edits import EditLog
from context.gather import SOURCES, explain
from context.grammars import language_of
from context.identifiers import IDENTIFIER
from context.index import Index
from context.privacy import Gate
from context.snapshot import Cursor, Snapshot
from context.syntax import Trees
from context.walker import LARGEST, SKIPPED_FOLDERS, looks_generated, not_worth_reading
from editors.headless.history import Commit, History
from editors.headless.holes import KINDS, WINDOW_AFTER, WINDOW_BEFORE, Hole, holes
from editors.headless.scratch import Scratch

OPEN_TABS = 5
"""Files taken for open: those most often changed together with the hole's file before its commit."""

_DATA = frozenset({"json", "jsonc", "yaml", "toml", "markdown", "html", "css"})


@dataclass(frozen=True, slots=True)
class Brought:
    """What one method brought for one hole: names needed and found, tokens and CPU seconds."""

    method: str
    hole: Hole
    found: int
    tokens: float
    seconds: float


class Workspace:
    """The tree before a commit, as an index; moves from commit to commit by what differs."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._folder = Scratch("context")
        self.root = Path(self._folder.name) / "tree"
        self.gate = Gate([self.root])
        self.index = Index(Path(self._folder.name) / "store", [self.root], self.gate)
        self._blobs: dict[str, str] = {}

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.index.close()
        self._folder.cleanup()

    def enter(self, commit: Commit) -> None:
        """Makes the tree that of the commit's parent."""
        blobs = {path: blob for path, blob in self._history.files(commit.parent).items() if _is_code(path)}
        for path in self._blobs.keys() - blobs.keys():
            self.index.forget(self.root / path)
        for path, blob in blobs.items():
            if self._blobs.get(path) != blob:
                self.index.put(self.root / path, self._history.text(blob))
        self._blobs = blobs
        self.index.note_changed([self.root / path for path in self._history.lately(commit.parent) if path in blobs])
        self.index.refresh()

    def snapshot(self, path: str) -> Snapshot | None:
        if path not in self._blobs:
            return None
        text = self._history.text(self._blobs[path])
        if len(text) > LARGEST or looks_generated(text):
            return None
        return Snapshot((self.root / path).as_uri(), self.root / path, language_of(path), 1, text)

    def cursor(self, hole: Hole) -> Cursor:
        path = self.root / hole.path
        return Cursor(Snapshot(path.as_uri(), path, hole.language, 2, hole.text), hole.offset)

    def desk(self, hole: Hole) -> Desk:
        """The desk of somebody who writes the hole: the tabs open, the edits above made."""
        cursor = self.cursor(hole)
        edits = EditLog()
        for text in hole.before:
            edits.see(replace(cursor.snapshot, text=text))
        edits.see(cursor.snapshot)
        together = self._history.together(hole.commit.parent, hole.path, OPEN_TABS)
        tabs = [tab for path in together if (tab := self.snapshot(path)) is not None]
        return Desk((self.root,), (cursor.snapshot, *tabs), edits, self.gate, Trees(), self.index, MonotonicClock())


Method = Callable[[Hole, Workspace, Desk, int], list[str]]
"""The texts that a method brings for a hole within a number of tokens."""


def nothing(hole: Hole, workspace: Workspace, desk: Desk, tokens: int) -> list[str]:
    return []


def random_chunks(hole: Hole, workspace: Workspace, desk: Desk, tokens: int) -> list[str]:
    chance = random.Random(f"{hole.commit.hash}{hole.offset}")
    paths = [Path(path) for path in workspace.index.paths() if path != str(workspace.root / hole.path)]
    drawn = chance.sample(paths, min(60, len(paths)))
    stretches = [chance.choice(found) for path in drawn if (found := workspace.index.stretches(path))]
    return _filled([stretch.text for stretch in stretches], tokens)


def open_tabs(hole: Hole, workspace: Workspace, desk: Desk, tokens: int) -> list[str]:
    """What most tools do: from each open tab the 60 lines that share most words with the window (Jaccard)."""
    wanted = set(IDENTIFIER.findall(hole.text[max(0, hole.offset - WINDOW_BEFORE) : hole.offset + WINDOW_AFTER]))
    best: list[tuple[float, str]] = []
    for tab in desk.open_files[1:]:
        lines = tab.text.splitlines(keepends=True)
        cuts = ["".join(lines[first : first + 60]) for first in range(0, max(len(lines) - 30, 1), 10)]
        best.append(max((_jaccard(wanted, set(IDENTIFIER.findall(cut))), cut) for cut in cuts))
    return _filled([cut for _, cut in sorted(best, reverse=True)], tokens)


def bm25(hole: Hole, workspace: Workspace, desk: Desk, tokens: int) -> list[str]:
    """The stretches of other files that match the 25 lines around the cursor best, names split into parts."""
    before = "\n".join(hole.text[: hole.offset].split("\n")[-21:-1])
    after = "\n".join(hole.text[hole.offset :].split("\n")[1:6])
    found = workspace.index.similar(words(f"{before}\n{after}"), 30)
    return _filled([one.text for one in found if one.path != workspace.root / hole.path], tokens)


def infill(hole: Hole, workspace: Workspace, desk: Desk, tokens: int) -> list[str]:
    return _ours(hole, workspace, desk, tokens, SOURCES)


def without_edits(hole: Hole, workspace: Workspace, desk: Desk, tokens: int) -> list[str]:
    """As for somebody who comes to a line with nothing rewritten: what was removed from the file is not shown."""
    return _ours(hole, workspace, desk, tokens, [source for source in SOURCES if source[0] != "recent edits"])


def _ours(
    hole: Hole, workspace: Workspace, desk: Desk, tokens: int, sources: Sequence[tuple[str, object]]
) -> list[str]:
    before, after = WINDOW_BEFORE / CHARS_PER_TOKEN, WINDOW_AFTER / CHARS_PER_TOKEN
    whole = before + after + tokens
    budget = Budget(round(whole), prefix_share=before / whole, suffix_share=after / whole)
    found, _ = explain(workspace.cursor(hole), desk, budget, float("inf"), sources)  # type: ignore[arg-type]
    return [f"{excerpt.path}\n{excerpt.text}" for excerpt in found.excerpts]


def _alone(name: str) -> Method:
    sources = [source for source in SOURCES if source[0] == name]
    return lambda hole, workspace, desk, tokens: _ours(hole, workspace, desk, tokens, sources)


METHODS: Mapping[str, Method] = {
    "nothing": nothing,
    "random chunks": random_chunks,
    "open tabs, 60-line windows": open_tabs,
    "BM25 alone": bm25,
    **{f"infill, only {name}": _alone(name) for name, _ in SOURCES},
    "infill without recent edits": without_edits,
    "infill": infill,
}


def run(
    repository: Path, *, count: int, seed: int, commits: int, tokens: int, start: str, methods: Sequence[str]
) -> Iterator[Brought]:
    """The methods' finds for `count` holes of each kind, oldest commit first."""
    history = History(repository)
    try:
        drawn = holes(history, count=count, seed=seed, commits=commits, start=start)
        with Workspace(history) as workspace:
            for hole in drawn:
                workspace.enter(hole.commit)
                desk = workspace.desk(hole)
                for name in methods:
                    yield _measured(name, hole, workspace, desk, tokens)
    finally:
        history.close()


def _measured(name: str, hole: Hole, workspace: Workspace, desk: Desk, tokens: int) -> Brought:
    began = process_time()
    texts = METHODS[name](hole, workspace, desk, tokens)
    seconds = process_time() - began
    shown = set(IDENTIFIER.findall("\n".join(texts)))
    return Brought(name, hole, len(hole.needed & shown), sum(map(len, texts)) / CHARS_PER_TOKEN, seconds)


def _filled(texts: Sequence[str], tokens: int) -> list[str]:
    """The first texts that fit."""
    chosen: list[str] = []
    room = tokens * CHARS_PER_TOKEN
    for text in texts:
        if len(text) <= room:
            chosen.append(text)
            room -= len(text)
    return chosen


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / (len(one | other) or 1)


def _is_code(path: str) -> bool:
    *folders, name = path.split("/")
    language = language_of(name)
    skipped = any(folder in SKIPPED_FOLDERS for folder in folders) or not_worth_reading(name)
    return bool(language) and language not in _DATA and not skipped


def summary(results: Sequence[Brought]) -> list[dict[str, object]]:
    """A row for each kind and method: recall with a 95 % interval over holes, all-found rate, tokens, CPU milliseconds."""
    rows: list[dict[str, object]] = []
    for kind in KINDS:
        for method in dict.fromkeys(result.method for result in results):
            some = [result for result in results if result.method == method and result.hole.kind == kind]
            if some:
                rows.append(_row(kind, method, some))
    return rows


def _row(kind: str, method: str, results: list[Brought]) -> dict[str, object]:
    wanting = [result for result in results if result.hole.needed]
    needed = sum(len(result.hole.needed) for result in results)
    times = sorted(result.seconds for result in results)
    return {
        "kind": kind,
        "method": method,
        "holes": len(results),
        "names": sum(len(result.hole.names) for result in results),
        "needed": needed,
        "recall": sum(result.found for result in results) / max(needed, 1),
        "interval": _interval(wanting),
        "all found": sum(result.found == len(result.hole.needed) for result in wanting) / max(len(wanting), 1),
        "tokens": sum(result.tokens for result in results) / len(results),
        "cpu ms p50": 1000 * times[len(times) // 2],
        "cpu ms p99": 1000 * times[min(len(times) - 1, int(len(times) * 0.99))],
    }


def _interval(results: list[Brought]) -> tuple[float, float]:
    """Bootstrap over holes, since names of one hole are found or missed together."""
    chance = random.Random(1)
    shares: list[float] = []
    for _ in range(400):
        drawn = chance.choices(results, k=len(results)) if results else []
        needed = sum(len(result.hole.needed) for result in drawn)
        shares.append(sum(result.found for result in drawn) / max(needed, 1))
    shares.sort()
    return shares[10], shares[389]
