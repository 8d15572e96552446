"""What a text tells of its names: how they are used, whose they are, and that words of prose are none."""

from __future__ import annotations

import pytest

from context.reading import ASSIGNED, ATTRIBUTE, CALL, DEFINED, KEYWORD, OCCURRENCES, code_of, read


def counts(text: str, name: str) -> list[int]:
    reading = read(text)
    return [int(count) for count in reading.uses[reading.names.index(name)]]


def test_uses_are_counted_by_kind() -> None:
    text = "def load(path):\n    size = path.size\n    load(size=3)\n"
    assert counts(text, "load")[OCCURRENCES] == 2 and counts(text, "load")[DEFINED] == 1
    assert counts(text, "load")[CALL] == 2
    assert counts(text, "size")[ATTRIBUTE] == 1 and counts(text, "size")[KEYWORD] == 1
    assert counts(text, "size")[ASSIGNED] == 1 and counts(text, "path")[ASSIGNED] == 0


def test_rows_are_those_of_the_text() -> None:
    reading = read("one\n\ntwo one\n")
    assert reading.names == ("one", "two") and reading.height == 4
    assert list(reading.first) == [0, 2] and list(reading.last) == [2, 2]
    assert sorted(zip(reading.rows.tolist(), reading.named.tolist(), strict=True)) == [(0, 0), (2, 0), (2, 1)]


def test_an_attribute_belongs_to_the_name_before_it() -> None:
    reading = read("boat.crew().names\nself.sail\n")
    pairs = {
        (reading.names[owner], reading.names[owned])
        for owner, owned in zip(reading.owners.tolist(), reading.owned.tolist(), strict=True)
    }
    assert pairs == {("boat", "crew"), ("crew", "names")}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("    return self.load(path)", "    return self.load(path)"),
        ("    for row in rows if row.size", "    for row in rows if row.size"),
        ("public static final String NAME = x;", "public static final String NAME = x;"),
        ("func (c *Context) Get(key string) (value any, exists bool) {",) * 2,
        ("#include <boats.h>", "#include <boats.h>"),
        ("#[derive(Parser)]", "#[derive(Parser)]"),
        ("    # sail before the wind", ""),
        ("  // sail before the wind", ""),
        (" * @param boat the boat", ""),
        ('    """Returns a boat."""', ""),
        ("which is what the crew calls a boat", ""),
        ("    # see steer_boat, Harbour and readAll", "steer_boat , readAll"),
        ("which is what `boat_yard` calls a boat", "boat_yard"),
        ("raise Sunk('the boat has gone down')", 'raise Sunk("")'),
        ("load(boats['small one'])", "load(boats['small one'])"),
    ],
)
def test_sentences_are_no_code(line: str, code: str) -> None:
    assert code_of(line) == code
