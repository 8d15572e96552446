"""Which paths the ignore files of a folder tree leave out.

Every folder may hold `.gitignore` (for cross-file context) and the files in which people already say what no assistant may
see. A rule file that exists and cannot be read refuses its whole folder: failing open would send what its author hid.
Reading is bounded, never follows a pipe or a device, and is kept until the folder or the file changes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from context.git.folder import git_folder
from context.ignore_patterns import folded, spec

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

AI_IGNORE_FILES = (
    ".aiignore",
    ".aiexclude",
    ".cursorignore",
    ".codyignore",
    ".continueignore",
    ".copilotignore",
    ".infillignore",
)
"""Files in gitignore syntax that say what no assistant may see. Each decides alone: none can take back what another says."""

NO_AI = ".noai"
"""An empty marker: its folder, and all below, is closed to assistants (the convention of JetBrains' editors)."""

RULE_FILES = (".gitignore", *AI_IGNORE_FILES, NO_AI)

EMPTY_MEANS_ALL = frozenset({".aiexclude"})
"""Files of which an empty one closes its folder (as Android Studio documents for `.aiexclude`)."""

LARGEST = 1_000_000
_EXCLUDE = "info/exclude"


class Unreadable(Exception):
    """A rule file exists and its rules cannot be known."""


@dataclass(frozen=True, slots=True)
class FolderRules:
    """The rules that one folder states for itself and everything below.

    `ai` are pairs of file name and rules; `git` the rules of its `.gitignore` (and of `.git/info/exclude` beside it);
    `broken` and `broken_git` name a rule file that cannot be read; `closed_by` the file that closes the whole folder.
    """

    stamp: tuple[object, ...]
    ai: tuple[tuple[str, GitIgnoreSpec], ...] = ()
    git: tuple[GitIgnoreSpec, ...] = ()
    broken: str = ""
    broken_git: str = ""
    closed_by: str = ""


@dataclass(slots=True)
class IgnoreFiles:
    """Reads and keeps the rules of folders, and answers for a path by all folders above it."""

    _known: dict[str, FolderRules] = field(default_factory=dict)

    def refusal(self, path: Path, *, git: bool, root: Path | None = None) -> str | None:
        """The rule that leaves out the absolute `path`, in words, or None. `git` also applies `.gitignore`: from the work tree of
        the workspace's folder `root` downwards, since a repository inside of an ignored folder is ignored too."""
        above = _above(path)
        top = _work_tree((*_above(root), str(root)) if root else above) if git else None
        git_rules: list[tuple[str, FolderRules]] = []
        for folder in above:
            rules = self.rules(folder)
            if rules.broken or rules.closed_by or rules.ai:
                reason = _closed(folder, path, rules)
                if reason:
                    return reason
            if top is not None and len(folder) >= len(top):
                if rules.broken_git:
                    return f"{rules.broken_git} in {folder} cannot be read"
                if rules.git:
                    git_rules.append((folder, rules))
        return ".gitignore" if git_rules and _git_ignores(git_rules, path) else None

    def rules(self, folder: str) -> FolderRules:
        """The folder's own rules; read again when the folder or one of its rule files has changed."""
        known = self._known.get(folder)
        if known is not None and known.stamp == _stamp(folder, known):
            return known
        self._known[folder] = fresh = _read_rules(folder)
        return fresh


def _closed(folder: str, path: Path, rules: FolderRules) -> str | None:
    if rules.broken:
        return f"{rules.broken} in {folder} cannot be read, so nothing below it is shown"
    if rules.closed_by:
        return f"{rules.closed_by} closes {folder}"
    relative = folded(os.path.relpath(path, folder).replace(os.sep, "/"))
    for name, own in rules.ai:
        if _decides(own, relative):
            return f"{name} in {folder}"
    return None


def _decides(rules: GitIgnoreSpec, relative: str) -> bool:
    """Whether the path or a folder above it is matched: what lies in a folder that is left out cannot be let in again."""
    parts = relative.split("/")
    for count in range(1, len(parts)):
        if rules.match_file("/".join(parts[:count]) + "/"):
            return True
    return rules.match_file(relative)


def _git_ignores(rules: list[tuple[str, FolderRules]], path: Path) -> bool:
    """Git's own reading: from the top down, in each folder the last rule of the deepest file decides."""
    steps = [*reversed(path.parents), path]
    first = len(Path(rules[0][0]).parts)
    for step in steps[first:]:
        verdict = False
        for folder, folder_rules in rules:
            if len(folder) < len(str(step)):
                relative = os.path.relpath(step, folder).replace(os.sep, "/") + ("/" if step is not path else "")
                for own in folder_rules.git:
                    said = own.check_file(relative).include
                    verdict = verdict if said is None else said
        if verdict:
            return True
    return False


@lru_cache(maxsize=4_000)
def _above(path: Path) -> tuple[str, ...]:
    """The folders that hold a path, the topmost first."""
    return tuple(str(folder) for folder in reversed(path.parents))


def _work_tree(above: Sequence[str]) -> str | None:
    """The folder with `.git`, nearest above; the top of all where there is none, since a `.gitignore` may still lie about."""
    for folder in reversed(above):
        if os.path.lexists(os.path.join(folder, ".git")):  # noqa: PTH118 - a plain string is enough on this hot path
            return folder
    return above[0] if above else None


def _stamp(folder: str, known: FolderRules | None = None) -> tuple[object, ...]:
    """Changes when a file comes to or leaves the folder, or when one of its rule files is rewritten."""
    names = known.stamp[1] if known is not None else _rule_files(folder)
    return (_marks(folder), names, *(_marks(_at(folder, name)) for name in names))  # type: ignore[attr-defined]


def _marks(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size if not stat.S_ISDIR(status.st_mode) else 0, status.st_ino


def _rule_files(folder: str) -> tuple[str, ...]:
    try:
        names = {name.lower(): name for name in os.listdir(folder)}  # noqa: PTH208 - as above
    except (FileNotFoundError, NotADirectoryError):
        names = {}
    except OSError:  # A folder may be open to whoever knows a name, and closed to who wants to list it.
        names = {name: name for name in (*RULE_FILES, ".git") if os.path.lexists(_at(folder, name))}
    found = tuple(names[name] for name in RULE_FILES if name in names)
    return (*found, _exclude_file(folder)) if ".git" in names else found


def _exclude_file(folder: str) -> str:
    """Where git keeps the rules that are nobody's file: for a work tree beside the first one, in the first one's git folder."""
    if not os.path.isfile(_at(folder, ".git")):  # noqa: PTH113 - as above
        return f".git/{_EXCLUDE}"
    git = git_folder(Path(folder))
    return str(git.shared / _EXCLUDE) if git is not None and str(git.work_tree) == folder else f".git/{_EXCLUDE}"


def _at(folder: str, name: str) -> str:
    return os.path.join(folder, name)  # noqa: PTH118 - as above


def _read_rules(folder: str) -> FolderRules:
    stamp = _stamp(folder)
    ai: list[tuple[str, GitIgnoreSpec]] = []
    git: list[GitIgnoreSpec] = []
    broken = broken_git = closed_by = ""
    for name in _rule_files(folder):
        kind = name.lower()
        if kind == NO_AI:
            closed_by = name
            continue
        is_git = kind == ".gitignore" or kind.endswith(_EXCLUDE)
        try:
            lines = _lines(_at(folder, name))
        except (FileNotFoundError, NotADirectoryError):
            if not is_git:
                broken = name
            continue
        except (OSError, Unreadable):
            if is_git:
                broken_git = name
            else:
                broken = name
            continue
        if kind in EMPTY_MEANS_ALL and not any(line.strip() for line in lines):
            closed_by = name
            continue
        try:
            if is_git:
                git.append(spec(lines))
            else:
                ai.append((name, spec(map(folded, lines))))
        except ValueError:
            broken, broken_git = ("", name) if is_git else (name, broken_git)
    git.reverse()  # .git/info/exclude is the weaker of the two, so .gitignore must speak last.
    return FolderRules(stamp, tuple(ai), tuple(git), broken, broken_git, closed_by)


def _lines(path: str) -> list[str]:
    """The file's lines; raises OSError or `Unreadable` for what is not a small regular UTF-8 file."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST or b"\0" in data:
        raise Unreadable
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Unreadable from error
