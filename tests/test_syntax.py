"""Trees of open documents: right after any edits, in slices when long, and never of another text."""

from __future__ import annotations

import asyncio
import random
import tracemalloc

import pytest

from context.clock import worked
from context.grammars import parse
from context.snapshot import Snapshot
from context.syntax import Parsed, Trees, _whole_characters

BIG = "def f(a):\n    return [a, {'k': (a + 1) * 2}, 'text']\n\n" * 6000


def snap(text: str, *, uri: str = "file:///a.py", language: str = "python") -> Snapshot:
    return Snapshot(uri, None, language, 1, text)


def check(trees: Trees, text: str) -> Parsed:
    """The kept tree is the one that a parse from nothing gives."""
    parsed = trees.parsed(snap(text))
    fresh = parse("python", text)
    assert parsed is not None and fresh is not None
    assert str(parsed.root) == str(fresh.root_node) and parsed.root.end_byte == len(text.encode())
    return parsed


def test_a_tree_follows_any_edits() -> None:
    dice = random.Random(4)
    pieces = ["x", "é", "😀", "\n", "    ", '"""', "(", ")", "def g():\n", "\t", "'", "# c\n", "\r\n"]
    trees, text = Trees(), "def f(a):\n    '''doc é'''\n    return a\n" * 5
    for _ in range(300):
        start = dice.randrange(len(text) + 1)
        end = min(len(text), start + dice.choice((0, 0, 1, 5)))
        text = text[:start] + dice.choice(pieces) + text[end:]
        check(trees, text)


def test_an_edit_is_not_a_whole_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = Trees()
    text = BIG[: BIG.index("def", 100_000)]
    asyncio.run(trees.ready(snap(text)))
    monkeypatch.setattr("context.syntax.SLICE", 300)  # A whole parse needs some 2,000 reports.
    monkeypatch.setattr("context.syntax.LONGEST_SLICE", 60.0)
    for at in (text.index("(a + 1)", place) for place in (0, 50_000, 99_000)):
        text = text[:at] + " " + text[at:]
        assert trees.parsed(snap(text)) is not None


def test_what_a_parser_has_read_is_let_go() -> None:
    trees, text = Trees(), "def f(a):\n    return a\n" * 1_000

    def typed(keys: int) -> int:
        """The bytes that are held after so many keys and were not before."""
        nonlocal text
        tracemalloc.start()
        try:
            for number in range(keys):
                text = f"{text[:10]}{number % 10}{text[11:]}"
                assert trees.parsed(snap(text))
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    typed(100)
    assert typed(100) < 10 * len(text)


def test_a_grammar_that_recovers_slowly_gives_turns_to_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """60 kB of `<a>` took 455 ms for the reports of one slice, since each stands for a thousand times the work."""
    monkeypatch.setattr("context.syntax.SLICE", 10**9)
    trees, page = Trees(), snap("<a>" * 20_000, uri="file:///a.html", language="html")
    slices: list[float] = []
    while True:
        began = worked()
        parsed = trees.parsed(page)
        slices.append(worked() - began)
        if parsed is not None:
            break
    assert parsed.root.end_byte == len(page.text)
    assert len(slices) > 2 and max(slices) < sum(slices) / 2


def test_a_long_parse_gives_turns_to_the_loop() -> None:
    async def turns() -> int:
        trees, count = Trees(), 0
        work = asyncio.create_task(trees.ready(snap(BIG)))
        while not work.done():
            await asyncio.sleep(0)
            count += 1
        parsed = await work
        assert parsed is not None and parsed.root.end_byte == len(BIG) and not parsed.root.has_error
        return count

    assert asyncio.run(turns()) > 3


def test_a_long_parse_goes_on_while_the_text_changes_and_then_catches_up() -> None:
    trees = Trees()
    texts = (f"{BIG}x = {number}\n" for number in range(1000))
    changed = next(text for text in texts if trees.parsed(snap(text)) is not None)
    assert changed != f"{BIG}x = 0\n"
    check(trees, changed)


def test_a_parse_that_has_not_ended_does_not_leak_into_the_next() -> None:
    trees = Trees()
    assert trees.parsed(snap(BIG)) is None
    while trees.parsed(snap("x = 1\n")) is None:
        pass
    check(trees, "x = 1\n")
    assert trees.parsed(snap(BIG, uri="file:///b.py")) is None
    other = trees.parsed(snap("y = 2\n", uri="file:///c.py"))
    assert other is not None and other.root.end_byte == 6


def test_no_tree_without_a_grammar_or_for_a_huge_text() -> None:
    trees = Trees()
    assert trees.parsed(snap("x", language="cobol")) is None
    assert trees.parsed(snap("x" * 2_000_001)) is None


def test_a_document_that_changes_its_language_is_parsed_anew() -> None:
    trees = Trees()
    check(trees, "x = 1\n")
    parsed = trees.parsed(snap("x = 1\n", language="javascript"))
    assert parsed is not None and parsed.root.type == "program"


def test_places_are_code_points() -> None:
    parsed = check(Trees(), "a = 'é😀'\nbcd = 1\n")
    at = parsed.text.index("bcd")
    assert parsed.words(parsed.node_at(at)) == "bcd"
    assert parsed.offset(parsed.byte(at)) == at


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("abc", "abc", (3, 3, 3)),
        ("abc", "abXc", (2, 2, 3)),
        ("aaa", "aa", (2, 3, 2)),
        ("é", "è", (0, 2, 2)),
        ("", "x", (0, 0, 1)),
    ],
)
def test_the_difference_is_the_smallest_and_splits_no_character(
    old: str, new: str, expected: tuple[int, int, int]
) -> None:
    assert _whole_characters(old.encode(), new.encode()) == expected


def test_the_oldest_trees_are_dropped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("context.syntax.MOST_BYTES", 100)
    trees = Trees()
    for name in "abc":
        trees.parsed(snap("x = 1\n" * 8, uri=name))
    assert list(trees._done) == ["b", "c"]


def test_a_thousand_small_documents_do_not_keep_a_thousand_trees() -> None:
    trees = Trees()
    for number in range(100):
        trees.parsed(snap("x = 1\n", uri=str(number)))
    assert len(trees._done) == 24
