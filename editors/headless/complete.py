"""`infill complete FILE:LINE:COL`: one completion, streamed to the terminal."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from editors.headless.buffer import Ghost
from editors.headless.command import Command
from editors.headless.config import settings_here
from editors.headless.exits import Exit, Stop
from editors.headless.place import Place, as_named, root_of
from editors.headless.screen import Screen
from editors.headless.terminal import shorten, visible, visible_line
from lsp_server.command_line import add_flags

if TYPE_CHECKING:
    from backends.errors import BackendError
    from editors.headless.asking import Answer, Question

EXAMPLES = """\
  infill complete src/app.py:12:5                     at line 12, column 5, both counted from 1
  infill complete src/app.py:12:5 --backend workspace --json
  infill complete main.go:40:1 | tee answer.txt       into a pipe goes the text to insert and nothing else
"""
ABOVE = 5  # lines of the file shown above the cursor, on a terminal
ANSWER_SHOWN = 160  # characters of an answer that was dropped


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", type=Place.parse, metavar="FILE:LINE:COL")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    from editors.headless.asking import Question, unasked

    place: Place = arguments.place
    cursor = place.cursor()
    resolved = settings_here(arguments, as_named(place.path).parent)
    for problem in resolved.problems:
        print(f"infill: {visible(str(problem))}", file=sys.stderr)
    if said := unasked(resolved):
        print(f"infill: {visible(said)}", file=sys.stderr)
    question = Question(cursor, root_of(place.path), resolved.settings, _told)
    return asyncio.run(_ask(question, arguments.place, as_json=arguments.json))


def _told(sentence: str) -> None:
    """That another backend steps in, and why."""
    if sentence:
        print(f"infill: {visible(sentence)}", file=sys.stderr)


async def _ask(question: Question, place: Place, *, as_json: bool) -> int:
    from backends.errors import BackendError
    from lsp_server.outcome import Reason
    from lsp_server.rules import Drop

    try:
        if (nothing := question.refusal()) is not None:
            return _nothing(nothing.reason, nothing.detail, as_json=as_json)
        answer = await (question.answer(lambda _text: None) if as_json else _watched(question, place))
        if not answer.raw.strip():
            return _nothing(Reason.EMPTY_ANSWER, "", as_json=as_json)
        if isinstance(answer.shown, Drop):
            return _nothing(Reason.DROPPED, answer.shown.reason, as_json=as_json, dropped=answer.raw)
        if as_json:
            print(json.dumps(_report(answer, answer.shown.text, answer.shown.replaces), indent=2))
        return Exit.DONE
    except BackendError as error:
        return _failed(error, as_json=as_json)
    finally:
        await question.aclose()


async def _watched(question: Question, place: Place) -> Answer:
    """Draws the place in the file with the ghost text growing in it; into a pipe goes the text alone, once it is whole."""
    cursor, screen = question.cursor, Screen(sys.stdout, place.line)
    text, replaces = "", 0
    if screen.live:
        screen.context(cursor.prefix[: cursor.line_start].splitlines()[-ABOVE:])
    screen.add(cursor.line_before, accepted=False)
    try:
        answer = await question.answer(
            lambda text: screen.ghost(Ghost(text, 0, None), cursor.line_after, question.backend.card.name)
        )
        if answer.offered is not None:
            text, replaces = answer.offered.text, answer.offered.replaces
    finally:  # whatever has happened, no half of an answer stays on the terminal
        if screen.live:
            screen.add(text, accepted=True)
            screen.add(cursor.line_after[replaces:], accepted=False)
            screen.finish_line()
    if answer.offered is not None and not screen.live:
        print(visible(text))
    elif answer.offered is not None:
        print(visible(_timing(answer)), file=sys.stderr)
    return answer


def _timing(answer: Answer) -> str:
    card, usage = answer.card, answer.usage
    name = card.name if card.model in ("", card.name) else f"{card.name} {card.model}"
    tokens = f", {usage.prompt} + {usage.completion} tokens" if usage else ""
    return f"{name}: first text in {answer.first * 1000:.0f} ms, all in {answer.total * 1000:.0f} ms{tokens}"


def _report(answer: Answer, text: str, replaces: int) -> dict[str, Any]:
    card, usage = answer.card, answer.usage
    return {
        "offered": True,
        "text": text,
        "replaces": replaces,
        "backend": card.name,
        "model": card.model,
        "usage": {"prompt": usage.prompt, "completion": usage.completion, "cached": usage.cached} if usage else None,
        "first_ms": round(answer.first * 1000, 1),
        "total_ms": round(answer.total * 1000, 1),
    }


def _nothing(reason: str, detail: str, *, as_json: bool, dropped: str = "") -> int:
    """`dropped` is the answer that the rules kept back: whoever asks at a terminal wants to see what it was."""
    if as_json:
        told = {"offered": False, "reason": reason, "detail": detail}
        print(json.dumps(told | ({"dropped": dropped} if dropped else {}), indent=2))
    else:
        print(f"Nothing to offer: {visible(reason)}{f' ({visible(detail)})' if detail else ''}.", file=sys.stderr)
        if dropped:
            print(f"The answer was: {shorten(visible_line(dropped), ANSWER_SHOWN)}", file=sys.stderr)
    return Exit.NOTHING


def _failed(error: BackendError, *, as_json: bool) -> int:
    if not as_json:
        raise Stop(Exit.BACKEND, str(error)) from None
    report = {"backend": error.backend, "what": error.what, "mend": error.mend}
    print(json.dumps({"offered": False, "error": report}, indent=2))
    return Exit.BACKEND


COMMAND = Command(EXAMPLES, _arguments, _run)
