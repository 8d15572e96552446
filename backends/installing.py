"""How to add libraries to this very installation of Infill: by the program that made it, from where it came."""

from __future__ import annotations

import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit


def with_extra(extra: str) -> str:
    """A command for a shell, for a message. Where nobody knows the checkout any more, it is to be run in one."""
    folder, editable = _source()
    what = shlex.quote(f"{folder or '.'}[{extra}]")
    flags = "-e " if editable else ""
    made_in = Path(sys.prefix).as_posix()
    python = shlex.quote(sys.executable)
    if "/uv/tools/" in made_in:
        command = f"uv tool install {flags}{what}"
    elif "/pipx/venvs/" in made_in:
        command = f"pipx install --force {flags}{what}"
    elif find_spec("pip") is None:
        command = f"uv pip install --python {python} {flags}{what}"
    else:
        command = f"{python} -m pip install {flags}{what}"
    return f"`{command}`" if folder else f"`{command}` in Infill's checkout"


def _source() -> tuple[Path | None, bool]:
    """The checkout that this was installed from, if it is still there, and whether its files are used as they are."""
    try:
        said = json.loads(distribution("infill-ls").read_text("direct_url.json") or "{}")
        folder = Path(unquote(urlsplit(said["url"]).path))
        editable = bool(said.get("dir_info", {}).get("editable"))
    except (PackageNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None, False
    return (folder, editable) if (folder / "pyproject.toml").exists() else (None, False)
