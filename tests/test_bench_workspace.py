"""`infill bench workspace` measures what it says, in a folder small enough for a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from editors.headless.cli import main
from editors.headless.exits import Exit
from editors.headless.workspace_bench.million import put_together
from editors.headless.workspace_bench.places import KINDS

BODY = "\n".join(f"def area_{n}(width, height):\n    return width * height + {n}\n" for n in range(15))


def folder(root: Path, files: int) -> Path:
    for number in range(files):
        (root / f"shape_{number}.py").write_text(BODY)
    return root


def test_every_measure_is_there_and_a_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(folder(tmp_path, 3)), "--files", "2", "--repeat", "2", "--json"]
    assert main(["bench", "workspace", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["index"]["files"] == 3 and found["index"]["lines"] == 3 * BODY.count("\n")
    assert found["index"]["bytes"] > 0 and found["files"] == 2
    times = found["times"]
    assert times["first question in a file"]["number"] == 2
    for what in ("by hand", "unasked"):
        assert times[f"{what}, all"]["number"] == 6
        assert all(times[f"{what}, {kind}"]["number"] == 2 for kind in KINDS)
    assert all(0 <= one["p50"] <= one["p99"] <= one["p99_of_every"] + 1e-9 for one in times.values())


def test_without_code_it_says_so(tmp_path: Path) -> None:
    assert main(["bench", "workspace", str(tmp_path)]) == Exit.NOTHING


def test_enough_lines_are_put_together_and_no_more_than_needed(tmp_path: Path) -> None:
    put_together(tmp_path, 2_000)
    counts = [path.read_bytes().count(b"\n") for path in tmp_path.rglob("*.py")]
    assert 2_000 <= sum(counts) < 2_000 + max(counts)
