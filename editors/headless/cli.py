"""The command `infill`: one visible table of commands, and the one fence at which every error becomes a sentence.

Exit codes: 0 done, 1 nothing to offer or a check failed, 2 usage, 3 the backend failed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from editors.headless.command import Command
from editors.headless.exits import Exit, Stop
from editors.headless.parser import Parser, tell

COMMANDS: Mapping[str, str] = {
    # name, and module below editors/headless: what it does
    "lsp": "Run the language server on standard input and output.",
    "demo": "Watch a typing session in a real file, with ghost text.",
    "complete": "Ask for one completion at a place in a file.",
    "act": "Explain, refactor, review or test code.",
    "why": "Show what would be asked at a place, and what not. Sends nothing.",
    "serve": "Host a model on this machine for all editors.",
    "doctor": "Check what works and say what to do about the rest.",
    "config": "Show the settings in force and where each came from.",
    "key": "Keep, clear or find the key of a backend.",
    "usage": "Show tokens, cost, latency and acceptance.",
    "audit": "Show what left this machine, when, to whom and from which files.",
    "bench": "Measure: typing against a model of any speed, completion on a repository's own history.",
    "shell": "Print what makes bash, zsh or fish complete the words of this command.",
}

_EXAMPLES = """\
examples:
  infill demo                        see it at work, without key or network
  infill doctor                      what works, what does not, and what to do
  infill complete src/app.py:12:5    one completion, at line 12, column 5
  infill lsp                         what an editor starts

exit codes: 0 done, 1 nothing to offer or a check failed, 2 usage, 3 the backend failed
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code. Nothing that goes wrong shows a traceback, unless INFILL_TRACEBACK asks for it."""
    _mend_streams()
    words = sys.argv[1:] if argv is None else argv
    name = "infill"
    try:
        parser = parser_of([next((word for word in words if not word.startswith("-")), "")])
        try:
            arguments, unknown = parser.parse_known_args(words)
            if unknown:
                arguments.of.unknown(unknown)
        finally:
            sys.stdout.flush()  # of --help and --version, which end here
        if arguments.command is None:
            parser.print_help()
            return Exit.USAGE
        name = arguments.name
        code: int = arguments.command.run(arguments)
        sys.stdout.flush()
        return code
    except Stop as stop:
        return tell(str(stop), stop.code)
    except KeyboardInterrupt:
        return tell("\nInterrupted.", Exit.NOTHING)
    except OSError as error:
        with suppress(OSError):  # what could not be written shall not fail once more at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return Exit.NOTHING
        if os.environ.get("INFILL_TRACEBACK"):
            raise
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return tell(f"{name} stopped: {where}{error.strerror or type(error).__name__}.", Exit.NOTHING)
    except Exception as error:
        if os.environ.get("INFILL_TRACEBACK"):
            raise
        hint = "This is a bug in Infill. Run it again with INFILL_TRACEBACK=1 for the details to report."
        return tell(f"{name} stopped at {_where(error)}. {hint}", Exit.NOTHING)


def _mend_streams() -> None:
    """A terminal that cannot show a character is no reason to fail, nor is a stream that was closed before the start."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for as long as the process lives
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def parser_of(wanted: Container[str]) -> argparse.ArgumentParser:
    """Knows all commands by name, and the arguments of the `wanted` ones: an editor that starts the server waits for no other."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog="infill", description="Code completion for any editor, over LSP.", epilog=_EXAMPLES, formatter_class=shape
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.set_defaults(command=None, of=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        one = commands.add_parser(name, help=summary, description=summary, formatter_class=shape)
        if name in wanted:
            command: Command = import_module(f"editors.headless.{name}").COMMAND
            one.epilog = f"examples:\n{command.examples}"
            command.arguments(one)
            one.set_defaults(command=command, name=name, of=one)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"infill {version('infill-ls')}")
        parser.exit(Exit.DONE)


def _where(error: Exception) -> str:
    """The error's type and the place in the source, never its message: that may hold text of a file."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} in {place}"
