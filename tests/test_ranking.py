"""The text index's ranking: word by word it gives what SQLite gives for the whole question, and what was written since counts."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from context.index import Index
from context.privacy import Gate
from context.ranking import Ranking

TEXTS = {
    "boats.py": "def load_boat(path):\n    return Boat(path, sail)\n",
    "harbour.py": "class Harbour:\n    def moor(self, boat, rope):\n        rope.tie(boat)\n        rope.pull(boat)\n",
    "sail.py": "def hoist(sail):\n    sail.up()\n",
    "crew.py": "def sing(song):\n    song.loud()\n",
}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    root = tmp_path / "w"
    made = Index(tmp_path / "store", [root], Gate([root]))
    for name, text in TEXTS.items():
        made.put(root / name, text)
    return made


def found(index: Index, *words: str) -> list[str]:
    return [stretch.path.name for stretch in index.similar(words)]


def test_the_sum_over_words_is_what_sqlite_gives_for_all_of_them(index: Index) -> None:
    words = ["boat", "rope", "rope", "sail"]
    rows = sqlite3.connect(index.file).execute(
        "SELECT f.path, -bm25(words) FROM words JOIN chunks AS c ON c.id = words.rowid JOIN files AS f ON f.id = c.file"
        " WHERE words MATCH ? ORDER BY 2 DESC",
        (" OR ".join(f'"{word}"' for word in words),),
    )
    expected = {path: pytest.approx(score) for path, score in rows}
    for _ in range(2):
        got = index.similar(words)
        assert {str(stretch.path): stretch.score for stretch in got} == expected
        assert [stretch.score for stretch in got] == sorted((stretch.score for stretch in got), reverse=True)


def test_a_word_asked_for_again_finds_what_was_written_since(index: Index, tmp_path: Path) -> None:
    assert found(index, "rope") == ["harbour.py"]
    index.put(tmp_path / "w" / "knots.py", "def knot(rope):\n    rope.bend(rope)\n")
    assert set(found(index, "rope")) == {"harbour.py", "knots.py"}
    index.forget(tmp_path / "w" / "harbour.py")
    assert found(index, "rope") == ["knots.py"]


def test_what_another_process_wrote_is_found(index: Index, tmp_path: Path) -> None:
    assert found(index, "rope") == ["harbour.py"]
    other = Index(tmp_path / "store", [tmp_path / "w"], Gate([tmp_path / "w"]))
    other.put(tmp_path / "w" / "knots.py", "def knot(rope):\n    rope.bend(rope)\n")
    assert set(found(index, "rope")) == {"harbour.py", "knots.py"}
    other.close()


def test_a_word_that_was_not_answered_in_time_is_asked_for_again() -> None:
    in_time = False
    ranking = Ranking(lambda sql, word: [(1, 0.5)] if in_time else None)
    assert ranking.best({"rope": 1}, 5) == []
    in_time = True
    assert ranking.best({"rope": 2}, 5) == [(1, 1.0)]


def test_nothing_asked_is_nothing_found(index: Index) -> None:
    assert found(index) == [] and found(index, "unheard") == []
