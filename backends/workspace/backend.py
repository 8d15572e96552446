"""The embedded backend: completes from the open project alone, without weights, key, GPU or network."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backends.api import Card, Done, FimRequest, Finish, Text, Usage
from context.clock import Clock
from context.privacy import Gate
from context.snapshot import Snapshot

if TYPE_CHECKING:
    from backends.workspace.building import Build
    from backends.workspace.choose import Judges
    from backends.workspace.decode import Guess
    from backends.workspace.index import Index
    from backends.workspace.library import Library
    from backends.workspace.offers import Cursor

logger = logging.getLogger(__name__)

WAIT_STEP = 0.02
"""Seconds between two looks at whether the index is there, where somebody waits for it."""

LOOK_AGAIN = 2.0
"""Seconds between two looks at whether the index was built anew or the branch switched."""
READ_AGAIN = 300.0
"""Seconds after which files are compared with the index in any case: not every change comes from git or the editor."""


class WorkspaceInfiller:
    """`roots` are the workspace's folders; `store` is where the index is kept (a folder of its own; None: only for the
    life of this object). `without` names scopes of evidence, or the `judge`, to leave out: benches measure what each is worth."""

    def __init__(
        self,
        roots: Sequence[Path],
        gate: Gate,
        store: Path | None,
        clock: Clock,
        *,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._without = without
        self._roots, self._gate, self._clock = list(roots), gate, clock
        self._temporary = None if store else tempfile.TemporaryDirectory(prefix="infill-")
        folder = store or Path(self._temporary.name if self._temporary else "")
        self._target = index_file(folder, self._roots)
        self._child: Build | None = None
        self._library: Library | None = None
        self._judges_read: Judges | None = None
        self._seen: tuple[int, int] = (0, 0)
        self._git: tuple[int, ...] | None = None
        self._stale = 0.0
        self._next_look = 0.0

    @property
    def card(self) -> Card:
        return Card(name="workspace", model="workspace", sends=False, context_tokens=1_000_000)

    def observe(self, snapshot: Snapshot) -> None:
        if snapshot.path is not None and self._gate.refusal(snapshot.path) is not None:
            return
        name = self._gate.relative(snapshot.path) if snapshot.path else snapshot.uri
        self._known().observe(name, snapshot.language, snapshot.text)
        self._look()

    def forget(self, path: Path) -> None:
        self._known().forget(self._gate.relative(path))

    async def prepare(self, seconds: float) -> None:
        """Waits for the index of what is on disk."""
        self._look()
        until = self._clock.now() + seconds
        while self._child is not None and self._child.running and self._clock.now() < until:
            await self._clock.sleep(WAIT_STEP)
        self._adopt_if_new()

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        self._look()
        _, guess = await self._guess(request)
        steps = guess.steps if guess is not None else ()
        shown = steps[: request.max_tokens]
        text = "".join(step.text for step in shown)
        if guess is not None and text:
            yield Text(text, guess.chance)
        finish = Finish.LENGTH if len(shown) < len(steps) else Finish.STOP
        yield Done(finish, Usage(prompt=0, completion=len(shown), estimated=True))

    async def explain(self, request: FimRequest) -> list[tuple[str, float]]:
        """The files that the answer to `request` comes from, each with its share of it, largest first. They sum to 1."""
        from backends.workspace.decode import states_of

        cursor, guess = await self._guess(request)
        weights: dict[str, float] = {}
        if cursor is not None and guess is not None:
            for state, token in states_of(cursor.start, guess):
                for path, weight in cursor.model.origins(state, token).items():
                    weights[path] = weights.get(path, 0.0) + weight
        total = sum(weights.values()) or 1.0
        return sorted(((path, weight / total) for path, weight in weights.items()), key=lambda one: -one[1])

    async def _guess(self, request: FimRequest) -> tuple[Cursor | None, Guess | None]:
        from backends.workspace.choose import by_hand, unasked
        from backends.workspace.library import Place

        context = request.context
        cursor = self._known().at(Place(context.path, context.language, context.prefix, context.suffix))
        if cursor is None:
            return None, None
        if request.floor > 0.0:
            return cursor, await unasked(cursor, request.floor, self._judges(), self._clock)
        return cursor, await by_hand(cursor, self._judges(), self._clock)

    async def check(self) -> str:
        index = self._known().index
        if index is None:
            what = "the index of the folder is being built" if self._child else "there is no index of the folder yet"
            return f"The workspace model learns from open files; {what}."
        return f"The workspace model knows {len(index.paths)} files ({len(index.tokens)} tokens)."

    async def aclose(self) -> None:
        self._end_child()
        if self._temporary is not None:
            self._temporary.cleanup()

    def adopt(self, index: Index) -> None:
        """Takes `index` as all there is to know of the workspace, and nothing else as open."""
        self._library = None
        self._known().adopt(index)

    def _known(self) -> Library:
        if self._library is None:
            from backends.workspace.library import Library
            from backends.workspace.trees import load_trees

            judge = None if "judge" in self._without else load_trees("judge.npz")
            self._library = Library(self._gate, judge, self._without)
        return self._library

    def _judges(self) -> Judges:
        if self._judges_read is None:
            from backends.workspace.choose import Judges
            from backends.workspace.sureness import load_sureness
            from backends.workspace.trees import load_trees
            from backends.workspace.whole_lines import load_line_judge

            self._judges_read = Judges(
                None if "offers" in self._without else load_trees("offers.npz"),
                None if "lines" in self._without else load_line_judge(),
                () if "judge" in self._without else load_sureness(),
            )
        return self._judges_read

    def _look(self) -> None:
        """Takes up a newly built index; starts building where there is none yet, the branch was switched, or
        it is time to."""
        now = self._clock.now()
        if now < self._next_look or not self._roots:
            return
        self._next_look = now + LOOK_AGAIN
        self._adopt_if_new()
        if self._child is not None:
            if self._child.running:
                return
            self._end_child()
        git = tuple(_changed_at(root / ".git" / name) for root in self._roots for name in ("HEAD", "index"))
        if git != self._git or now >= self._stale:
            self._git, self._stale = git, now + READ_AGAIN
            from backends.workspace.building import Build

            try:
                self._child = Build(self._roots, self._gate.exclude, self._target)
                self._next_look = now
            except OSError as error:
                why = error.strerror or type(error).__name__
                logger.warning("no index can be kept in %s (%s); `infill doctor` says more", self._target.parent, why)

    def _adopt_if_new(self) -> None:
        from backends.workspace.index import Unusable, load

        try:
            status = self._target.stat()
        except OSError:
            return
        seen = (status.st_mtime_ns, status.st_size)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._known().adopt(load(self._target))
        except Unusable as reason:
            logger.warning("the stored index is not used: %s", reason)

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


def index_file(store: Path, roots: Sequence[Path]) -> Path:
    """Where the index of these folders is kept."""
    name = hashlib.sha256("\0".join(str(root) for root in roots).encode()).hexdigest()[:24]
    return store / f"{name}.index"


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
