"""git, asked about a repository that may be hostile: it reads objects and the index, and starts no other program.

A repository's own configuration names programs: where a missing object is fetched from, what checks a signature, what watches
files. An empty GIT_ALLOW_PROTOCOL forbids every fetch whatever the configuration allows; GIT_NO_LAZY_FETCH does so only from
git 2.44 on. Filters of the work tree can't be switched off: no subcommand that compares files with the index by content may be
asked (`status`, `diff`, `diff-index` without `--cached`, `diff-files`, `ls-files --modified`), and `diff-tree -p` only with
`--no-ext-diff --no-textconv`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }
)
_SETTINGS = (
    "protocol.allow=never",
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "log.showSignature=false",
)


def output(folder: Path, *arguments: str, timeout: float | None = None) -> bytes:
    """What git says. Raises OSError where there is no git, CalledProcessError where it fails, TimeoutExpired after seconds."""
    return subprocess.run(
        _command(folder, arguments),
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
        timeout=timeout,
    ).stdout


def conversation(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A git that answers on its output what is written to its input. Raises OSError where there is no git."""
    return subprocess.Popen(
        _command(folder, arguments),
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _command(folder: Path, arguments: tuple[str, ...]) -> list[str]:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    return ["git", "-C", str(folder), "--no-pager", *settings, *arguments]
