"""Starting a host from an editor's server: the one program of ours that it starts for a model, and only where the user set one.

It is our own interpreter with our own code, cut off from the project (`-I`), detached because other editors will use it too, and
it ends by itself when nobody asks for a while. Of several editors that start it at once, one succeeds; the others find its host.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from backends import discovery, private_file
from backends.discovery import own_folder
from backends.keys import ENVIRONMENT
from context.clock import Clock
from context.private_folder import make_private

NEEDED = ("torch", "transformers", "tokenizers", "starlette", "uvicorn", "pydantic", "prometheus_client", "llguidance")
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 600.0
LOG = "host.log"

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from backends.host.serving import main; main()"

Start = Callable[[list[str], Mapping[str, str], Path], Any]
"""Starts a command with an environment in a folder; what comes back has `poll()`."""


class CannotStart(Exception):
    """Why no host was started, and `after` how many seconds it is tried again; 0 where only the user can help."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


def process(command: list[str], environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """The command, detached from us, with its words in a file that only the user can read."""
    descriptor = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


class Launcher:
    """Sees to it that a host of `model` runs. `idle` in seconds; `context_tokens` 0 for the host's own choice."""

    def __init__(
        self,
        model: str,
        clock: Clock,
        *,
        folder: Path | None = None,
        idle: float = 1800.0,
        context_tokens: int = 0,
        start: Start = process,
    ) -> None:
        self.model, self._clock, self._start = model, clock, start
        self._folder = folder or discovery.runtime_folder()
        self._own = own_folder(self._folder, model)
        self._orders = {"model": model, "idle": idle, "context_tokens": context_tokens, "folder": str(self._folder)}
        self._child: Any = None
        self._failures, self._not_before = 0, 0.0

    def ensure(self) -> str:
        """Called where no host is found: what the one that is starting does now, in a sentence; started here where none is.
        Raises `CannotStart`."""
        if self._child is not None:
            if (status := self._child.poll()) is None:
                return self._doing() or f"Starting the model host for {self.model}."
            self._child = None
            if status:  # it ends with 0 when nobody asked for long, when it was told to, or when another was first
                self._failed()
        if doing := self._doing():
            return doing
        wait = self._not_before - self._clock.now()
        if wait > 0:
            raise CannotStart(self._why() or f"The model host for {self.model} has ended.", wait)
        self._launch()
        return f"Starting the model host for {self.model}."

    def found(self) -> None:
        """The host answers: the next start that fails is the first again."""
        self._failures = 0

    def _launch(self) -> None:
        if self.model in (".", "..") or self.model.startswith(("./", "../")):
            raise CannotStart(
                f"`model` is {self.model}, and settings are in no folder that this could begin at: name it from / or ~ on."
            )
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            from backends.installing import with_extra

            raise CannotStart(f"The model host needs {', '.join(missing)}. Get them with {with_extra('host')}.")
        own_keys = {name for names in ENVIRONMENT.values() for name in names}
        kept = {name: value for name, value in os.environ.items() if name not in own_keys}
        command = [sys.executable, "-I", "-c", _PROGRAM, str(_PACKAGE_ROOT), json.dumps(self._orders)]
        try:
            make_private(self._own)
            private_file.check_folder(self._folder)
            private_file.check_folder(self._own)
            # Threads of OpenMP that spin while they wait make a forward pass of 7 ms last 130 beside one busy process.
            self._child = self._start(command, {**kept, "OMP_WAIT_POLICY": "passive"}, self._own)
        except (OSError, private_file.NotPrivate) as error:
            raise CannotStart(f"The model host cannot be started: {error}", self._pause()) from error

    def _failed(self) -> None:
        self._not_before = self._clock.now() + self._pause()
        self._failures += 1

    def _pause(self) -> float:
        return float(min(FIRST_PAUSE * 2 ** min(self._failures, 16), LONGEST_PAUSE))

    def _state(self) -> Mapping[str, Any]:
        """What the starting host says of itself; nothing where there is none, or its file is not to be trusted."""
        try:
            said = json.loads(private_file.read(self._own / "starting.json") or b"{}")
        except (OSError, ValueError, RecursionError, private_file.NotPrivate):
            return {}
        return said if isinstance(said, dict) else {}

    def _doing(self) -> str:
        state = self._state()
        pid = state.get("pid")
        return str(state.get("doing", "")) if isinstance(pid, int) and discovery.is_alive(pid) else ""

    def _why(self) -> str:
        return str(self._state().get("failed", ""))
