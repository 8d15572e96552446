"""Which real editors and runners of tests are on this machine to be driven; `tools/setup_editors.sh` brings others."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "editors"
VSIX = ROOT / "editors" / "vscode" / "dist" / "infill.vsix"
_PINNED = Path(sys.executable).parent / "nvim"
_LATEST = CACHE / "neovim" / "usr" / "bin" / "nvim"
_OLDEST = CACHE / "neovim-0.10" / "usr" / "bin" / "nvim"
HELIX = CACHE / "helix" / "usr" / "lib" / "hx" / "hx"
VIM = CACHE / "vim" / "usr" / "bin" / "vim.basic"
EMACS = CACHE / "emacs" / "usr" / "bin" / "emacs-nox"
RUNNERS = CACHE / "runners"


def runners() -> list[str]:
    """The test runners of projects that are on this machine, as `infill act tests` names them."""
    return [name for name, there in _runners().items() if there]


def missing_runners() -> list[str]:
    return [name for name, there in _runners().items() if not there]


def _runners() -> dict[str, bool]:
    modules = RUNNERS / "node_modules" / ".bin"
    node = shutil.which("node") is not None
    return {
        "pytest": True,
        "node:test": node,
        "vitest": node and (modules / "vitest").exists(),
        "jest": node and (modules / "jest").exists(),
        "go test": shutil.which("go") is not None,
        "cargo test": shutil.which("cargo") is not None,
    }


def neovims() -> dict[str, Path]:
    """By name: `pinned` from a wheel (0.11), `latest` from a moving distribution (0.12 or later), `oldest` from a settled one
    (0.10)."""
    if importlib.util.find_spec("pynvim") is None:
        return {}
    found = (("pinned", _PINNED), ("latest", _LATEST), ("oldest", _OLDEST))
    return {name: path for name, path in found if path.exists()}


def has_vscode() -> bool:
    """All of code-server, a Chromium and the packaged extension; and asked for, since the test takes a minute."""
    wanted = os.environ.get("INFILL_TEST_VSCODE")
    return bool(wanted) and VSIX.exists() and (CACHE / "vscode").exists() and shutil.which("chromium") is not None
