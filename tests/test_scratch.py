"""Folders of commands that were killed are cleared away, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from editors.headless import scratch
from editors.headless.scratch import PREFIX, YOUNG, Scratch, tidy

ROOT = Path(__file__).resolve().parent.parent
KILLED = """
from editors.headless.scratch import Scratch
folder = Scratch("killed")
print(folder.name, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, where all folders are old enough to be looked at."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(scratch, "YOUNG", -1.0)
    return tmp_path / "tmp"


def test_a_folder_goes_when_its_process_was_killed_and_not_before(temporary: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    (left / "within").mkdir()
    tidy()
    assert left.is_dir()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    tidy()
    assert not left.exists()


def test_a_folder_in_use_and_a_new_one_stay(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Scratch("used") as used:
        tidy()
        assert Path(used).is_dir()
    assert not Path(used).exists()
    monkeypatch.setattr(scratch, "YOUNG", YOUNG)
    (temporary / f"{PREFIX}new").mkdir()
    tidy()
    assert (temporary / f"{PREFIX}new").is_dir()


def test_links_files_and_folders_of_others_stay(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (temporary / f"{PREFIX}link").symlink_to(kept)
    (temporary / f"{PREFIX}file").touch()
    (temporary / "other").mkdir()
    (temporary / f"{PREFIX}left").mkdir()
    (temporary / f"{PREFIX}left" / "inner").symlink_to(kept)
    tidy()
    assert (kept / "file").exists()
    assert {path.name for path in temporary.iterdir()} == {f"{PREFIX}link", f"{PREFIX}file", "other"}
    (temporary / f"{PREFIX}foreign").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    tidy()
    assert (temporary / f"{PREFIX}foreign").is_dir()
