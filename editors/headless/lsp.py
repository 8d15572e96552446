"""`infill lsp`: the language server on standard input and output. What every editor starts."""

from __future__ import annotations

import argparse
import os
import sys

from editors.headless.command import Command
from editors.headless.exits import Exit
from lsp_server.command_line import add_flags, given
from lsp_server.resolve import resolve, user_file

EXAMPLES = """\
  infill lsp                                  with the settings of editor, environment and files
  infill lsp --backend workspace              nothing leaves the machine
  infill lsp --backend mistral --base-url https://codestral.mistral.ai
"""
AT_A_TERMINAL = "infill lsp waits for an editor to speak with it; Ctrl-C ends it. `infill demo` shows it at work."


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdio", action="store_true", help="accepted for editors that pass it; there is no other way")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    import logging

    from lsp_server.__main__ import main
    from lsp_server.connection import Options
    from lsp_server.start import session_factory

    if sys.stdin.isatty():
        print(AT_A_TERMINAL, file=sys.stderr)
    known = resolve(given(arguments), os.environ, {}, user_file()).settings  # what an editor may change comes later
    factory, options = session_factory(given(arguments), os.environ), Options(known.completion_fallback)
    main(factory, options, log_level=logging.getLevelNamesMapping()[known.log_level.upper()])
    return Exit.DONE


COMMAND = Command(EXAMPLES, _arguments, _run)
