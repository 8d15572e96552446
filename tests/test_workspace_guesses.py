"""Guesses: what is never said, which of several is chosen, and the tables that judge them."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backends.workspace import features, offers, pool, whole_lines
from backends.workspace.choose import Judges, by_hand, unasked, whole_guesses
from backends.workspace.library import Library, Place
from backends.workspace.offers import Cursor
from backends.workspace.sureness import Sureness, load_sureness
from backends.workspace.trees import Trees, load_trees
from backends.workspace.whole_lines import load_line_judge
from context.privacy import Gate
from tests.fake_clock import FakeClock
from tests.marks import cursor_in
from tools.workspace_past import ABOUT, HALVES

TABLES = Path(offers.__file__).parent
ROOT = Path(__file__).parents[1]


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


async def test_a_line_that_opens_a_block_is_not_over_before_its_colon() -> None:
    found = await texts("\nif ready:\n    go()\nx = ready\nif steady:\n    go()\nx = steady\nif ‸\n")
    assert found and all(text.endswith(":") for text in found)


async def test_no_bracket_is_closed_that_was_not_opened() -> None:
    found = await texts("\nf(a, [1])\nf(b, [1])\nf(c, [‸\n")
    assert found
    for text in found:
        depth = 2
        for char in text:
            depth += (char in "([") - (char in ")]")
            assert depth >= 0


@pytest.mark.parametrize(
    ("buffer", "language", "expected"),
    [
        ("\nself.width = width\nself.height = height\nself.depth = depth\nself.weight = ‸\n", "python", "weight"),
        ("\nlet a = make(one);\nlet b = make(one);\nlet c = ‸\n", "rust", "make(one);"),
        ("\nif err != nil {\n\treturn err\n}\nx()\nif err ‸\n", "go", "!= nil {"),
        ("\nint a = size(b);\nint c = size(b);\nint e = si‸\n", "c", "ze(b);"),
        ("\nfoo.bar({ a: 1 })\nfoo.bar({ a: 2 })\nfoo.‸\n", "typescript", "bar({ a: 2 })"),
    ],
)
async def test_what_a_reader_would_expect_comes_first(buffer: str, language: str, expected: str) -> None:
    guess = await by_hand(at(buffer, language), Judges(load_trees("offers.npz")), FakeClock())
    assert guess is not None and guess.text == expected


@pytest.mark.parametrize("after", ["", "\nlast()\n", "\n    deeper()\n", "\n\n\nlast()\n"])
def test_what_stands_before_a_line_does_not_hang_on_what_follows_it(after: str) -> None:
    """The line end before the cursor was there twice as soon as anything followed, so that no line was known again."""
    alone = at("first()\nsecond()\n‸")
    followed = at(f"first()\nsecond()\n‸{after}")
    assert followed.start.context == alone.start.context
    assert followed.model.usage.above == alone.model.usage.above != ()


async def test_the_first_word_of_a_file_may_be_followed_in_more_places_than_are_looked_at() -> None:
    assert (await texts("total ‸\n" + "total = 1\n" * 700))[0] == "= 1"


async def test_words_of_other_open_files_are_offered() -> None:
    others = {"other": "client.fetch_everything(now)\n" * 2}
    assert (await texts("\nclient.fe‸\n", others=others))[0] == "tch_everything(now)"


async def test_the_likeliest_come_first() -> None:
    found = await whole_guesses(at("\nsend(one)\nsend(two)\nsend(three)\nsend(‸\n"), FakeClock())
    assert len(found) > 1 and all(left.chance >= right.chance for left, right in pairwise(found))


async def test_unasked_it_says_no_more_than_it_is_sure_of() -> None:
    cursor = at("\nself.width = width\nself.height = height\nself.depth = de‸\n")
    clock = FakeClock()
    surely, hardly = await unasked(cursor, 0.95, Judges(), clock), await unasked(cursor, 0.05, Judges(), clock)
    assert surely is None or surely.chance >= 0.95
    assert hardly is not None and hardly.chance >= 0.05


def test_what_is_said_to_be_sure_can_be_asked_for() -> None:
    sureness = Sureness(1.1, 0.3)
    for sure in (0.05, 0.5, 0.72, 0.99):
        assert sureness.of(sureness.chance_of(sure)) == pytest.approx(sure)
    assert sureness.of(0.5) > 0.5


def test_trees_without_rows_have_no_answers() -> None:
    assert load_trees("judge.npz").chance(np.empty((0, len(features.NAMES)), np.float32)).shape == (0,)


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
    lines = load_line_judge()
    assert lines.trees.names == whole_lines.NAMES
    assert len(lines.rough) == len(pool.ROUGH)
    assert len(load_sureness()) == 3


@pytest.mark.parametrize("name", ["judge", "lines", "offers"])
def test_the_tables_come_from_the_commits_that_the_script_names(name: str) -> None:
    about = json.loads(str(np.load(TABLES / f"{name}.npz")["about"]))
    assert about == ABOUT, "run tools/train_workspace.py"


def test_no_table_has_seen_what_is_reported_on() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    _, _, rest = page.partition("### Commits replayed from")
    reported = set(re.findall(r"^- (\S+/\S+) [0-9a-f]{12}$", rest.partition("\n#")[0], re.M))
    assert len(reported) >= 10
    assert not reported & {name for names in HALVES.values() for name in names}


def test_the_tables_are_small() -> None:
    assert sum(path.stat().st_size for path in TABLES.glob("*.npz")) < 1_000_000
