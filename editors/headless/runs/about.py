"""What a run must say of itself so that it can be made again: versions, commit, machine and date."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from editors.headless import git_as_data, since
from editors.headless.exits import Stop

OWN = Path(__file__).resolve().parents[3]


def about(bench: str, **more: Any) -> dict[str, Any]:
    """The first line of a journal, but for the plan."""
    return {
        "bench": bench,
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": ["infill", *sys.argv[1:]],
        "versions": {"infill": version("infill-ls"), "python": platform.python_version(), "numpy": version("numpy")},
        "infill_commit": commit_of(OWN),
        "machine": {"system": platform.system(), "processor": _processor(), "cores": os.cpu_count()},
        **more,
    }


def commit_of(folder: Path, revision: str = "HEAD") -> str:
    """The commit's hash; "" where the folder is no repository of its own. A plus sign follows where a file differs from it.

    Texts are compared as they lie there: `git status` would run the filters that the repository names.
    """
    try:
        named = git_as_data.output(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        found = named.decode().strip()
        changed = revision == "HEAD" and (folder / ".git").exists() and any(since.changed(folder, found))
    except (OSError, subprocess.CalledProcessError, Stop):
        return ""
    return found + ("+" if changed else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
