"""Words that lie sorted in a file: found, told by their beginning, and sorted by kind, all without being read one by one."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from random import Random

import numpy as np
import pytest

from backends.workspace.vocabulary import APART, KEYWORDS, Vocabulary, Words, kind_of

ODD = (
    "'",
    '"',
    "`",
    "''",
    '"a"',
    "`a`",
    "`a",
    "a`",
    'r"a"',
    "rb'a'",
    "é",
    'é"',
    "٣",
    "€",
    "_",
    "$x",
    "@a",
    "#",
    "0x1f",
    "\ud800",
)


def words_of(texts: list[str]) -> tuple[Words, list[bytes]]:
    listed = sorted({text.encode("utf-8", "surrogatepass") for text in texts})
    offsets = np.array([0, *accumulate(map(len, listed))], np.int32)
    return Words(memoryview(b"".join(listed)), offsets.data), listed


def some_words(random: Random, size: int) -> list[str]:
    return ["".join(random.choices("abz_09.([{'\"`é", k=random.randint(1, 4))) for _ in range(size)]


@pytest.mark.parametrize("size", [0, 1, APART - 1, APART, APART + 1, 20 * APART])
def test_words_are_found_where_they_stand(size: int) -> None:
    random = Random(size)
    words, listed = words_of(some_words(random, size))
    for word in (*listed, b"", b"\xff", *(text.encode() for text in some_words(random, 100))):
        assert words.place_of(word) == bisect_left(listed, word)
        assert words.find(word) == (listed.index(word) if word in listed else None)
        low, high = words.beginning_with(word)
        assert listed[low:high] == [other for other in listed if other.startswith(word)]


def test_the_kinds_of_stored_words_are_those_of_their_texts() -> None:
    words, listed = words_of([*ODD, *KEYWORDS, *some_words(Random(1), 2_000)])
    expected = [kind_of(word.decode("utf-8", "surrogatepass")) for word in listed]
    assert words.kinds().tolist() == expected


def test_words_met_since_are_told_by_their_beginning_and_stored_ones_are_not() -> None:
    vocabulary = Vocabulary(words_of(["stored", "stocked"])[0])
    new = [vocabulary.intern(text) for text in ("stone", "other", "stored", "stop")]
    assert vocabulary.new_beginning_with("sto") == [new[0], new[3]]
    assert vocabulary.kinds(np.array(new, np.int32)).tolist() == [kind_of("stone")] * 4
