"""What is being worked on, read from git's own files: found without git, and whatever these files hold."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from context.git.changes import lately_changed
from context.grammars import language_of
from context.privacy import Gate
from context.walker import walk


def git(root: Path, *arguments: str) -> None:
    settings = ("user.name=Somebody", "user.email=somebody@example.com", "commit.gpgsign=false", "gc.auto=0")
    chosen = [word for setting in settings for word in ("-c", setting)]
    subprocess.run(["git", "-C", str(root), *chosen, *arguments], check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Thirty files in a first commit, one more in each of two later ones."""
    root = tmp_path / "work"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    for number in range(30):
        write(root, f"p{number % 3}/old{number}.py", number)
    commit(root, "first")
    write(root, "p1/second.py", 2)
    commit(root, "second")
    write(root, "third.py", 3)
    commit(root, "third")
    return root


def write(root: Path, name: str, value: int) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"value = {value}\n")


def commit(root: Path, message: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def check(root: Path) -> list[str]:
    found = lately_changed(root, [file for file in walk(root, Gate([root])) if language_of(file.path)])
    return [path.relative_to(root).as_posix() for path in found]


def test_files_of_the_newest_commits_come_newest_first(root: Path) -> None:
    assert check(root) == ["third.py", "p1/second.py"]


def test_what_is_changed_in_the_work_tree_comes_first(root: Path) -> None:
    write(root, "p0/old0.py", 1234)
    write(root, "fresh.py", 1)
    os.utime(root / "p0/old0.py", ns=(1, 2_000_000_000_000_000_000))
    assert check(root) == ["p0/old0.py", "fresh.py", "third.py", "p1/second.py"]


@pytest.mark.parametrize(
    "made",
    [
        ["gc", "--quiet", "--aggressive"],
        ["repack", "-adq", "--depth=50", "--window=50"],
        ["pack-refs", "--all"],
        ["update-index", "--index-version", "4"],
        ["update-index", "--split-index"],
        ["checkout", "--quiet", "--detach"],
        ["config", "core.fsmonitor", "touch ran-by-a-setting"],
        ["config", "filter.x.clean", "touch ran-by-a-setting"],
    ],
    ids=" ".join,
)
def test_however_git_keeps_it_the_same_is_found(root: Path, made: list[str]) -> None:
    git(root, *made)
    assert check(root)[-2:] == ["third.py", "p1/second.py"]
    assert not (root / "ran-by-a-setting").exists()


def test_a_second_work_tree_has_its_own_changes(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "--quiet", str(tmp_path / "other"), "-b", "other")
    write(tmp_path / "other", "there.py", 1)
    assert check(tmp_path / "other") == ["there.py", "third.py", "p1/second.py"]
    assert check(root) == ["third.py", "p1/second.py"]


def test_a_folder_inside_of_a_repository_shows_its_own_files(root: Path) -> None:
    assert check(root / "p1") == ["second.py"]


def test_a_commit_that_touches_everything_says_nothing(root: Path) -> None:
    for number in range(40):
        write(root, f"many/m{number}.py", number)
    commit(root, "formatted")
    assert check(root) == ["third.py", "p1/second.py"]


def test_a_folder_without_git_has_no_changes(tmp_path: Path) -> None:
    write(tmp_path, "a.py", 1)
    assert check(tmp_path) == []


@pytest.mark.parametrize("seed", range(40))
def test_a_repository_that_lies_ends_in_silence(root: Path, seed: int) -> None:
    """Bytes anywhere in git's files are flipped, cut off or repeated."""
    if seed % 2:
        git(root, "gc", "--quiet", "--aggressive")
    chance = random.Random(seed)
    files = [path for path in (root / ".git").rglob("*") if path.is_file() and path.suffix != ".sample"]
    for path in sorted(files):
        data = bytearray(path.read_bytes())
        path.chmod(0o600)
        for _ in range(chance.randint(0, 4)):
            at = chance.randrange(len(data) + 1)
            data[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 4))
        path.write_bytes(data)
    assert set(check(root)) <= {file.path.relative_to(root).as_posix() for file in walk(root, Gate([root]))}
