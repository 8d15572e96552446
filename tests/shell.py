"""The command `infill` as a shell would call it, by a user who has no settings, no keys and no project but an empty one."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from editors.headless import cli

VARIABLES = ("MISTRAL_API_KEY", "CODESTRAL_API_KEY", "INFILL_API_KEY", "INFILL_BACKEND", "INFILL_TRACEBACK", "NO_COLOR")


def new_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Moves into the empty project `folder/project`; returns the user's home."""
    home = folder / "home"
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "CACHE", "DATA", "STATE", "RUNTIME"):
        monkeypatch.setenv(f"XDG_{name}_{'DIR' if name == 'RUNTIME' else 'HOME'}", str(home / name.lower()))
    monkeypatch.setitem(sys.modules, "keyring", None)  # the user of this machine may have one
    (folder / "project" / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder / "project")
    return home


class Terminal(io.StringIO):
    """A standard output that is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    try:
        code = cli.main(argv)
    except SystemExit as stop:  # argparse's own way out
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err
