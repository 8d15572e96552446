"""Replay of commits: what is asked, that nothing of the future is seen, and that the measures are what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backends.workspace.index import Index
from backends.workspace.vocabulary import Vocabulary
from editors.headless.baselines import LongestCopy, WordCompletion
from editors.headless.cli import main
from editors.headless.history import Commit, History, NoHistory
from editors.headless.metrics import calibration_error, edit_similarity, exact, interval
from editors.headless.past import Past, added_lines, points
from editors.headless.replay import PointResult, TypingResult, replay
from tests.fake_clock import FakeClock
from tests.past_repository import FIRST, SECOND, repository_in


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return repository_in(tmp_path / "repository")


def newest(folder: Path) -> tuple[History, Commit]:
    history = History(folder)
    return history, next(iter(history.commits(5)))


def test_lines_of_code_are_asked_about_and_no_others(repository: Path) -> None:
    history, commit = newest(repository)
    assert [line.text.strip() for line in added_lines(history, commit)] == [
        "total = alpha + beta",
        "return total * canary",
        "return second_canary(gamma)",
        "third_canary = fourth_canary(1)",
    ]
    history.close()


def test_the_file_is_as_it_was_when_the_line_was_written(repository: Path) -> None:
    history, commit = newest(repository)
    total, returned, second, _ = added_lines(history, commit)
    before, after = returned.around()
    assert before.endswith("    total = alpha + beta\n    # a remark\n") and "return alpha + beta" not in after
    assert after.startswith("\n\n\ndef last(gamma):\n    return gamma\n")
    assert list(total.so_far()) == [FIRST.replace("    return alpha + beta\n", "")]
    assert "canary" in "".join(second.so_far()) and "second_canary" not in "".join(second.so_far())
    history.close()


class Spy:
    """Remembers all that it was shown."""

    knows_workspace = True

    def __init__(self) -> None:
        self.words: set[bytes] = set()
        self.texts: list[str] = []

    def enter(self, index: Index) -> None:
        self.words |= {index.words[rank] for rank in range(len(index.words))}

    def write(self, path: str, language: str, text: str) -> None:
        self.texts.append(text)

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        self.texts.append(before + after)
        return "", 0.0


async def test_nothing_of_the_future_is_seen(repository: Path) -> None:
    """Words that only the commit brings are planted in its files: none is in the tree, nor in a file before it is typed."""
    spy = Spy()
    results = [one async for one in replay(repository, spy, FakeClock(), lines=9, commits=1, seed=1, floor=0.5)]
    assert len([one for one in results if isinstance(one, TypingResult)]) == 4
    assert {b"value", b"gamma"} <= spy.words and not any(b"canary" in word for word in spy.words)
    untyped = [text for text in spy.texts if "total * canary" not in text]
    assert not any("second_canary(gamma)" in text or "fourth_canary(1)" in text for text in spy.texts)
    assert untyped


class Prophet(Spy):
    """Knows every line, and is wrong about names that begin with "t"."""

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        line = before.rpartition("\n")[2]
        for known in SECOND.splitlines():
            if line.strip() and known.startswith(line) and known != line:
                return ("wrong" if known[len(line)] == "t" else known[len(line) :]), 0.75
        return "", 0.0


async def test_an_offer_counts_when_it_is_what_was_written(repository: Path) -> None:
    results = [one async for one in replay(repository, Prophet(), FakeClock(), lines=9, commits=1, seed=1, floor=0.5)]
    typed = {one.length: one for one in results if isinstance(one, TypingResult)}
    one, other = typed[len("total = alpha + beta")], typed[len("return second_canary(gamma)")]
    assert (one.shown, one.accepted, one.completed) == (1, 1, len("otal = alpha + beta"))
    assert other.shown - other.accepted == 2
    assert any(isinstance(one, PointResult) and one.exact and one.similarity == 100.0 for one in results)


async def test_the_same_seed_gives_the_same_questions(repository: Path) -> None:
    async def once() -> list[object]:
        return [one async for one in replay(repository, Spy(), FakeClock(), lines=3, commits=1, seed=4, floor=0.5)]

    assert await once() == await once()


async def test_points_lie_where_their_kind_says(repository: Path) -> None:
    import random

    history, commit = newest(repository)
    line = next(iter(added_lines(history, commit)))
    for seed in range(20):
        start, mid, part = points(line, random.Random(seed))
        assert start.column == 4 and start.truth == "total = alpha + beta"
        assert line.text[mid.column - 1 : mid.column + 1].strip() or mid.column
        assert line.text[part.column - 1].isalpha() and line.text[part.column].isalpha()
    history.close()


def test_an_index_of_the_past_holds_the_past(repository: Path) -> None:
    history, commit = newest(repository)
    index = Past(history).index(commit.parent)
    vocabulary = Vocabulary(index.words)
    assert index.paths == ["a.py", "gone.py", "old/b.py"]
    assert vocabulary.stored_range("canary")[0] == vocabulary.stored_range("canary")[1]
    history.close()


def test_a_folder_without_history_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NoHistory):
        History(tmp_path)


def test_the_command_prints_one_object_a_line(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "replay", str(repository), "--backend", "word", "--json", "--commits", "1"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row.get("mode") for row in rows[:-1]} == {"point", "typing"}
    assert rows[-1]["summary"]["lines"] == 4 and rows[-1]["settings"]["backend"] == "word"
    assert "canary" not in json.dumps(rows)


@pytest.mark.parametrize(
    ("shown", "truth", "expected"),
    [("", "", 100.0), ("abc", "abc", 100.0), ("abc", "xyz", 0.0), ("abcd", "abxd", 75.0)],
)
def test_edit_similarity(shown: str, truth: str, expected: float) -> None:
    assert edit_similarity(shown, truth) == expected


def test_exact_ignores_white_space_at_the_end_only() -> None:
    assert exact("a b", "a b ") and not exact("ab", "a b")


def test_an_interval_draws_whole_commits() -> None:
    value, low, high = interval({"a": [(1, 1)] * 10, "b": [(0, 1)] * 10})
    assert (value, low, high) == (0.5, 0.0, 1.0)


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    assert calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)]) == 0.0
    assert calibration_error([(1.0, False)]) == 1.0


async def test_the_baselines_do_what_they_say() -> None:
    before = "value = compute(first)\nvalue = "
    assert await LongestCopy().answer("a.py", "python", before, "\n", 0.0) == ("compute(first)", 2 / 12)
    assert (await WordCompletion().answer("a.py", "python", "compute_all\ncom", "", 0.0))[0] == "pute_all"
    assert (await WordCompletion().answer("a.py", "python", "compute_all\nco", "", 0.0))[0] == ""
