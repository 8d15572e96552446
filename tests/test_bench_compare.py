"""Comparison of runs: paired, and a verdict only where the difference is real."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from editors.headless.cli import main
from editors.headless.comparing import table
from editors.headless.runs.journal import Journal
from editors.headless.runs.paired import UNSURE, NothingShared, differences
from editors.headless.runs.rows import Row
from tests import shell
from tests.past_repository import repository_in
from tests.shell import new_user


def run(share: float, *, seed: int = 1, groups: int = 100, wrong: float = 0.5) -> list[Row]:
    """Four questions a group, answered right with this chance; easy and hard ones are the same in every run."""
    hard, chance = random.Random(0), random.Random(seed)
    found = []
    for number in range(4 * groups):
        difficulty = hard.random()
        right = float(difficulty < share if chance.random() < 0.9 else chance.random() < share)
        measures = {
            "EM": (right, 1.0),
            "wrong per line": (float(chance.random() < wrong), 1.0),
            "coverage": (right, 1.0),
        }
        found.append(Row(str(number), str(number // 4), {}, measures))
    return found


def verdicts(first: list[Row], other: list[Row]) -> dict[str, str]:
    return {one.measure: one.verdict for one in differences(("a", first), ("b", other))}


def test_a_real_difference_gets_a_verdict() -> None:
    assert verdicts(run(0.3), run(0.45, seed=2, wrong=0.2)) == {
        "EM": "better",
        "wrong per line": "better",
        "coverage": "more",
    }
    assert verdicts(run(0.45), run(0.3, seed=2, wrong=0.5))["EM"] == "worse"


def test_the_same_skill_gets_none() -> None:
    """Pairs of runs that differ by chance alone: with three measures each, a wrong verdict is rarer than one in twenty."""
    given = sum(
        any(
            not verdict.startswith(UNSURE)
            for verdict in verdicts(run(0.4, seed=seed, groups=40), run(0.4, seed=1000 + seed, groups=40)).values()
        )
        for seed in range(15)
    )
    assert given <= 2


def test_few_commits_are_no_ground_for_a_verdict() -> None:
    assert set(verdicts(run(0.0, groups=5, wrong=1.0), run(1.0, groups=5, wrong=0.0)).values()) == {
        f"{UNSURE}: too few"
    }


def test_pairing_sees_what_two_separate_intervals_would_not() -> None:
    (one, *_) = differences(("a", run(0.40, groups=60)), ("b", run(0.46, seed=2, groups=60)))
    assert one.high - one.low < 0.12


def test_only_questions_that_both_answered_count() -> None:
    first, other = run(0.4), run(0.4, seed=2)
    other[:200] = [Row(row.id, row.group, failed="gone") for row in other[:200]]
    assert {one.rows for one in differences(("a", first), ("b", other))} == {200}
    with pytest.raises(NothingShared):
        differences(("a", first[:10]), ("b", other[300:]))


def written(path: Path, rows: list[Row], backend: str, bench: str = "replay") -> Path:
    with Journal(path, {"backend": backend}, {"bench": bench, "command": []}) as journal:
        for row in rows:
            journal.add(row.id, [row])
        journal.finish({})
    return path


def test_what_matters_and_what_differs_is_shown_with_what_it_means() -> None:
    found = differences(("word", run(0.3)), ("model", run(0.5, seed=2)))
    real = [one.measure for one in found if one.is_real]
    told = table(found, ("wrong per line",))
    rows = [line.split("  ")[0] for line in told.split("\n\n")[0].splitlines()[2:]]
    assert real and rows == list(dict.fromkeys(["wrong per line", *real]))
    assert "wrong per line: Suggestions shown, per line written" in told and f"the {len(found)} measures" in told


def test_the_command_compares_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = written(tmp_path / "a", run(0.3), "word"), written(tmp_path / "b", run(0.5, seed=2), "model")
    assert main(["bench", "compare", str(one), str(other)]) == 0
    told = capsys.readouterr().out
    assert "model, less word" in told and "better" in told
    assert main(["bench", "compare", str(one), str(other), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["differences"][0]["verdict"] == "better" and len(said["runs"]) == 2


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (("a",), "Two runs at least"),
        (("a", "c"), "different benches"),
        (("a", "missing"), "cannot be read"),
        (("a", "backend=word"), "--replay REPO or --fim FILE"),
        (("--replay=.", "a", "backend=word"), "The baseline word runs without a server and by itself"),
        (("--replay=.", "backend=workspace", "backend=wrkspace"), "did you mean workspace"),
        (("--replay=.", "backend=workspace", "eagernes=high"), "did you mean `eagerness`"),
    ],
)
def test_what_cannot_be_compared_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], runs: tuple[str, ...], words: str
) -> None:
    written(tmp_path / "a", run(0.3), "word")
    written(tmp_path / "c", run(0.3), "word", "fim")
    code, _, err = shell.run(capsys, "bench", "compare", *(one if "=" in one else str(tmp_path / one) for one in runs))
    assert code == 2 and words in err


def test_settings_are_run_on_the_same_questions_and_not_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_user(tmp_path, monkeypatch)
    repository = repository_in(tmp_path / "repository")
    words = ["bench", "compare", "--replay", str(repository), "--commits", "1", "--mode", "point", "--json"]
    words += ["backend=workspace", "backend=workspace,eagerness=high"]
    assert main(words) == 0
    first = capsys.readouterr()
    monkeypatch.setattr("editors.headless.replaying.ask", lambda *_, **__: pytest.fail("asked again"))
    assert main(words) == 0
    second = capsys.readouterr()
    assert first.out == second.out and "kept in" in first.err and "kept in" not in second.err
    said = json.loads(first.out)
    assert [run["plan"]["settings"] for run in said["runs"]] == [{}, {"eagerness": "high"}]
    assert {one["verdict"] for one in said["differences"]} == {f"{UNSURE}: too few"}
