"""Lines that repeat those nearby with other names: which names these are, and that they are offered."""

from __future__ import annotations

import pytest

from backends.workspace.choose import Judges, by_hand, unasked
from backends.workspace.decode import state_at
from backends.workspace.evidence import Scope
from backends.workspace.library import Library, Place
from backends.workspace.offers import Cursor
from backends.workspace.trees import load_trees
from backends.workspace.whole_lines import compared, load_line_judge
from context.privacy import Gate
from tests.fake_clock import FakeClock
from tests.marks import cursor_in

JUDGES = Judges(load_trees("offers.npz"), load_line_judge())


def at(marked: str, language: str = "python") -> Cursor:
    cursor = cursor_in(marked, language=language)
    found = Library(Gate(), load_trees("judge.npz")).at(Place("sample", language, cursor.prefix, cursor.suffix))
    assert found is not None
    return found


def foretold(marked: str, scope: Scope, language: str = "python") -> set[str]:
    """The tokens that one scope of evidence has for the place."""
    cursor = at(marked, language)
    rows = cursor.model.rows(state_at(cursor.start, (), cursor.start.opened))
    return {cursor.model.vocabulary.text(token) for token in rows.token[rows.scope == scope].tolist()}


def made(marked: str, language: str = "python") -> list[str]:
    """The lines that stand nowhere."""
    cursor = at(marked, language)
    found = compared(cursor.model, cursor.start, load_line_judge().rough)
    return [found.guess(number, 1.0).text for number in range(len(found)) if found.chosen.made[number, 0]]


BOX = """
class Box:
    def __init__(self, width, height, depth):
        self.width = width
        self.height = height
        {}
"""


def test_a_line_has_its_shape_whatever_stands_above_it() -> None:
    assert foretold(BOX.format("self.depth = ‸"), Scope.LINE) == {"depth"}


def test_what_follows_the_names_above_where_they_are_listed_is_foretold() -> None:
    assert foretold(BOX.format("self.‸"), Scope.SERIES) == {"depth"}


@pytest.mark.parametrize(
    "signature", ["width, height, depth", "width: int, height: int, depth: int", "width=1, height=2, depth=3"]
)
def test_a_list_is_followed_however_its_members_are_written(signature: str) -> None:
    assert "depth" in foretold(BOX.replace("width, height, depth", signature).format("self.‸"), Scope.SERIES)


def test_where_the_lines_above_are_unlike_nothing_is_in_a_series() -> None:
    assert foretold("f(width, height, depth)\nprint(width)\nself.‸\n", Scope.SERIES) == set()


def test_a_name_that_the_line_itself_repeats_is_in_no_series() -> None:
    assert foretold(BOX.format("self.depth = ‸"), Scope.SERIES) == set()


def test_the_line_above_is_made_anew_with_the_next_member() -> None:
    assert "self.depth = depth" in made(BOX.format("‸"))


def test_a_line_of_a_block_like_this_one_is_made_anew_with_the_names_of_here() -> None:
    block = "for item in items:\n    item.start()\n    item.run(items)\nfor job in jobs:\n    job.start()\n    ‸\n"
    assert "job.run(jobs)" in made(block)


def test_no_line_is_made_twice_or_of_a_line_that_stands_already() -> None:
    cursor = at(BOX.format("‸"))
    found = compared(cursor.model, cursor.start, load_line_judge().rough)
    texts = [found.guess(number, 1.0).text for number in range(len(found))]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("marked", ["‸", "\n‸\n", "a\n‸", "‸\nself.width = width\n"])
def test_where_nothing_stands_above_no_line_is_made(marked: str) -> None:
    assert isinstance(made(marked), list)


def test_of_very_long_lines_none_is_made() -> None:
    long = " + ".join(f"name{number}" for number in range(60))
    assert not any(
        "name" in text for text in made(f"def f({long.replace(' +', ',')}):\n    go(one)\n    go({long})\n    ‸\n")
    )


LISTS = {
    "python": (BOX, "self.depth = depth"),
    "java": (
        "class Box {\n    Box(int width, String height, int depth) {\n        this.width = width;\n"
        "        this.height = height;\n        {}\n    }\n}\n",
        "this.depth = depth;",
    ),
    "go": (
        "func New(width, height, depth int) *Box {\n\treturn &Box{\n\t\twidth: width,\n\t\theight: height,\n\t\t{}\n\t}\n}\n",
        "depth: depth,",
    ),
    "rust": (
        "fn new(width: u32, height: u32, depth: u32) -> Box {\n    let mut made = Box::default();\n"
        "    made.width = width;\n    made.height = height;\n    {}\n    made\n}\n",
        "made.depth = depth;",
    ),
    "typescript": (
        "class Box {\n  constructor(width: number, height: number, depth: number) {\n    this.width = width;\n"
        "    this.height = height;\n    {}\n  }\n}\n",
        "this.depth = depth;",
    ),
}


@pytest.mark.parametrize("language", LISTS)
async def test_the_next_line_of_a_list_is_offered_by_hand(language: str) -> None:
    text, line = LISTS[language]
    guess = await by_hand(at(text.replace("{}", "‸"), language), JUDGES, FakeClock())
    assert guess is not None and guess.text == line


@pytest.mark.parametrize("language", sorted(LISTS.keys() - {"go"}))
async def test_what_the_line_is_to_repeat_is_offered_by_hand(language: str) -> None:
    text, line = LISTS[language]
    begun, end = line[: line.index("= ") + 2], line[line.index("= ") + 2 :]
    guess = await by_hand(at(text.replace("{}", f"{begun}‸"), language), JUDGES, FakeClock())
    assert guess is not None and guess.text == end


async def test_unasked_a_made_line_is_not_offered_before_it_is_sure() -> None:
    text, _ = LISTS["python"]
    assert await unasked(at(text.replace("{}", "‸")), 0.76, JUDGES, FakeClock()) is None
