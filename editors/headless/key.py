"""`infill key set|clear|show-where`: keep a backend's key where only you can read it, bound to the one server it is for."""

from __future__ import annotations

import argparse
import json
import os
import sys
from getpass import getpass
from pathlib import Path

from editors.headless.command import Command
from editors.headless.config import settings_here
from editors.headless.exits import Exit, Stop
from lsp_server.command_line import add_flags

EXAMPLES = """\
  infill key set                     ask for the key of Mistral's API, without showing it
  infill key set < key.txt           read it from a file
  infill key show-where              which key would be used, and for which server; never the key itself
  infill key set --base-url https://llm.example.com
  infill key clear
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("set", "clear", "show-where"), metavar="set|clear|show-where")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    from backends import keys
    from backends.address import is_local
    from backends.private_file import NotPrivate

    backend, origin = bound_to(arguments, named=arguments.what != "show-where")
    try:
        if arguments.what == "set":
            if origin.startswith("http://") and not is_local(origin):
                print(f"infill: The key would travel unencrypted to {origin}; https keeps it secret.", file=sys.stderr)
            where = keys.set(origin, keys.Secret(_typed()))
            kept = f"Kept in {where}, for {origin} and no other server."
            print(json.dumps({"origin": origin, "kept_in": str(where)}) if arguments.json else kept)
        elif arguments.what == "clear":
            return _clear(origin, as_json=arguments.json)
        else:
            return _show_where(backend, origin, as_json=arguments.json)
    except (ValueError, NotPrivate) as error:
        raise Stop(Exit.NOTHING, f"The key was not touched: {error}") from None
    except OSError as error:
        raise Stop(Exit.NOTHING, f"The key was not touched: {_unwritable(backend, error)}") from None
    return Exit.DONE


def _unwritable(backend: str, error: OSError) -> str:
    from backends import keys

    folder, instead = keys.default_file().parent, keys.ENVIRONMENT[backend][0]
    why = error.strerror or type(error).__name__
    return (
        f"{folder} cannot be written ({why}). Make it writable, set XDG_CONFIG_HOME to a folder that is, or give the key in the"
        f" environment, as {instead}."
    )


def bound_to(arguments: argparse.Namespace, *, named: bool = True) -> tuple[str, str]:
    """The backend and the origin that a key is for: what the user's own settings name, else Mistral's API. A key is kept only
    for a server that the user has `named`; one is looked for at the backend's usual address too."""
    from backends.address import origin_of
    from backends.registry import SERVERS

    settings = settings_here(arguments, Path.cwd()).settings
    backend = settings.backend if settings.backend in ("openai", "llama_cpp") else "mistral"
    if named and backend != "mistral" and not settings.base_url:
        raise Stop(Exit.USAGE, f"A key belongs to one server: add --base-url URL for the backend {backend}.")
    try:
        return backend, origin_of(settings.base_url or SERVERS[backend].default_url)
    except ValueError as error:
        raise Stop(Exit.USAGE, str(error)) from None


def _typed() -> str:
    """From the terminal unseen, else one line from standard input; never from the command line, which others can read."""
    try:
        typed = getpass("Key (not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    except EOFError:  # Ctrl-D
        print(file=sys.stderr)
        typed = ""
    if not typed.strip():
        raise Stop(Exit.NOTHING, "No key was given, and the keys that are kept were not touched.")
    return typed


def _clear(origin: str, *, as_json: bool) -> int:
    from backends import keys

    places = keys.clear(origin)
    if as_json:
        print(json.dumps({"origin": origin, "cleared_from": list(places)}))
    else:
        print(f"Cleared from {' and '.join(places)}." if places else f"No key was kept for {origin}.")
    return Exit.DONE if places else Exit.NOTHING


def _show_where(backend: str, origin: str, *, as_json: bool) -> int:
    from backends import keys

    found, problem = keys.find(origin, os.environ, backend=backend), keys.problem()
    if as_json:
        report = {"origin": origin, "found": found is not None, "where": found.provenance if found else ""}
        print(json.dumps(report | {"problem": problem}, indent=2))
    elif found is not None:
        print(f"The key from {found.provenance} would be sent to {origin}.")
    else:
        print(f"No key for {origin}. {problem or f'Run `infill key set`, or set {keys.ENVIRONMENT[backend][0]}.'}")
    return Exit.DONE if found else Exit.NOTHING


COMMAND = Command(EXAMPLES, _arguments, _run)
