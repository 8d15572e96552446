"""`infill act tests`: tests for a function as a difference; `--write` writes them, `--run` runs just them, each once agreed to.

The only place where Infill runs code of a project: from the command line, after asking, with the project's own runner, in a
process with a time limit. Tests that fail are written anew once; what the last run said is what is reported. Where they
cannot be run, nobody is asked to repair them, and the file stays.
"""

from __future__ import annotations

import argparse
import json
import sys

from editors.headless import running
from editors.headless.act_refactor import show_difference
from editors.headless.act_report import declined, paid
from editors.headless.exits import Exit, Stop
from editors.headless.hand import Hand, agreed
from editors.headless.running import Run
from editors.headless.terminal import visible
from lsp_server.actions.edits import unified
from lsp_server.actions.outcome import Declined
from lsp_server.actions.write_tests import NewTests

TIME_LIMIT = 120.0


async def run(hand: Hand, arguments: argparse.Namespace) -> int:
    snapshot, start, end = arguments.where.open()
    hand.must_talk()
    hand.open(snapshot)
    tests = await hand.acts.write_tests(snapshot, start, end, report=hand.report)
    if isinstance(tests, Declined):
        return declined(tests, as_json=arguments.json)
    _show(hand, tests, arguments)
    outcome: Run | None = None
    written = False
    if arguments.run:
        written = _may_run(tests, arguments)
    elif arguments.write:
        written = agreed(f"Write {tests.path}?", yes=arguments.yes)
    if written:
        _write(tests, tests.before)
    if written and arguments.run:
        outcome = _run(tests)
        if outcome.passed is False:
            again = await hand.acts.write_tests(
                snapshot, start, end, failed=tests, output=outcome.output, report=hand.report
            )
            if isinstance(again, NewTests):
                _show(hand, again, arguments)
                if _may_run(again, arguments):
                    _write(again, tests.after)
                    tests = again
                    outcome = _run(tests)
    _tell(hand, tests, arguments, outcome, written=written)
    asked = arguments.run or arguments.write
    good = (outcome is None or outcome.passed is True) and (written or not asked)
    return Exit.DONE if good else Exit.NOTHING


def _may_run(tests: NewTests, arguments: argparse.Namespace) -> bool:
    """Asked for each text anew: what was agreed to is what was shown."""
    command = " ".join(tests.framework.command(tests.project, tests.path, tests.names))
    return agreed(f"Write {tests.path.name} and run `{command}`? It runs code of this project.", yes=arguments.yes)


def _show(hand: Hand, tests: NewTests, arguments: argparse.Namespace) -> None:
    if not arguments.json:
        show_difference(unified(hand.gate.relative(tests.path), tests.before or "", tests.after), tests.notes)


def _write(tests: NewTests, before: str | None) -> None:
    """Only where the file still says what it said when the tests were made, and is the file that it is called."""
    path = tests.path
    if path.is_symlink():
        raise Stop(Exit.NOTHING, f"{path} is a link to another file. Nothing was written.")
    try:
        now = path.read_bytes().decode() if path.exists() else None
        if now != before:
            raise Stop(Exit.NOTHING, f"{path} has changed meanwhile. Nothing was written.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tests.after.encode())
    except (OSError, UnicodeError):
        raise Stop(Exit.NOTHING, f"{path} cannot be written. Nothing was changed.") from None


def _run(tests: NewTests) -> Run:
    """Runs the new tests alone. That the framework is not there is no failure of theirs."""
    framework = tests.framework
    found = running.run(framework.command(tests.project, tests.path, tests.names), tests.project.root, TIME_LIMIT)
    if found.passed is False and framework.absent and framework.absent.search(found.output):
        return Run(None, framework.install(tests.project))
    return found


def _tell(hand: Hand, tests: NewTests, arguments: argparse.Namespace, outcome: Run | None, *, written: bool) -> None:
    words = {None: "could not be run", True: "passed", False: "failed"}
    state = words[outcome.passed] if outcome else "not run"
    if arguments.json:
        report = {
            "done": True, "framework": tests.framework.name, "file": hand.gate.relative(tests.path), "tests": list(tests.names),
            "text": tests.text, "written": written, "state": state, "notes": list(tests.notes),
            "output": outcome.output if outcome else "", **paid(hand.acts.card, tests.usage),
        }  # fmt: skip
        print(json.dumps(report, indent=2))
        return
    count = len(tests.names)
    said = f"{count} test{'' if count == 1 else 's'} with {tests.framework.name}"
    if outcome and outcome.passed is None:
        kept = f"{tests.path.name} is written, and nobody knows yet whether it passes."
        print(visible(f"{said} could not run: {outcome.output} {kept}"), file=sys.stderr)
        return
    if outcome and not outcome.passed:
        print(visible(outcome.output), file=sys.stderr)
    print(f"{said}: {state}.", file=sys.stderr)
