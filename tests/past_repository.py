"""A repository with two commits for the tests of benches: words with `canary` in them come with the second, and none before."""

from __future__ import annotations

import subprocess
from pathlib import Path

FIRST = """import os


def first(alpha, beta):
    return alpha + beta


def last(gamma):
    return gamma
"""
SECOND = FIRST.replace(
    "    return alpha + beta\n", "    total = alpha + beta\n    # a remark\n    return total * canary\n"
).replace("    return gamma\n", "    import sys\n    return second_canary(gamma)\n")


OTHER = """def combined(alpha, beta, total):
    return value.method(alpha, beta, total)
"""


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def repository_in(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name, text in (("a.py", FIRST), ("old/b.py", OTHER), ("gone.py", "was = here\n")):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    (folder / "a.py").write_text(SECOND)
    (folder / "gone.py").unlink()
    (folder / "future.py").write_text("third_canary = fourth_canary(1)\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "two")
    return folder
