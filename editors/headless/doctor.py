"""`infill doctor`: what works, what does not, and what to do. Asks the backend one real question, with no text of yours."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from editors.headless.command import Command
from editors.headless.config import settings_here
from editors.headless.exits import Exit, Stop
from editors.headless.place import root_of
from editors.headless.terminal import Ink, folded, visible_line
from lsp_server.command_line import add_flags
from lsp_server.resolve import Resolved

if TYPE_CHECKING:
    from backends.errors import BackendError

EXAMPLES = """\
  infill doctor                      check everything, with the settings of this folder
  infill doctor --backend mistral    ask this backend
  infill doctor --json               the same for a program
  infill doctor --self-test          does the server withstand a network that fails in every way we know?
"""


class State(StrEnum):
    GOOD = "good"
    NOTE = "note"  # works, and could be more
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` what, `what` was found in one sentence, and `mend`, what to do, "" where nothing is."""

    state: State
    about: str
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What every check looks at."""

    arguments: argparse.Namespace
    resolved: Resolved


def _python(case: Case) -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = f"infill {version('infill-ls')}"
    except PackageNotFoundError:
        installed = "infill, run without being installed"
    what = f"{installed} on Python {sys.version.split()[0]} at {sys.executable}."
    yield Finding(State.GOOD, "python", what)


def _grammars(case: Case) -> Iterator[Finding]:
    from context.grammars import PROVIDERS, grammar

    missing = sorted(language for language in PROVIDERS if grammar(language) is None)
    if missing:
        mend = "Install Infill again; until then these languages are completed without syntax."
        yield Finding(State.BAD, "grammars", f"No grammar could be loaded for {', '.join(missing)}.", mend)
    else:
        yield Finding(State.GOOD, "grammars", f"All {len(PROVIDERS)} languages with a grammar can be parsed.")


def _settings(case: Case) -> Iterator[Finding]:
    for problem in case.resolved.problems:
        name = f" {problem.key}:" if problem.key else ""
        yield Finding(State.BAD, "settings", f"{problem.where}:{name} {problem.what}", problem.mend)
    if not case.resolved.problems:
        own = sum(whence != "default" for whence in case.resolved.provenance.values())
        differ = "One setting differs" if own == 1 else f"{own} settings differ"
        yield Finding(State.GOOD, "settings", f"{differ} from the defaults; `infill config` shows all.")
    if not case.resolved.settings.enabled:
        whence = case.resolved.provenance["enabled"]
        yield Finding(State.NOTE, "settings", f"Infill is switched off: {whence}.", "Set `enabled` to true there.")


def _folders(case: Case) -> Iterator[Finding]:
    from editors.headless.kept import unwritable

    found = list(unwritable(audit=case.resolved.settings.audit))
    for each in found:
        what = f"{each.place} cannot be written ({each.why}): {each.lost}."
        yield Finding(State.BAD, "folders", what, f"Make it writable, or set {each.variable} to a folder that is.")
    if not found:
        yield Finding(State.GOOD, "folders", "Settings, keys, counts and indexes can be kept.")


def _keys(case: Case) -> Iterator[Finding]:
    from backends import keys
    from backends.registry import UNASKED, UNASKED_MEND, unasked_address
    from editors.headless.key import bound_to
    from lsp_server.from_settings import backend_config

    if problem := keys.problem():
        yield Finding(State.BAD, "key", problem, "Mend or remove the file, then run `infill key set`.")
    try:
        backend, origin = bound_to(case.arguments, named=False)
    except Stop as stop:
        yield Finding(State.BAD, "key", str(stop))
        return
    found = keys.find(origin, os.environ, backend=backend)
    if found is not None:
        yield Finding(State.GOOD, "key", f"The key from {found.provenance} goes to {origin} and to no other server.")
    else:
        keep, none = "`infill key set`", "the workspace model needs none"
        if backend != "mistral":
            keep, none = "`infill key set --base-url URL`", "a server of your own may need none"
        mend = f"{keep} keeps one, {keys.ENVIRONMENT[backend][0]} gives one; {none}."
        yield Finding(State.NOTE, "key", f"There is no key for {origin}.", mend)
        if unasked_address(backend_config(case.resolved.settings), os.environ):
            whence = case.resolved.provenance["base_url"]
            yield Finding(State.NOTE, "settings", UNASKED.format(whence=whence), UNASKED_MEND)


def _backend(case: Case) -> Iterator[Finding]:
    from backends.api import Preparing
    from backends.errors import BackendError
    from context.privacy import Gate
    from editors.headless.asking import backend_in, patience

    async def ask() -> str:
        root = root_of(Path.cwd() / "file")
        backend = backend_in(root, Gate([root]), case.resolved.settings)
        try:
            if isinstance(backend, Preparing):
                await backend.prepare(patience(case.resolved.settings))
            return await backend.check()
        finally:
            await backend.aclose()

    name, failed = case.resolved.settings.backend, None
    try:
        yield Finding(State.GOOD, "backend", f"{name}: {asyncio.run(ask())}")
    except BackendError as error:
        failed = error
        yield Finding(State.BAD, "backend", f"{error.backend}: {error.what}", error.mend)
    yield _talking(case, failed)


def _talking(case: Case, failed: BackendError | None) -> Finding:
    """Who explains, edits and reviews. Nobody is asked: a model that talks costs more than one that completes, and a server
    that `failed` to answer the question before would fail again."""
    from backends.errors import BackendError, BadRequest
    from backends.registry import chatter
    from context.clock import MonotonicClock
    from lsp_server.from_settings import backend_config

    nothing = "Nothing is explained, edited or reviewed"
    try:
        card = chatter(backend_config(case.resolved.settings), clock=MonotonicClock()).card()
    except BackendError as error:
        what, mend, broken = f"{nothing}: {error.what}", error.mend, case.resolved.not_understood
        if broken and "`local_only`" in error.what:
            what = f"{nothing}: {broken} cannot be read, which holds `local_only` on."
            mend = "Mend it there, or set `backend` to `host`."
        return Finding(State.NOTE, "actions", what, mend)
    if failed is not None and not isinstance(failed, BadRequest):  # a model that does not fill in may well talk
        return Finding(State.NOTE, "actions", f"{nothing} as long as this is so: {failed.what}", failed.mend)
    model = card.model or "the first model that it lists"
    what = f"{card.name} is asked for explanations, edits and reviews, with {model}."
    return Finding(State.GOOD if failed is None else State.NOTE, "actions", what)


def _server(case: Case) -> Iterator[Finding]:
    import tempfile
    from time import perf_counter

    from editors.headless.client import Client, RequestFailed, ServerGone

    async def start() -> float:
        started = perf_counter()
        with tempfile.TemporaryFile() as errors:
            async with Client(Path.cwd(), errors=errors):
                return perf_counter() - started

    try:
        took = asyncio.run(start())
        yield Finding(State.GOOD, "server", f"`infill lsp` starts and answers in {took:.1f} s.")
    except (ServerGone, RequestFailed, OSError) as error:
        mend = "Run `infill lsp --log-level debug` and look at what it writes."
        yield Finding(State.BAD, "server", f"`infill lsp` does not start: {error}", mend)


def _command(case: Case) -> Iterator[Finding]:
    import shutil

    found = shutil.which("infill")
    if found is not None:
        yield Finding(State.GOOD, "command", f"Editors find the command at {found}.")
        return
    script = Path(sys.executable).with_name("infill")
    where = f"give your editor the whole path, {script}" if script.exists() else "install it with `uv tool install`"
    yield Finding(State.NOTE, "command", "`infill` is not on the PATH.", f"Put it there, or {where}.")


def _editors(case: Case) -> Iterator[Finding]:
    import shutil

    known = {"nvim": "Neovim", "hx": "Helix", "emacs": "Emacs", "vim": "Vim", "code": "VS Code", "zed": "Zed"}
    found = [name for program, name in known.items() if shutil.which(program)]
    what = f"On this machine: {', '.join(found)}." if found else "No editor that we know is on the PATH."
    yield Finding(
        State.NOTE,
        "editors",
        what,
        "docs/editors.md says how each starts `infill lsp`; any LSP client can.",
    )


def _faults(case: Case) -> Iterator[Finding]:
    """The real server against an endpoint of our own on loopback. Nothing of the user's settings, keys or files takes part."""
    from editors.headless.scratch import tidy
    from editors.headless.self_test.faults import FAULTS
    from editors.headless.self_test.trial import Verdict, trials

    async def all_of_them() -> list[Verdict]:
        return [verdict async for verdict in trials(FAULTS)]

    tidy()
    verdicts = asyncio.run(all_of_them())
    report = "Please report it: SECURITY.md says where."
    for verdict in verdicts:
        if verdict.wrong:
            yield Finding(State.BAD, "self-test", f"{verdict.fault}: {verdict.wrong}.", report)
    held = sum(not verdict.wrong for verdict in verdicts)
    state = State.GOOD if held == len(FAULTS) else State.NOTE
    what = f"{held} of {len(FAULTS)} faults of a network were each one status, and the next request worked."
    yield Finding(state, "self-test", what)


CHECKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _python,
    _command,
    _grammars,
    _settings,
    _folders,
    _keys,
    _backend,
    _server,
    _editors,
)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--self-test", action="store_true", help="test the server against a failing network as well")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    case = Case(arguments, settings_here(arguments, Path.cwd()))
    checks = (*CHECKS, _faults) if arguments.self_test else CHECKS
    findings = [_shown(finding, arguments) for check in checks for finding in check(case)]
    bad = sum(finding.state is State.BAD for finding in findings)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        print(f"\n{bad} to mend." if bad else "\nNothing to mend.")
    return Exit.NOTHING if bad else Exit.DONE


def _shown(finding: Finding, arguments: argparse.Namespace) -> Finding:
    """Prints each finding as it comes, since the backend may take its time."""
    if not arguments.json:
        ink = Ink(sys.stdout)
        sign = {State.GOOD: ink.good("ok  "), State.NOTE: ink.dim("note"), State.BAD: ink.bad("BAD ")}[finding.state]
        what, mend = visible_line(finding.what), visible_line(finding.mend)
        print(f"{sign} {finding.about:9} {folded(what, sys.stdout, taken=15, indent=15)}")
        if mend:
            print(f"{'':14} {ink.dim('->')} {folded(mend, sys.stdout, taken=18, indent=18)}")
        sys.stdout.flush()
    return finding


COMMAND = Command(EXAMPLES, _arguments, _run)
