"""The command as a process whose streams are closed, full or gone: a sentence at most, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.raw_client import ROOT

COMMAND = [sys.executable, "-P", "-m", "editors.headless"]


def check(redirected: str, folder: Path, *arguments: str, codes: tuple[int, ...] = (0, 1)) -> str:
    """Runs the command by a shell in `folder`; what it wrote to standard error."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$@" {redirected}', "sh", *COMMAND, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in codes, done.stderr
    for sign in ("Traceback", "bug in Infill", "Exception ignored"):
        assert sign not in done.stderr
    return done.stderr


@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_reason_to_fail(redirected: str, tmp_path: Path) -> None:
    check(redirected, tmp_path, "config", codes=(0,))


def test_a_full_disk_behind_the_output_is_said(tmp_path: Path) -> None:
    if Path("/dev/full").exists():  # Linux has it
        assert "No space left" in check(">/dev/full", tmp_path, "config")
        assert "No space left" in check(">/dev/full", tmp_path, "--version")
        check(">/dev/full", tmp_path, "--help")


def test_an_interrupt_while_the_words_are_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import argparse\n"
        "def interrupted(*_, **__): raise KeyboardInterrupt\n"
        "argparse.ArgumentParser.add_subparsers = interrupted\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "editors.headless", "config"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr.strip()) == (1, "infill: Interrupted.")


def test_no_key_on_a_closed_standard_input_is_no_bug(tmp_path: Path) -> None:
    assert "not touched" in check("<&-", tmp_path, "key", "set")
