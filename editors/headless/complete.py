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
from editors.headless.place import Place, root_of
from editors.headless.screen import Screen
from editors.headless.terminal import visible
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


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", type=Place.parse, metavar="FILE:LINE:COL")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    from editors.headless.asking import Question

    place: Place = arguments.place
    cursor = place.cursor()
    resolved = settings_here(arguments, place.path.resolve().parent)
    for problem in resolved.problems:
        print(f"infill: {visible(str(problem))}", file=sys.stderr)
    question = Question(cursor, root_of(place.path), resolved.settings)
    return asyncio.run(_ask(question, arguments.place, as_json=arguments.json))


async def _ask(question: Question, place: Place, *, as_json: bool) -> int:
    from backends.errors import BackendError
    from lsp_server.rules import Drop

    try:
        if (nothing := question.refusal()) is not None:
            return _nothing(nothing.reason, nothing.detail, as_json=as_json)
        view = None if as_json else _View(question, place)
        answer = await question.answer(view.draw if view else lambda _text: None)
        if not answer.raw.strip():
            return _nothing("the model had nothing to add", "", as_json=as_json)
        if isinstance(answer.shown, Drop):
            return _nothing("no rule let the answer through", answer.shown.reason, as_json=as_json)
        if view is None:
            print(json.dumps(_report(question, answer, answer.shown.text, answer.shown.replaces), indent=2))
        else:
            view.end(answer, answer.shown.text, answer.shown.replaces)
        return Exit.DONE
    except BackendError as error:
        return _failed(error, as_json=as_json)
    finally:
        await question.aclose()


class _View:
    """The place in the file with the ghost text growing in it; into a pipe goes the text alone, once it is whole."""

    def __init__(self, question: Question, place: Place) -> None:
        cursor = question.cursor
        self._card, self._after = question.backend.card, cursor.line_after
        self._screen = Screen(sys.stdout, place.line)
        self._screen.add(cursor.line_before, accepted=False)
        if self._screen.live:
            self._screen.context(cursor.prefix[: cursor.line_start].splitlines()[-ABOVE:])

    def draw(self, text: str) -> None:
        self._screen.ghost(Ghost(text, 0, None), self._after, self._card.name)

    def end(self, answer: Answer, text: str, replaces: int) -> None:
        if not self._screen.live:
            print(visible(text))
            return
        self._screen.add(text, accepted=True)
        self._screen.add(self._after[replaces:], accepted=False)
        self._screen.finish_line()
        usage = f", {answer.usage.prompt} + {answer.usage.completion} tokens" if answer.usage else ""
        model = f"/{self._card.model}" if self._card.model != self._card.name else ""
        note = (
            f"{self._card.name}{model}: first text in {answer.first * 1000:.0f} ms, all in {answer.total * 1000:.0f} ms"
        )
        print(f"{visible(note)}{usage}", file=sys.stderr)


def _report(question: Question, answer: Answer, text: str, replaces: int) -> dict[str, Any]:
    card, usage = question.backend.card, answer.usage
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


def _nothing(reason: str, detail: str, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"offered": False, "reason": reason, "detail": detail}, indent=2))
    else:
        print(f"Nothing to offer: {visible(reason)}{f' ({visible(detail)})' if detail else ''}.", file=sys.stderr)
    return Exit.NOTHING


def _failed(error: BackendError, *, as_json: bool) -> int:
    if not as_json:
        raise Stop(Exit.BACKEND, str(error)) from None
    report = {"backend": error.backend, "what": error.what, "mend": error.mend}
    print(json.dumps({"offered": False, "error": report}, indent=2))
    return Exit.BACKEND


COMMAND = Command(EXAMPLES, _arguments, _run)
