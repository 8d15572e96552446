"""What is known to be wrong in open documents: problems that the editor tells of, and findings of a review."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from context.documents import Change

ERROR, WARNING = 1, 2
"""Severities as LSP numbers them; what is less than a warning says nothing of what comes next."""

MOST = 200
MOST_DOCUMENTS = 50
LONGEST = 2_000
"""Characters of a message that are kept; how many of them are shown, is for who has masked it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`first` and `last` are line numbers from 0."""

    first: int
    last: int
    severity: int
    message: str


class Problems:
    """By document and by who told. For one thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, dict[str, tuple[Problem, ...]]] = OrderedDict()

    def of(self, uri: str) -> list[Problem]:
        return [problem for told in self._known.get(uri, {}).values() for problem in told]

    def tell(self, uri: str, who: str, problems: Iterable[Problem]) -> None:
        """All that `who` finds wrong in a document now, in place of what they found before."""
        kept = [
            replace(problem, message=" ".join(problem.message.split())[:LONGEST])
            for problem in problems
            if problem.severity <= WARNING and problem.message.strip()
        ]
        self._known.setdefault(uri, {})[who] = tuple(kept[:MOST])
        self._known.move_to_end(uri)
        while len(self._known) > MOST_DOCUMENTS:
            self._known.popitem(last=False)

    def edited(self, uri: str, changes: Sequence[Change]) -> None:
        """Problems move with their lines, and go when these are changed: the editor tells soon enough whether they stay."""
        told = self._known.get(uri)
        if told:
            self._known[uri] = {who: tuple(_after(problems, changes)) for who, problems in told.items()}

    def forget(self, uri: str) -> None:
        self._known.pop(uri, None)


def _after(problems: Sequence[Problem], changes: Sequence[Change]) -> list[Problem]:
    kept = list(problems)
    for change in changes:
        gone, come = change.removed.count("\n"), change.inserted.count("\n")
        last = change.line + gone
        # A line begun at the end of another leaves that one as it is.
        first = change.line + (not gone and change.inserted.startswith(("\n", "\r")) and change.column > 0)
        kept = [
            replace(problem, first=problem.first + come - gone, last=problem.last + come - gone)
            if problem.first > last
            else problem
            for problem in kept
            if problem.last < first or problem.first > last
        ]
    return kept
