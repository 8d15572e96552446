"""Guesses: what is never said, which of several is chosen, and the tables that judge them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backends.workspace import features, offers
from backends.workspace.choose import by_hand, unasked, whole_guesses
from backends.workspace.library import Library, Place
from backends.workspace.offers import Cursor
from backends.workspace.trees import Trees, load_trees
from context.privacy import Gate
from tests.fake_clock import FakeClock
from tests.marks import cursor_in


def at(marked: str, language: str = "python", others: dict[str, str] | None = None) -> Cursor:
    library = Library(Gate(), load_trees("judge.npz"))
    for path, text in (others or {}).items():
        library.observe(path, language, text)
    cursor = cursor_in(marked, language=language)
    found = library.at(Place("sample", language, cursor.prefix, cursor.suffix))
    assert found is not None
    return found


async def texts(marked: str, language: str = "python", others: dict[str, str] | None = None) -> list[str]:
    return [guess.text for guess in await whole_guesses(at(marked, language, others), FakeClock())]


SHAPES = """
class Frame:
    def first(self, width, height, depth):
        return width

    def second(self, width):
        return self.first(width, 1, 2)

    def third(self, wi‸
"""


async def test_a_line_that_opens_a_block_is_not_over_before_its_colon() -> None:
    found = await texts("\nif ready:\n    go()\nx = ready\nif steady:\n    go()\nx = steady\nif ‸\n")
    assert found and all(text.endswith(":") for text in found)


async def test_no_bracket_is_closed_that_was_not_opened() -> None:
    for text in await texts("\nf(a, [1])\nf(b, [1])\nf(c, [‸\n"):
        depth = 2
        for char in text:
            depth += (char in "([") - (char in ")]")
            assert depth >= 0


@pytest.mark.parametrize(
    ("buffer", "language", "expected"),
    [
        ("\nself.width = width\nself.height = height\nself.depth = ‸\n", "python", "depth"),
        ("\nlet a = make(one);\nlet b = make(one);\nlet c = ‸\n", "rust", "make(one);"),
        ("\nif err != nil {\n\treturn err\n}\nx()\nif err ‸\n", "go", "!= nil {"),
        ("\nint a = size(b);\nint c = size(b);\nint e = si‸\n", "c", "ze(b);"),
        ("\nfoo.bar({ a: 1 })\nfoo.bar({ a: 2 })\nfoo.‸\n", "typescript", "bar({ a: 2 })"),
    ],
)
async def test_what_a_reader_would_expect_comes_first(buffer: str, language: str, expected: str) -> None:
    guess = await by_hand(at(buffer, language), load_trees("offers.npz"), FakeClock())
    assert guess is not None and guess.text == expected


async def test_words_of_other_open_files_are_offered() -> None:
    others = {"other": "client.fetch_everything(now)\n" * 2}
    assert (await texts("\nclient.fe‸\n", others=others))[0] == "tch_everything(now)"


async def test_the_likeliest_come_first() -> None:
    found = await whole_guesses(at(SHAPES), FakeClock())
    assert all(left.chance >= right.chance for left, right in pairwise(found))


async def test_unasked_it_says_no_more_than_it_is_sure_of() -> None:
    cursor = at("\nself.width = width\nself.height = height\nself.depth = de‸\n")
    clock = FakeClock()
    surely, hardly = await unasked(cursor, 0.95, clock), await unasked(cursor, 0.05, clock)
    assert surely is None or surely.chance >= 0.95
    assert hardly is not None and hardly.chance >= 0.05


def test_trees_count_their_questions_as_bits() -> None:
    trees = Trees(
        np.array([[0, 1]], np.int32),
        np.array([[0.5, 0.5]], np.float32),
        np.array([[0.0, 1.0, 2.0, 3.0]], np.float32),
        0.5,
        ("a", "b"),
    )
    score = np.log(1 / (1 / trees.chance(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)) - 1))
    assert np.allclose(score, [0.5, 1.5, 2.5, 3.5])


def test_the_tables_fit_the_code_that_reads_them() -> None:
    assert load_trees("judge.npz").names == features.NAMES
    assert load_trees("offers.npz").names == offers.NAMES


def test_the_tables_are_small() -> None:
    folder = Path(offers.__file__).parent
    assert sum(path.stat().st_size for path in folder.glob("*.npz")) < 1_000_000
