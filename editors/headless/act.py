"""`infill act`: explain, refactor, review or test code. Nothing is written before it was shown and agreed to."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editors.headless.command import Command
from editors.headless.exits import Exit, Stop
from editors.headless.stretch import Stretch
from lsp_server.command_line import add_flags

if TYPE_CHECKING:
    from editors.headless.hand import Hand

EXAMPLES = """\
  infill act explain src/app.py:12                      the function around line 12
  infill act refactor src/app.py:12 --as simplify       show what would change
  infill act refactor src/app.py:12-20 --say "use pathlib" --write
  infill act tests src/app.py:12 --run                  tests for it, written and run once you agree
  infill act review src/app.py --json                   findings; exit code 1 where one is an error
  infill act review --diff main --sarif                 what changed since main, for a CI
"""
OF: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # as it is kept: the flag, and the actions that it means something for
    "refactoring": ("--as", ("refactor",)),
    "say": ("--say", ("refactor",)),
    "write": ("--write", ("refactor", "tests")),
    "run": ("--run", ("tests",)),
    "diff": ("--diff", ("review",)),
    "sarif": ("--sarif", ("review",)),
}
FAIL_ON = ("error", "warning", "info", "never")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=("explain", "refactor", "review", "tests"), metavar="explain|refactor|review|tests"
    )
    parser.add_argument("where", type=Stretch.parse, nargs="?", metavar="FILE[:LINE[-LINE]]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--yes", action="store_true", help="agree beforehand to what would be asked")
    edits = parser.add_argument_group("refactor").add_mutually_exclusive_group()
    edits.add_argument(
        "--as", dest="refactoring", metavar="NAME", help="a named refactoring; without one, those that fit are listed"
    )
    edits.add_argument("--say", metavar="TEXT", help="what to change, in your words")
    parser.add_argument(
        "--write", action="store_true", help="refactor, tests: write what is shown to the file, after asking"
    )
    parser.add_argument("--run", action="store_true", help="tests: write and run just them, after asking")
    review = parser.add_argument_group("review")
    review.add_argument(
        "--diff", nargs="?", const="HEAD", metavar="REV", help="only lines changed since REV, HEAD by default"
    )
    review.add_argument("--sarif", action="store_true", help="print SARIF")
    review.add_argument(
        "--fail-on", choices=FAIL_ON, default="error", help="the mildest finding that makes the exit code 1"
    )
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    from backends.errors import BackendError
    from editors.headless.hand import Hand

    where: Stretch | None = arguments.where
    for kept, (flag, actions) in OF.items():
        if getattr(arguments, kept) and arguments.what not in actions:
            raise Stop(Exit.USAGE, f"{flag} is for {' and '.join(actions)}, and means nothing to {arguments.what}.")
    if where is None and not (arguments.what == "review" and arguments.diff):
        raise Stop(Exit.USAGE, "Which file? Name it as FILE, FILE:LINE or FILE:FIRST-LAST.")
    action = _action(arguments.what)
    near = where.path if where else Path.cwd() / "file"
    if where:
        where.open()  # a place that is not there is said before anything else
    try:
        hand = Hand(arguments, near)
        return asyncio.run(_closing(hand, action(hand, arguments)))
    except BackendError as error:
        if not arguments.json:
            raise Stop(Exit.BACKEND, str(error)) from None
        report = {"backend": error.backend, "what": error.what, "mend": error.mend}
        print(json.dumps({"done": False, "error": report}, indent=2))
        return Exit.BACKEND


async def _closing(hand: Hand, work: Coroutine[Any, Any, int]) -> int:
    try:
        return await work
    finally:
        await hand.aclose()


def _action(name: str) -> Callable[[Hand, argparse.Namespace], Coroutine[Any, Any, int]]:
    from editors.headless import act_explain, act_refactor, act_review, act_tests

    actions: Mapping[str, Callable[[Hand, argparse.Namespace], Coroutine[Any, Any, int]]] = {
        "explain": act_explain.run,
        "refactor": act_refactor.run,
        "review": act_review.run,
        "tests": act_tests.run,
    }
    return actions[name]


COMMAND = Command(EXAMPLES, _arguments, _run)
