"""`infill shell bash|zsh|fish`: the script with which a shell completes the words of `infill`.

It is made from the commands' own arguments and read once by the shell, which then asks nobody.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from editors.headless.command import Command
from editors.headless.exits import Exit, Stop
from lsp_server.settings import OPTIONS

EXAMPLES = """\
  infill shell bash > ~/.local/share/bash-completion/completions/infill
  infill shell zsh > ~/.zfunc/_infill          with `fpath+=~/.zfunc; autoload -Uz compinit; compinit` in ~/.zshrc
  infill shell fish > ~/.config/fish/completions/infill.fish
"""
SHELLS = ("bash", "zsh", "fish")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, metavar="bash|zsh|fish")
    parser.add_argument("--json", action="store_true", help="print JSON: the shell, and the script as text")


def _run(arguments: argparse.Namespace) -> int:
    script = script_for(arguments.shell)
    print(json.dumps({"shell": arguments.shell, "script": script}) if arguments.json else script)
    return Exit.DONE


def script_for(shell: str) -> str:
    try:
        import shtab
    except ImportError:
        raise Stop(Exit.USAGE, "This needs the package shtab, which comes with Infill: install Infill again.") from None
    from editors.headless.cli import COMMANDS, parser_of

    parser = parser_of(COMMANDS)
    _mark(parser, shtab.FILE)
    _offer(parser)
    script: str = shtab.complete(parser, shell)
    return script


def _mark(parser: argparse.ArgumentParser, file: object) -> None:
    """Says of every argument that is a path, in this parser and in those of its commands, that files complete it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _mark(each, file)
        elif action.type is Path or "FILE" in str(action.metavar or ""):
            action.complete = file  # type: ignore[attr-defined]


def _offer(parser: argparse.ArgumentParser) -> None:
    """Gives the flags of settings the values that they take, and `--set` the names of all settings.

    Only for the script: argparse itself would hold each value against its choices, and a list of values is none of them.
    """
    values = {f"--{option.name.replace('_', '-')}": option.choices for option in OPTIONS if option.choices}
    values["--set"] = tuple(f"{option.name}=" for option in OPTIONS)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _offer(each)
        elif action.option_strings and not action.choices:
            action.choices = values.get(action.option_strings[-1]) or action.choices


COMMAND = Command(EXAMPLES, _arguments, _run)
