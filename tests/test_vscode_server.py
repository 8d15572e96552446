"""How a real VS Code finds its server, what it says where there is none, and what a change of settings does."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.vscode import Code, code

INFILL = Path(sys.executable).parent / "infill"
pytestmark = pytest.mark.timeout(400)  # a page of an editor, on a machine that does much else
PYTHON = """\
const { watchFile, readFileSync } = require('node:fs');
exports.activate = () => ({
  environments: {
    getActiveEnvironmentPath: () => ({ path: readFileSync(process.env.CHOSEN_PYTHON, 'utf8') }),
    onDidChangeActiveEnvironmentPath: (act) => watchFile(process.env.CHOSEN_PYTHON, { interval: 200 }, () => act()),
  },
});
"""
"""Of the Python extension, what ours asks of it; which environment is chosen stands in a file."""


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that names the chosen Python environment, in which nothing is installed yet."""
    file = tmp_path_factory.mktemp("python") / "chosen"
    file.write_text(str(file.parent / "venv"))
    return file


@pytest.fixture(scope="module")
def window(chosen: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Code]:
    """On a machine without Infill, the Python extension installed."""
    python = tmp_path_factory.mktemp("python-extension") / "ms-python.python-1.0.0"
    python.mkdir()
    manifest = {"name": "python", "publisher": "ms-python", "version": "1.0.0", "main": "./main.js"}
    (python / "package.json").write_text(json.dumps({**manifest, "engines": {"vscode": "^1.91.0"}}))
    (python / "main.js").write_text(PYTHON)
    kept = [folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "infill").exists()]
    environment = {"PATH": os.pathsep.join(kept), "CHOSEN_PYTHON": str(chosen)}
    assert shutil.which("infill", path=environment["PATH"]) is None
    folder = tmp_path_factory.mktemp("code")
    with code(folder, {"infill.backend": "workspace"}, environment, others=[python]) as running:
        yield running


def install(environment: Path) -> None:
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "infill").symlink_to(INFILL)


def test_a_missing_server_is_said_and_found_once_it_is_there(window: Code, chosen: Path) -> None:
    window.until_status("Infill: error")
    window.until_told("Infill needs its server")
    environment = Path(chosen.read_text())
    install(environment)
    window.do("click", ".notification-toast .monaco-button:has-text('Look Again')")
    window.until_status("Infill: workspace")
    assert str(environment) in running(window), "the one in the active Python environment"


def test_another_python_environment_brings_its_own_server(window: Code, chosen: Path) -> None:
    other = chosen.parent / "other"
    install(other)
    chosen.write_text(str(other / "bin" / "python"))  # some environments are known by their interpreter
    window.until(lambda: str(other) in running(window), "the server of the other environment")
    window.until_status("Infill: workspace")


def test_where_nobody_can_talk_it_says_what_to_set(window: Code) -> None:
    window.open("a.py", "x = 1\n")
    window.command("Infill: Explain")
    window.until_told("This backend completes code and cannot talk.")
    assert "Set a Key" in window.toasts() and "infill key set" in window.toasts()
    window.do("rightClick", ".editor-instance .view-lines")
    window.do("wait", ".monaco-menu .action-item:has-text('Paste')")
    assert window.count(".monaco-menu .action-item:has-text('Infill')") == 0
    window.press("Escape")


def test_a_changed_setting_reaches_the_running_server(window: Code) -> None:
    before = running(window)
    settings = window.folder.parent / "user" / "Machine" / "settings.json"
    settings.write_text(json.dumps({"infill.backend": "workspace", "infill.enabled": False}))
    window.until_status("Infill: off")
    settings.write_text(json.dumps({"infill.backend": "workspace"}))
    window.until_status("Infill: workspace")
    assert running(window) == before, "without being started anew"


def running(window: Code) -> str:
    """The command lines of this window's servers, with their process ids."""
    found = []
    for process in window.servers():
        with suppress(psutil.Error):  # it may have ended meanwhile
            found.append(f"{process.pid} {' '.join(process.cmdline())}")
    return "\n".join(sorted(found))
