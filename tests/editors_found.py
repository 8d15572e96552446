"""Which real editors are on this machine for the tests that drive them; `tools/setup_editors.sh` brings those that are not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "editors"
_PINNED = Path(sys.executable).parent / "nvim"
_LATEST = CACHE / "neovim" / "usr" / "bin" / "nvim"


def neovims() -> dict[str, Path]:
    """By name: `pinned` from a wheel (0.11) and `latest` from a moving distribution (0.12 or later)."""
    if importlib.util.find_spec("pynvim") is None:
        return {}
    return {name: path for name, path in (("pinned", _PINNED), ("latest", _LATEST)) if path.exists()}
