"""What one session can do when asked by hand: each action with the conversation, the desk and the limits that it needs.

The settings and the backend are those of the moment of asking. A file that the privacy gate keeps from models is declined here,
before anything of it is read into a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.api import Card, Chatter
from context.clock import Clock
from context.desk import Desk
from context.snapshot import Snapshot
from lsp_server.actions import explain, refactor, refactorings, review, write_tests
from lsp_server.actions.chosen import Chosen, choose
from lsp_server.actions.data import Piece
from lsp_server.actions.explain import Turn
from lsp_server.actions.findings import Spans
from lsp_server.actions.outcome import Declined, Proposal, Told
from lsp_server.actions.pages import keep
from lsp_server.actions.places import Linker
from lsp_server.actions.refactorings import Refactoring
from lsp_server.actions.review import Estimate, Reviewed
from lsp_server.actions.talker import Talker, silent
from lsp_server.actions.write_tests import NewTests
from lsp_server.usage import Ledger


@dataclass(frozen=True, slots=True)
class Models:
    """The user's wishes, "" for what the backend would take."""

    chat: str = ""
    review: str = ""


class Acts:
    """`desk` gives what lies open at the moment of asking."""

    def __init__(
        self,
        chatter: Chatter,
        desk: Callable[[], Desk],
        clock: Clock,
        ledger: Ledger,
        models: Models,
        *,
        off: Callable[[str], str | None] = lambda language: None,
        pages: Path | None = None,
    ) -> None:
        """`off` says why a language is left alone; `pages` is where an explanation is kept for an editor to open."""
        self._chatter, self._desk, self._clock, self._ledger, self._models = chatter, desk, clock, ledger, models
        self._off, self._pages = off, pages

    @property
    def card(self) -> Card:
        return self._chatter.card()

    def refusal(self, snapshot: Snapshot) -> Declined | None:
        """Why nothing of this document may be shown to a model."""
        reason = self._off(snapshot.language) or self._desk().gate.refusal(snapshot.path)
        return Declined(f"This file is kept from models: {reason}.") if reason else None

    def offers(self, snapshot: Snapshot, start: int, end: int) -> list[Refactoring]:
        """The refactorings that fit the place. Quick: nothing is asked, and a parse that takes long is not waited for."""
        return refactorings.fitting(self.chosen(snapshot, start, end))

    def chosen(self, snapshot: Snapshot, start: int, end: int) -> Chosen:
        """The lines that a selection or a cursor means, as far as the document has been parsed."""
        return choose(snapshot, start, end, self._desk().trees.parsed(snapshot))

    async def explain(
        self,
        snapshot: Snapshot,
        start: int,
        end: int,
        *,
        history: Sequence[Turn] = (),
        watch: Callable[[str], None] = silent,
        report: Callable[[str], None] = silent,
    ) -> Told | Declined:
        """See `explain.explain`; `report` gets lines of progress. Raises `BackendError`, as all of these do."""
        if refused := self.refusal(snapshot):
            return refused
        desk = self._desk()
        chosen = await self._choose(snapshot, start, end, desk)
        talker = self._talker(snapshot, desk, self._models.chat, report)
        return await explain.explain(chosen, desk, talker, history=history, watch=watch)

    async def refactor(
        self,
        snapshot: Snapshot,
        start: int,
        end: int,
        *,
        name: str = "",
        wish: str = "",
        problem: str = "",
        watch: Callable[[str], None] = silent,
        report: Callable[[str], None] = silent,
    ) -> Proposal | Declined:
        """By the `name` of a refactoring, by a `wish` in the user's words, or to mend a `problem` that a tool reported."""
        if refused := self.refusal(snapshot):
            return refused
        desk = self._desk()
        chosen = await self._choose(snapshot, start, end, desk)
        known = refactorings.named(name)
        about: tuple[Piece, ...] = ()
        if problem:
            title, wish = (
                "Fix the problem",
                "Mend the problem that a tool reports for these lines; change nothing else.",
            )
            about = (Piece("the problem that a tool reports", "", problem[:2_000]),)
        elif known is not None:
            if not known.fits(chosen):
                return Declined(f"“{known.title}” does not fit this place.")
            title, wish = known.title, known.wish
        elif wish.strip():
            title = "Change it as asked"
        else:
            return Declined("Nothing was said of what to change.")
        talker = self._talker(snapshot, desk, self._models.chat, report)
        return await refactor.refactor(chosen, desk, talker, wish, title=title, about=about, watch=watch)

    async def review(
        self,
        snapshot: Snapshot,
        spans: Spans | None = None,
        *,
        about: str = "the lines to review",
        report: Callable[[str], None] = silent,
    ) -> Reviewed | Declined:
        """Of the whole document where `spans` is None."""
        if refused := self.refusal(snapshot):
            return refused
        desk = self._desk()
        talker = self._talker(snapshot, desk, self._models.review or self._models.chat, report)
        stretches = [(0, len(snapshot.text))] if spans is None else spans
        return await review.review(snapshot, stretches, desk, talker, about=about, progress=report)

    async def write_tests(
        self,
        snapshot: Snapshot,
        start: int,
        end: int,
        *,
        failed: NewTests | None = None,
        output: str = "",
        report: Callable[[str], None] = silent,
    ) -> NewTests | Declined:
        """For the function or type at the place; `failed` and `output` are an attempt and what its run printed."""
        if refused := self.refusal(snapshot):
            return refused
        desk = self._desk()
        chosen = await self._choose(snapshot, start, end, desk)
        talker = self._talker(snapshot, desk, self._models.chat, report)
        return await write_tests.write_tests(chosen, desk, talker, failed=failed, output=output)

    def estimate(self, snapshot: Snapshot, spans: Spans | None = None) -> Estimate:
        """What a review will take; asks nobody."""
        return review.estimate(snapshot.text, [(0, len(snapshot.text))] if spans is None else spans)

    def page(self, markdown: str) -> str | None:
        """The explanation as a file that an editor can open, by its URI; None where nothing may be kept."""
        return keep(self._pages, self.linker().feed(markdown)) if self._pages else None

    def linker(self) -> Linker:
        """Makes the places that an explanation names into links to files."""
        return Linker(self._desk())

    async def _choose(self, snapshot: Snapshot, start: int, end: int, desk: Desk) -> Chosen:
        return choose(snapshot, start, end, await desk.trees.ready(snapshot))

    def _talker(self, snapshot: Snapshot, desk: Desk, model: str, report: Callable[[str], None]) -> Talker:
        return Talker(
            self._chatter, desk.gate, self._clock, self._ledger,
            model=model, language=snapshot.language, report=report,
        )  # fmt: skip
