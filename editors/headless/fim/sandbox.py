"""Runs a program that a model has filled in, shut off as well as this machine allows, and says whether it passed.

It has a folder of its own that is thrown away, no network where Linux can take it away without rights (`unshare`), nothing of
the user's environment, and limits of processor time, memory, file sizes and open files. It still runs as the user: what the user
may read, it may read. That is why `infill bench fim` runs nothing without `--yes`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10.0
MEGABYTES = 1024
OUTPUT_BYTES = 4_000_000

_LIMITED = """
import os, resource, sys
seconds, memory, output = map(int, sys.argv[1:4])
def limit(what, most):
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))
limit(resource.RLIMIT_CPU, seconds)
if memory: limit(resource.RLIMIT_AS, memory)
limit(resource.RLIMIT_FSIZE, output)
limit(resource.RLIMIT_NOFILE, 64)
limit(resource.RLIMIT_CORE, 0)
child = os.fork()  # the first process of a namespace is deaf to signals, so the program is its second
if not child:
    os.execv(sys.argv[4], sys.argv[4:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
"""


@dataclass(frozen=True, slots=True)
class Runner:
    """How programs of a language are run: the file's name, the command before it, and whether memory can be limited: the
    machines of some languages reserve far more than they use."""

    file: str
    command: Sequence[str]
    memory: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` is the exit status, not 0 for a signal either; None where it took too long."""

    code: int | None
    output: str


class Sandbox:
    def __init__(self) -> None:
        self._alone = _alone()
        self._runners = _runners()

    @property
    def has_network(self) -> bool:
        """Whether programs can reach the network, since this system does not let us take it away."""
        return not self._alone

    def can_run(self, language: str) -> bool:
        return language in self._runners

    def passes(
        self,
        language: str,
        program: str,
        inputs: Sequence[tuple[str, Sequence[str]]] = (),
        *,
        seconds: float = SECONDS,
    ) -> bool:
        """With `inputs`, whether each gives one of its outputs; otherwise whether the program ends with status 0."""
        if not inputs:
            return self.run(language, program, "", seconds=seconds).code == 0
        for text, outputs in inputs:
            ended = self.run(language, program, text, seconds=seconds)
            if ended.code != 0 or _words(ended.output) not in [_words(output) for output in outputs]:
                return False
        return True

    def run(self, language: str, program: str, text: str, *, seconds: float = SECONDS) -> Ended:
        runner = self._runners[language]
        with tempfile.TemporaryDirectory(prefix="infill-sandbox-", ignore_cleanup_errors=True) as folder:
            file, output = Path(folder) / runner.file, Path(folder) / "output"
            file.write_text(program, encoding="utf-8")
            (Path(folder) / "input").write_text(text, encoding="utf-8")
            memory = MEGABYTES * 1024 * 1024 if runner.memory else 0
            limits = (str(max(1, round(seconds))), str(memory), str(OUTPUT_BYTES))
            command = [*self._alone, sys.executable, "-I", "-c", _LIMITED, *limits, *runner.command, str(file)]
            with (Path(folder) / "input").open("rb") as source, output.open("wb") as target:
                code = _finish(command, source.fileno(), target.fileno(), Path(folder), 2 * seconds + 5)
            return Ended(code, output.read_bytes()[:OUTPUT_BYTES].decode("utf-8", "replace"))


def _finish(command: Sequence[str], source: int, target: int, folder: Path, seconds: float) -> int | None:
    """The exit status; None after `seconds`, whatever of it still ran is ended then."""
    process = subprocess.Popen(
        command,
        stdin=source,
        stdout=target,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left running behind its back, too
        process.wait()


def _environment(folder: Path) -> Mapping[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
    }


def _runners() -> Mapping[str, Runner]:
    found = {"python": Runner("program.py", (sys.executable, "-I"))}
    node = shutil.which("node")
    if node:
        found["javascript"] = Runner("program.js", (node,), memory=False)
    return found


def _alone() -> Sequence[str]:
    """What stands before a command to take away its network and its sight of other processes; empty where that does not work."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    command = (unshare, "--user", "--map-root-user", "--net", "--ipc", "--pid", "--fork", "--kill-child")
    try:
        works = subprocess.run([*command, sys.executable, "-I", "-c", ""], capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return command if works.returncode == 0 else ()


def _words(text: str) -> Sequence[str]:
    return text.split()
