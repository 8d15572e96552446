"""`infill bench fim`: the command, and what becomes of one hole."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop
from editors.headless.runs import options
from editors.headless.scratch import Scratch
from lsp_server.command_line import add_flags, given

if TYPE_CHECKING:
    from backends.errors import BackendError
    from editors.headless.fim.asking import Answer, Asker
    from editors.headless.fim.sandbox import Sandbox
    from editors.headless.fim.sets import Hole
    from editors.headless.runs.journal import Journal
    from editors.headless.runs.progress import Progress
    from editors.headless.runs.rows import Pair, Row

EXAMPLES = """\
  infill bench fim HumanEval-SingleLineInfilling.jsonl.gz --backend mistral
  infill bench fim santacoder.jsonl --backend host --limit 200 --yes     runs the filled programs as well
  infill bench fim safim-control.jsonl --language python --backend workspace --json
"""
BACKENDS = ("workspace", "mistral", "openai", "llama_cpp", "host", "scripted")
COLUMNS = ("EM", "EM, whole", "ES", "pass@1", "pass@1, floor", "tokens per task")
AT_ONCE = 4
HOPELESS = 5
"""Holes in a row that fail, after which no more are asked."""


class Stopped(Exception):
    """The backend does not answer any more."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DATA", help="your copy of a set, as .jsonl or .jsonl.gz")
    parser.add_argument("--backend", choices=BACKENDS, default="workspace", help="who answers (default workspace)")
    parser.add_argument("--language", metavar="NAME", help="only holes in this language (python, java, …)")
    parser.add_argument(
        "--limit", type=whole(), metavar="N", help="ask for N holes, drawn with the seed (default: all)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument(
        "--at-once", type=whole(), metavar="N", help=f"requests at one time (default {AT_ONCE}, 1 without a server)"
    )
    parser.add_argument("--yes", action="store_true", help="run the programs that the answers complete, in a sandbox")
    options.add_flags(parser)
    add_flags(parser, without=("backend", "log_level"))


def _run(arguments: argparse.Namespace) -> int:
    from editors.headless.fim.sandbox import Sandbox
    from editors.headless.fim.sets import NoSet, read
    from editors.headless.runs.failing import kept

    try:
        holes = read(arguments.data)
    except NoSet as error:
        raise Stop(Exit.USAGE, str(error)) from None
    holes = _in_language(holes, arguments.language)
    chance = random.Random(arguments.seed)
    if arguments.limit is not None:
        holes = chance.sample(holes, min(arguments.limit, len(holes)))
    sandbox = Sandbox() if arguments.yes else None
    _warn(holes, sandbox)
    with options.open_journal(arguments, "fim", plan_of(arguments)) as journal:
        try:
            asyncio.run(_ask(arguments, journal, holes, sandbox))
        except KeyboardInterrupt:
            raise Stop(Exit.NOTHING, f"Interrupted. {kept(journal, len(holes), 'holes')}") from None
        return options.conclude(arguments, journal, COLUMNS)


def _in_language(holes: list[Hole], language: str | None) -> list[Hole]:
    """Those in a language, or all. Raises `Stop` where there are none."""
    found = [hole for hole in holes if language in (None, hole.language)]
    if not found:
        there = ", ".join(sorted({hole.language for hole in holes}))
        raise Stop(Exit.USAGE, f"There is no hole in {language}; the languages of this set are {there}.")
    return found


def plan_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """What decides the questions and the answers, as far as it can be said."""
    from importlib.metadata import version

    from editors.headless.fim.sets import digest
    from editors.headless.runs.about import OWN, commit_of

    return {
        "data": arguments.data.name,
        "sha256": digest(arguments.data),
        **{name: getattr(arguments, name) for name in ("backend", "language", "limit", "seed", "yes")},
        "settings": dict(given(arguments)),
        "infill": f"{version('infill-ls')} {commit_of(OWN)}".strip(),
    }


def _warn(holes: list[Hole], sandbox: Sandbox | None) -> None:
    tested = sum(hole.has_tests for hole in holes)
    if tested and sandbox is None:
        print(f"{tested} holes have tests; --yes runs the programs, in a sandbox, and gives pass@1.", file=sys.stderr)
    if sandbox is not None and sandbox.has_network:
        print("This system lets programs have the network: `unshare` does not work here.", file=sys.stderr)
    if sandbox is not None and not sandbox.is_shut:
        print("This system lets programs overwrite your files and reach services by their sockets.", file=sys.stderr)
    if sandbox is not None and (left := {hole.language for hole in holes if not sandbox.can_run(hole.language)}):
        print(f"Programs in {', '.join(sorted(left))} are not run here.", file=sys.stderr)


async def _ask(arguments: argparse.Namespace, journal: Journal, holes: list[Hole], sandbox: Sandbox | None) -> None:
    from backends.registry import build
    from context.clock import MonotonicClock
    from context.privacy import Gate
    from editors.headless.fim.asking import Asker, in_turns
    from editors.headless.runs.failing import kept
    from editors.headless.runs.progress import Progress
    from lsp_server.from_settings import backend_config
    from lsp_server.resolve import resolve

    missing = [hole for hole in holes if not journal.has(hole.id)]
    if not missing:  # nothing to start, and no key to want
        return
    settings = resolve({**given(arguments), "backend": arguments.backend}).settings
    clock, gate = MonotonicClock(), Gate()
    config, scratch = backend_config(settings), Scratch("fim")
    store = Path(scratch.name)
    infiller = build(config, roots=[], gate=gate, clock=clock, store=store, environment=os.environ)
    asker = Asker(infiller, gate, clock, settings.max_tokens)
    at_once = arguments.at_once or (AT_ONCE if infiller.card.origin else 1)
    try:
        with Progress("holes", len(holes), done=len(holes) - len(missing)) as progress:
            work = _Work(asker, journal, sandbox, progress, infiller.card, say=arguments.json)
            await in_turns(max(1, at_once), missing, work.one)
    except* Stopped as stopped:
        raise Stop(Exit.BACKEND, f"{stopped.exceptions[0]} {kept(journal, len(holes), 'holes')}") from None
    finally:
        await infiller.aclose()
        scratch.cleanup()


class _Work:
    """What is done with each hole: ask, compare, run, keep."""

    def __init__(
        self,
        asker: Asker,
        journal: Journal,
        sandbox: Sandbox | None,
        progress: Progress,
        card: Any,
        *,
        say: bool,
    ) -> None:
        self._asker, self._journal, self._sandbox, self._progress = asker, journal, sandbox, progress
        self._card, self._say, self._failing = card, say, 0

    async def one(self, hole: Hole) -> None:
        from backends.errors import BackendError
        from editors.headless.runs.failing import NO_USE, in_words

        try:
            row = await self._measured(hole, await self._asker.answer(hole))
            self._failing = 0
        except BackendError as error:
            self._failing += 1
            if self._failing >= HOPELESS or isinstance(error, NO_USE):
                raise Stopped(in_words(error)) from error
            row = _failed(hole, error)
        self._journal.add(hole.id, [row])
        self._progress.step(failed=bool(row.failed))
        if self._say:
            print(json.dumps(row.as_json()), flush=True)

    async def _measured(self, hole: Hole, answer: Answer) -> Row:
        from editors.headless.runs.measures import VISIBLE
        from editors.headless.runs.rows import Row
        from lsp_server.usage import cost_of

        measures = {**_compared(hole, answer.text, ""), **_compared(hole, "", ", floor")}
        if self._sandbox is not None and hole.has_tests and self._sandbox.can_run(hole.language):
            for name, text in (("pass@1", answer.text), ("pass@1, floor", "")):
                passed = await asyncio.to_thread(self._sandbox.passes, hole.language, hole.program(text), hole.inputs)
                measures[name] = (float(passed), 1.0)
        measures["requests per task"] = (float(answer.requests), 1.0)
        if self._card.origin:
            measures["tokens per task"] = (float(answer.usage.prompt + answer.usage.completion), 1.0)
            measures["cost per task"] = (cost_of(answer.usage, self._card), 1.0)
        times = {VISIBLE: (1000 * answer.first,)} if answer.text else {}
        return Row(hole.id, hole.group, _facets(hole), measures, times)


def _compared(hole: Hole, text: str, which: str) -> dict[str, Pair]:
    """Exact match and edit similarity of an answer, by the measures' definitions."""
    from editors.headless.likeness import of_names
    from editors.headless.metrics import edit_similarity

    whole = float(text.strip() == hole.truth.strip())
    found: dict[str, Pair] = {f"ES{which}": (edit_similarity(text.strip(), hole.truth.strip()) / 100, 1.0)}
    if not which:
        found |= {"EM, whole": (whole, 1.0), **of_names(text, hole.truth)}
    if hole.one_line:
        first = text.strip().partition("\n")[0].strip()
        found[f"EM{which}"] = (float(first == hole.truth.strip()), 1.0)
    elif which:
        found[f"EM{which}"] = (whole, 1.0)
    return found


def _failed(hole: Hole, error: BackendError) -> Row:
    from editors.headless.runs.failing import in_words
    from editors.headless.runs.rows import Row

    return Row(hole.id, hole.group, _facets(hole), failed=in_words(error))


def _facets(hole: Hole) -> dict[str, str]:
    return {"set": hole.set, "language": hole.language}


COMMAND = Command(EXAMPLES, _arguments, _run)
