"""What an action at a terminal needs: the project as if its files had just been opened, who talks, the ledger, a question."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from backends.api import Chatter
from backends.closed import Mute
from backends.errors import BackendError
from backends.registry import BackendConfig, chatter
from context.clock import Clock, MonotonicClock
from context.documents import Documents
from context.privacy import Gate
from context.snapshot import Snapshot
from editors.headless.config import settings_here
from editors.headless.exits import Exit, Stop
from editors.headless.place import as_named, root_of
from editors.headless.terminal import visible, visible_line
from lsp_server.actions.acts import Acts, Models
from lsp_server.assembly import Folders
from lsp_server.from_settings import backend_config, why_off
from lsp_server.usage import Ledger
from lsp_server.workbench import Workbench


class Hand:
    """The actions for a project. Close it with `aclose`, which writes the ledger."""

    def __init__(self, arguments: argparse.Namespace, near: Path) -> None:
        """`near` is a file of the project."""
        self.root = root_of(near)
        resolved = settings_here(arguments, as_named(near).parent)
        for problem in resolved.problems:
            print(f"infill: {visible(str(problem))}", file=sys.stderr)
        settings, clock = resolved.settings, MonotonicClock()
        self.chatter = _talking(backend_config(settings), clock)
        self.gate = Gate([self.root], exclude=settings.exclude)
        self._documents = Documents()
        folder = Folders.of_user().data
        self._ledger = Ledger(folder / "usage.sqlite" if folder else None)
        bench = Workbench(self._documents, clock, [self.root], self.gate)
        models = Models(settings.chat_model, settings.review_model)
        self.acts = Acts(
            self.chatter, bench.desk, clock, self._ledger, models, off=lambda language: why_off(settings, language)
        )

    @property
    def mute(self) -> str:
        """Why nobody can talk, and what to set; "" where somebody can."""
        return f"{self.chatter.error.what} {self.chatter.error.mend}" if isinstance(self.chatter, Mute) else ""

    def must_talk(self) -> None:
        """Raises `BackendError` where nobody can. What is wrong with the user's own words is said before."""
        if isinstance(self.chatter, Mute):
            raise self.chatter.error

    def open(self, snapshot: Snapshot) -> None:
        self._documents.open(snapshot.uri, snapshot.language, snapshot.version, snapshot.text, snapshot.path)

    async def aclose(self) -> None:
        await self.chatter.aclose()
        self._ledger.flush()

    def report(self, line: str) -> None:
        """Progress, on a terminal only."""
        if line and sys.stderr.isatty():
            print(visible_line(line), file=sys.stderr)


def _talking(config: BackendConfig, clock: Clock) -> Chatter:
    try:
        return chatter(config, clock=clock, environment=os.environ)
    except BackendError as error:
        return Mute(error)


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the user wants it. Where nobody can be asked, only the flag says so: raises `Stop`."""
    if yes:
        return True
    question = visible_line(question)  # it names a file, and a file may be named anything
    if not sys.stdin.isatty():
        raise Stop(Exit.USAGE, f"{question} Nobody can be asked here; `--yes` agrees beforehand.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
