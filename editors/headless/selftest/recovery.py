"""Every hole asked for by hand with every damage: what the file would be after accepting, and what the model was told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from context.budget import chars_per_token
from context.identifiers import EVERYWHERE, IDENTIFIER
from context.index import Index
from context.indexing import Indexing
from context.privacy import Gate
from editors.headless.event_stream import HEADERS, event_of, reply
from editors.headless.imagined import TOKEN
from editors.headless.nursery import Nursery
from editors.headless.replays.sitting import Sitting
from editors.headless.runs.rows import Pair, Row
from editors.headless.scratch import Scratch
from editors.headless.selftest.damages import DAMAGES
from editors.headless.selftest.holes import Hole, files, holes
from editors.headless.stage import Connection, Stage, Timeline

FIRST, PACE = 0.2, 0.01  # seconds to the first token, and between two
BUDGETS = (300, 1000)
"""Sizes of a prompt, in tokens, that are tried besides the usual one."""
USUAL = 0
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`")


class Oracle:
    """A model that is told what to say, and keeps what it was asked."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.answer = ""
        self.prompts: list[str] = []

    def asked(self, connection: Connection) -> None:
        _, path, body = connection.take()
        if not path.endswith("/fim/completions"):
            return connection.write(reply(404, {}))
        self.prompts.append(body.get("prompt", "") + (body.get("suffix") or ""))
        pieces = TOKEN.findall(self.answer)[: body.get("max_tokens", 256)] or [""]
        return self._say(connection, pieces, 0)

    def _say(self, connection: Connection, pieces: Sequence[str], number: int) -> None:
        last = number == len(pieces) - 1

        def speak() -> None:
            if not connection.gone:
                said = event_of(pieces[number], 1, number + 1, last=last)
                connection.write(said if number else HEADERS + said)
                if not last:
                    self._say(connection, pieces, number + 1)

        timeline = self._stage.timeline
        timeline.at(timeline.now + (PACE if number else FIRST), speak)


class Project:
    """The holes' files in a folder, and the index that a server would have made of it. Use as a context manager."""

    def __init__(self) -> None:
        self._folder = Scratch("selftest")
        self.root, self.home = Path(self._folder.name) / "project", Path(self._folder.name) / "home"
        for name, text in files().items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.home.mkdir()
        index = Index(self.home / "infill" / "index", [self.root], Gate([self.root]))
        asyncio.run(Indexing(index, [self.root]).scan())
        index.close()
        self.nursery = Nursery(self.root, self.home)

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.nursery.close()
        self._folder.cleanup()

    def flags(self, url: str, tokens: int) -> Sequence[str]:
        budget = (f"--set=context_tokens={tokens}",) if tokens else ()
        return ("--backend", "mistral", "--base-url", url, "--set=prefetch=false", *budget)


def recovered(project: Project, damage: str, chosen: Sequence[Hole] = ()) -> Iterator[Row]:
    """A row for each hole, or for the chosen ones, by one server that is told nothing else."""
    with Stage(project.nursery, Timeline(), lambda url: project.flags(url, USUAL)) as stage:
        oracle = Oracle(stage)
        stage.asked = oracle.asked
        sitting = Sitting(stage, project.root)
        for hole in chosen or holes():
            answer = oracle.answer = DAMAGES[damage](hole)
            given = _given(sitting, hole)
            measures = {
                "first line": _is_right(hole, given, first=True),
                "whole insertion": _is_right(hole, given, first=False),
                "first line, unchanged": _is_right(hole, hole.before + answer + hole.after, first=True),
                "whole insertion, unchanged": _is_right(hole, hole.before + answer + hole.after, first=False),
            }
            if not answer:  # right is to offer nothing
                nothing = float(given == hole.before + hole.after)
                measures = {"first line": (nothing, 1.0), "whole insertion": (nothing, 1.0)}
            if damage == "none":
                measures |= _told(oracle.prompts[-1:], hole)
            yield Row(f"{damage}:{hole.id}", hole.id, {"damage": damage, "language": hole.language}, measures)


def prompts(project: Project, tokens: int) -> Iterator[Row]:
    """How large each hole's prompt is where no more than so many tokens are allowed."""
    with Stage(project.nursery, Timeline(), lambda url: project.flags(url, tokens)) as stage:
        oracle = Oracle(stage)
        stage.asked = oracle.asked
        sitting = Sitting(stage, project.root)
        for hole in holes():
            _given(sitting, hole)
            each = chars_per_token(hole.language, small=False)
            over = float(len(oracle.prompts[-1]) / each > tokens) if oracle.prompts else 0.0
            name = f"{tokens} tokens"
            measures = {f"prompt over budget, {name}": (over, 1.0)}
            yield Row(f"{name}:{hole.id}", hole.id, {"language": hole.language}, measures)


def _given(sitting: Sitting, hole: Hole) -> str:
    """The file after accepting what is offered; as it is, with the hole open, where nothing is."""
    sitting.open(hole.name, hole.language, [hole.before + hole.after])
    sitting.put(hole.before, hole.after)
    ghost = sitting.look(by_hand=True).ghost
    sitting.close()
    if ghost is None:
        return hole.before + hole.after
    return hole.before + ghost.text + hole.after[ghost.replaces :]


def _is_right(hole: Hole, given: str, *, first: bool) -> Pair:
    """The whole file, or the line that the cursor is in, as it was."""
    whole = hole.before + hole.truth + hole.after
    start = len(hole.before) - len(hole.line_before)
    if first:
        given, whole = given[start:].partition("\n")[0], whole[start:].partition("\n")[0]
    return float(given == whole), 1.0


def _told(prompt: Sequence[str], hole: Hole) -> Mapping[str, Pair]:
    names = set(IDENTIFIER.findall(_QUOTED.sub("", hole.truth))) - EVERYWHERE
    known = set(IDENTIFIER.findall("\n".join(prompt)))
    return {"identifier recall": (float(len(names & known)), float(len(names)))} if names else {}
