"""How the words of a command are read: what is wrong with them is one sentence, which names what was probably meant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any, NoReturn

from editors.headless.exits import Exit
from editors.headless.terminal import Ink, visible


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; the help, which argparse would print above it, is one command away."""

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._words = args or ()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """A misspelt flag is the reason for whatever else is wrong: what was meant as its value stands in another's place."""
        if (stray := self._stray()) is not None:
            self.unknown([stray])
        self._refuse(message)

    def unknown(self, words: Sequence[str]) -> NoReturn:
        """Names the flag that was probably meant."""
        hint = _meant(words[0].partition("=")[0], self._option_string_actions)
        if not hint and self._subparsers is not None:
            hint = "; flags of a command stand after it"
        self._refuse(f"unrecognized arguments: {' '.join(words)}{hint}")

    def _stray(self) -> str | None:
        """A flag that there is not, and that begins none; those after a further command are of that one."""
        known, leaf = tuple(self._option_string_actions), self._subparsers is None
        own = takewhile(lambda word: word != "--" and (leaf or word.startswith("-")), self._words)
        flags = (word for word in own if word.startswith("--"))
        return next((flag for flag in flags if not any(one.startswith(flag.partition("=")[0]) for one in known)), None)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """As argparse does, and names what was probably meant."""
        if action.choices is not None and value not in action.choices:
            choices = list(map(str, action.choices))
            hint = _meant(str(value), choices) or f"; there are {', '.join(choices)}"
            raise argparse.ArgumentError(action, f"there is no {str(value)!r}{hint}")

    def _refuse(self, message: str) -> NoReturn:
        self.exit(tell(f"{message.rstrip('.')}. `{self.prog} --help` says more.", Exit.USAGE))


def _meant(word: str, words: Iterable[str]) -> str:
    import difflib  # only here: the server's start waits for no more than it needs

    return "".join(f"; did you mean {one}" for one in difflib.get_close_matches(word, list(words), n=1))


def tell(message: str, code: Exit) -> int:
    """Says on standard error what ended the command; returns its exit code."""
    start = "\n" if message.startswith("\n") else ""  # after a line that was left half drawn
    print(f"{start}{Ink(sys.stderr).bad('infill:')} {visible(message.strip())}", file=sys.stderr)
    return code
