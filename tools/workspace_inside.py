"""Questions inside a line that goes on after the cursor: how often is the answer by hand right, and does the rest fit it?

    python tools/workspace_inside.py REPOSITORY REPOSITORY … --lines 100

Lines are drawn as `infill bench replay --direct` draws them, and what is taken out of each as `tools/workspace_gaps.py` says.
Answers go through the server's rules before they are counted, but for what is offered unasked.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter, defaultdict
from pathlib import Path

from backends.workspace.backend import WorkspaceInfiller
from context.clock import MonotonicClock
from context.grammars import parse
from context.privacy import Gate
from context.snapshot import Cursor, Snapshot
from context.syntax import Trees
from editors.headless.history import History
from editors.headless.past import AddedLine, Past
from editors.headless.replay import SHORTEST, Backend, drawn
from lsp_server.eagerness import DIALS, Eagerness
from lsp_server.rules.apply import apply
from lsp_server.rules.verdict import Drop
from tools.workspace_gaps import Gap, gaps


class Told:
    """What became of the questions of one kind."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.shown = self.right = 0

    def add(self, other: Told) -> None:
        self.outcomes += other.outcomes
        self.shown += other.shown
        self.right += other.right

    def row(self, name: str) -> str:
        asked = max(sum(self.outcomes.values()), 1)
        shares = [self.outcomes[what] / asked for what in OUTCOMES]
        shares += [self.shown / asked, self.right / max(self.shown, 1)]
        return f"| {name} | {asked} | {' | '.join(f'{100 * share:.1f}' for share in shares)} |"


OUTCOMES = ("right", "wrong, fits", "does not parse", "doubles the rest", "dropped by a rule", "silent")


async def unasked(gap: Gap, line: AddedLine, backend: Backend) -> tuple[bool, bool]:
    """Whether something is offered that nobody asked for, and whether the line goes on so."""
    before, after = line.around()
    floor = DIALS[Eagerness.NORMAL].floor
    offer, _ = await backend.answer(line.path, line.language, before + gap.before, gap.rest + after, floor)
    shown = len(offer.strip()) >= SHORTEST
    return shown, shown and gap.truth.startswith(offer)


async def by_hand(gap: Gap, line: AddedLine, backend: Backend, trees: Trees) -> str:
    before, after = line.around()
    prefix, suffix = before + gap.before, gap.rest + after
    answer, _ = await backend.answer(line.path, line.language, prefix, suffix, 0.0)
    if not answer.strip():
        return "silent"
    snapshot = Snapshot(line.path, None, line.language, 1, prefix + suffix)
    shown = apply(answer, Cursor(snapshot, len(prefix)), parsed=trees.parsed(snapshot))
    if isinstance(shown, Drop):
        return "dropped by a rule"
    said = shown.text + gap.rest[shown.replaces :]
    if said.rstrip() == (gap.truth + gap.rest).rstrip():
        return "right"
    if not shown.replaces and shown.text.strip().endswith(gap.rest.strip()):
        return "doubles the rest"
    if gap.kind == "inside" and _parses(line, before, line.text + after):
        return "wrong, fits" if _parses(line, prefix, said + after) else "does not parse"
    return "wrong, fits"


def _parses(line: AddedLine, before: str, after: str) -> bool:
    tree = parse(line.language, before + after)
    return tree is not None and not tree.root_node.has_error


async def ask(repository: Path, lines: int, seed: int) -> dict[str, Told]:
    history, told, chance = History(repository), defaultdict[str, Told](Told), random.Random(seed)
    backend, past, trees = (
        Backend(WorkspaceInfiller([], Gate(), None, MonotonicClock()), Gate()),
        Past(history),
        Trees(),
    )
    for commit, added in drawn(history, lines, 400, seed):
        backend.enter(past.index(commit.parent))
        previous: AddedLine | None = None
        for line in added:
            for text in line.so_far(previous):
                backend.write(line.path, line.language, text)
            previous = line
            for gap in gaps(line, chance):
                one = told[gap.kind]
                one.outcomes[await by_hand(gap, line, backend, trees)] += 1
                shown, right = await unasked(gap, line, backend)
                one.shown, one.right = one.shown + shown, one.right + right
    history.close()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", type=Path, nargs="+")
    parser.add_argument("--lines", type=int, default=100, help="of each repository")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    together = defaultdict[str, Told](Told)
    print(f"| questions | asked | {' | '.join(OUTCOMES)} | unasked: shown | right |\n{'| --- ' * (len(OUTCOMES) + 4)}|")
    for repository in arguments.repositories:
        for kind, told in sorted(asyncio.run(ask(repository, arguments.lines, arguments.seed)).items()):
            print(told.row(f"{repository.parent.name}, {kind}"), flush=True)
            together[kind].add(told)
    for kind, told in sorted(together.items()):
        print(told.row(f"**together**, {kind}"))


if __name__ == "__main__":
    main()
