"""Runs a program that a model has filled in, shut off as well as this machine allows, and says whether it passed.

It has a folder of its own that is thrown away, nothing of the user's environment, and limits of processor time, memory, file
sizes and open files. Where Linux lets us without rights (`unshare`), it has no network either, can write nowhere else, to
`/proc` neither, and does not see the user's own folder, nor those in which services put their sockets. It still runs as the
user: what the user may read elsewhere, it may read, and a socket that lies elsewhere it may use. That is why `infill bench fim`
runs nothing without `--yes`.
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
from decimal import Decimal
from pathlib import Path

from editors.headless.scratch import Scratch

SECONDS = 10.0
MEGABYTES = 1024
OUTPUT_BYTES = 4_000_000
VERDICTS = frozenset(("yes", "no", "true", "false"))
CLOSE = Decimal("1e-12")
_SERVICES = ("/tmp", "/var", "/run", "/srv", "/mnt", "/media", "/opt", "/home")  # noqa: S108 - nothing is written there

_SHUT = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result: raise OSError(ctypes.get_errno(), "mount")
def mount(source, target, kind, flags):
    check(libc.mount(source.encode(), target.encode(), kind, ctypes.c_ulong(flags), None))
def read_only(path, recursive, set, clear):
    attributes = (ctypes.c_uint64 * 4)(set, clear, 0, 0)
    check(libc.syscall(442, -100, path.encode(), recursive, ctypes.byref(attributes), ctypes.c_size_t(32)))
folder, hidden = sys.argv[1], sys.argv[2].split(":")
kept = os.open(folder, os.O_PATH)
proc = libc.syscall(428, -100, b"/proc", 1)  # open_tree(OPEN_TREE_CLONE): where who is who can still be written
check(proc < 0)
libc.mount(b"proc", b"/proc", b"proc", ctypes.c_ulong(0), None)  # without other processes; a container may not allow it
for each in filter(None, hidden): mount("tmpfs", each, b"tmpfs", 0)
os.makedirs(folder, exist_ok=True)
mount(f"/proc/self/fd/{kept}", folder, None, 4096)  # MS_BIND
os.close(kept)
read_only("/", 0x8000, 1, 0)  # mount_setattr(AT_RECURSIVE, MOUNT_ATTR_RDONLY)
read_only(folder, 0, 0, 1)
os.chdir(folder)
check(libc.unshare(0x10000000))  # CLONE_NEWUSER: in a namespace within, that has no right to undo the mounts
for name, line in (("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1")):
    with open(f"/proc/self/fd/{proc}/self/{name}", "w") as file: file.write(line)
os.close(proc)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Everything read-only but the program's own folder, and the folders where services put their sockets out of sight. `/proc` too:
root of a namespace is root to the kernel's settings there."""

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
        self._hidden = _hidden([runner.command[0] for runner in self._runners.values()])
        self.is_shut = bool(self._alone) and self._can_be_shut()
        """Whether programs can write to no folder but their own."""

    @property
    def has_network(self) -> bool:
        """Whether programs can reach the network, since this system does not let us take it away."""
        return not self._alone

    def _before(self, folder: Path) -> Sequence[str]:
        """What stands before a command to shut it off."""
        if not self.is_shut:
            return self._alone
        return (*self._alone, "--mount", sys.executable, "-I", "-c", _SHUT, str(folder), ":".join(self._hidden))

    def _can_be_shut(self) -> bool:
        self.is_shut = True
        with Scratch("sandbox") as folder:
            return _works([*self._before(Path(folder)), sys.executable, "-I", "-c", "open('x', 'w')"])

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
            if ended.code != 0 or not any(is_right(ended.output, output) for output in outputs):
                return False
        return True

    def run(self, language: str, program: str, text: str, *, seconds: float = SECONDS) -> Ended:
        runner = self._runners[language]
        with Scratch("sandbox") as folder:
            file, output = Path(folder) / runner.file, Path(folder) / "output"
            file.write_text(program, encoding="utf-8")
            (Path(folder) / "input").write_text(text, encoding="utf-8")
            memory = MEGABYTES * 1024 * 1024 if runner.memory else 0
            limits = (str(max(1, round(seconds))), str(memory), str(OUTPUT_BYTES))
            command = [
                *self._before(Path(folder)),
                sys.executable,
                "-I",
                "-c",
                _LIMITED,
                *limits,
                *runner.command,
                str(file),
            ]
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
    return command if _works([*command, sys.executable, "-I", "-c", ""]) else ()


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _hidden(needed: Sequence[str]) -> Sequence[str]:
    """The folders in which services put their sockets, and the user's own, unless a language's program lies there."""
    wanted = (*_SERVICES, tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR", ""), str(Path.home()))
    used = [Path(place) for each in (*needed, sys.prefix, sys.base_prefix) for place in (each, os.path.realpath(each))]
    found: list[Path] = []
    for folder in sorted({Path(os.path.realpath(each)) for each in wanted if each}, key=lambda each: len(each.parts)):
        if folder.is_dir() and not any(use.is_relative_to(folder) for use in used):
            found += [] if any(folder.is_relative_to(each) for each in found) else [folder]
    return [str(folder) for folder in found]


def is_right(said: str, wanted: str) -> bool:
    """As SAFIM's own runner compares (ExecEval): word by word, `yes` however it is written, and numbers within 1e-12."""
    words, others = said.split(), wanted.split()
    return len(words) == len(others) and all(map(_is_same, words, others))


def _is_same(word: str, other: str) -> bool:
    if word == other:
        return True
    if word.lower() in VERDICTS:
        return word.lower() == other.lower()
    try:
        return abs(Decimal(word) - Decimal(other)) <= CLOSE
    except ArithmeticError:  # one is no number
        return False
