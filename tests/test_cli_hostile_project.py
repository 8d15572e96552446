"""Infill is started inside other people's projects, and imports nothing from them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRAP = "import pathlib; pathlib.Path({marker!r}).touch(); raise SystemExit('foreign code was run')\n"
SCRIPT = [str(Path(sys.executable).with_name("infill"))]
MODULE = [sys.executable, "-P", "-m", "editors.headless"]


def check(folder: Path, traps: tuple[str, ...], command: list[str], **environment: str) -> None:
    """Runs `command` in a project with these files; it must do its work or refuse, and run none of them."""
    marker = folder / "was-imported"
    for name in traps:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(TRAP.format(marker=str(marker)))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
    done = subprocess.run(
        [*command, "config", "--json"], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )
    assert not marker.exists(), done.stderr
    assert done.returncode == 0 or "is not the one installed with Infill" in done.stderr, done.stderr


PACKAGES = tuple(f"{name}/__init__.py" for name in ("context", "backends"))
ALL = (*PACKAGES, "lsp_server/__init__.py", "editors/__init__.py", "sitecustomize.py", "json.py", "argparse.py")


@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["console script", "python -P -m"])
def test_modules_of_the_working_directory_are_not_imported(tmp_path: Path, command: list[str]) -> None:
    check(tmp_path, ALL, command)


@pytest.mark.parametrize("entry", [".", "{folder}"])
@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["console script", "python -P -m"])
def test_layers_are_not_taken_from_the_python_path(tmp_path: Path, command: list[str], entry: str) -> None:
    check(tmp_path, PACKAGES, command, PYTHONPATH=entry.format(folder=tmp_path))


def test_layers_are_not_taken_from_another_folder_on_the_python_path(tmp_path: Path) -> None:
    check(tmp_path, tuple(f"lib/{name}" for name in PACKAGES), SCRIPT, PYTHONPATH=str(tmp_path / "lib"))
