"""`infill bench context` on a small repository made here: the future is hidden, and what is needed is what is not visible."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from editors.headless.bench_context import table, typing_table
from editors.headless.context import METHODS, run, summary
from editors.headless.history import History
from editors.headless.holes import KINDS, holes
from editors.headless.typed import GOAL, sessions
from editors.headless.typed import summary as summary_of_typing

FILLER = "".join(f"def filler_{number}(a):\n    return a + {number}\n\n\n" for number in range(150))
TOOLS = "".join(
    f"def {verb}_boat(boat, scale):\n    return boat.length * scale\n\n\n" for verb in ("measure", "paint", "sell")
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits; the last adds lines that need a name of another file, and one (`mast`) that exists nowhere yet."""
    folder = tmp_path / "repository"
    folder.mkdir()

    def commit(**files: str) -> None:
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
        for command in (("add", "-A"), (*identity, "commit", "-q", "-m", "x")):
            subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True)

    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    commit(main=FILLER, tools="x = 1\n")
    commit(tools=TOOLS)
    added = "".join(f"{verb}_boat(boat, scale=2, mast=None)\n" for verb in ("measure", "paint", "sell", "measure"))
    commit(main=FILLER + added)
    return folder


def test_holes_hide_the_future_and_need_what_is_not_visible(repository: Path) -> None:
    history = History(repository)
    drawn = holes(history, count=8, seed=2, commits=10)
    history.close()
    assert {hole.kind for hole in drawn} == set(KINDS)
    for hole in drawn:
        assert not hole.text.startswith(hole.truth, hole.offset) and hole.needed <= hole.names
        assert not hole.names & {"def", "None", "return"}


def test_every_method_is_measured_and_ours_finds_the_name_in_the_other_file(repository: Path) -> None:
    results = list(run(repository, count=8, seed=2, commits=10, tokens=1500, start="HEAD", methods=tuple(METHODS)))
    assert {result.method for result in results} == set(METHODS)
    assert all(result.tokens <= 1500 for result in results)
    found = {result.method: 0 for result in results}
    for result in results:
        found[result.method] += result.found
        assert result.found <= len(result.hole.needed - {"mast"})
    assert found["nothing"] == 0 and found["infill"] >= 1
    rows = summary(results)
    assert len(rows) == len(METHODS) * len(KINDS) and "infill" in table(rows)


def test_typing_measures_every_key_and_the_prompt_stays_while_a_line_is_typed(repository: Path) -> None:
    keys = list(sessions(repository, files=3, seed=2, commits=10, tokens=2000, start="HEAD", template="codestral"))
    assert {key.path for key in keys} <= {"main.py", "tools.py"} and any(key.enter for key in keys)
    assert all(key.kept > GOAL for key in keys if not key.enter)
    (*files, together) = summary_of_typing(keys)
    assert together["file"] == "all" and together["keys"] == len(keys) == sum(int(str(row["keys"])) for row in files)
    assert len(typing_table([*files, together]).splitlines()) == len(files) + 2 and "all" in typing_table([together])
