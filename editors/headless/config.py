"""`infill config`: the settings in force here, and who said so."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from editors.headless.command import Command
from editors.headless.exits import Exit
from editors.headless.place import root_of
from editors.headless.terminal import Ink, folded, visible_line
from lsp_server.command_line import add_flags, given
from lsp_server.resolve import PROJECT_FILE, Resolved, resolve, user_file

EXAMPLES = """\
  infill config                      the settings in force in this folder, and whence
  infill config --json               the same for a program
  INFILL_BACKEND=workspace infill config
"""


def settings_here(arguments: argparse.Namespace, folder: Path) -> Resolved:
    """The settings that hold for a file in `folder`, from every layer but an editor."""
    project = root_of(folder / PROJECT_FILE) / PROJECT_FILE
    return resolve(given(arguments), os.environ, {}, user_file(), [project])


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    resolved = settings_here(arguments, Path.cwd())
    print(_json(resolved) if arguments.json else _table(resolved))
    return Exit.NOTHING if resolved.problems else Exit.DONE


def _json(resolved: Resolved) -> str:
    values = asdict(resolved.settings)
    report = {
        "settings": {name: {"value": value, "from": resolved.provenance[name]} for name, value in values.items()},
        "problems": [asdict(problem) for problem in resolved.problems],
        "user_file": str(user_file()),
    }
    return json.dumps(report, indent=2)


def _table(resolved: Resolved) -> str:
    ink = Ink(sys.stdout)
    values = {name: json.dumps(value) for name, value in asdict(resolved.settings).items()}
    widest, longest = max(map(len, values)), max(len(value) for value in values.values() if len(value) <= 30)
    rows = [
        _whence(
            folded(f"{name:{widest}}  {visible_line(value):{longest}}  {visible_line(whence)}", sys.stdout), whence, ink
        )
        for name, value in values.items()
        for whence in [resolved.provenance[name]]
    ]
    problems = [
        ink.bad("! ") + folded(visible_line(str(problem)), sys.stdout, taken=2, indent=2)
        for problem in resolved.problems
    ]
    return "\n".join([*rows, "", folded(f"Your own settings are read from {user_file()}", sys.stdout), *problems])


def _whence(row: str, words: str, ink: Ink) -> str:
    return row.removesuffix(words) + ink.dim(words) if words == "default" else row


COMMAND = Command(EXAMPLES, _arguments, _run)
