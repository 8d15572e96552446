"""Documents against the plainest model there is: one string, cut anew for every edit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from context.documents import Change, Documents, Edit, split_lines
from lsp_server.convert import UTF8, UTF16, UTF32, Encoding
from tests.text_model import CODECS, reference_edit, reference_offset

URI = "file:///project/a.py"
ENCODINGS = (UTF8, UTF16, UTF32)


def opened(text: str, encoding: Encoding = UTF16, **kwargs: int) -> Documents:
    documents = Documents(encoding.column, **kwargs)
    documents.open(URI, "python", 1, text, Path("/project/a.py"))
    return documents


def text_of(documents: Documents) -> str:
    snapshot = documents.get(URI)
    assert snapshot is not None
    return snapshot.text


pieces = st.text(st.sampled_from("ab \t\n\r\n\r\f\v\x1c\x85\u2028\u2029é日😀\u200d\0"), max_size=12)
numbers = st.integers(0, 8)
edits = st.one_of(st.builds(Edit, numbers, numbers, numbers, numbers, pieces), pieces)


class EditorAndServer(RuleBasedStateMachine):
    @initialize(text=pieces, encoding=st.sampled_from(ENCODINGS))
    def opens(self, text: str, encoding: Encoding) -> None:
        self.encoding, self.text, self.version = encoding, text, 1
        self.documents = opened(text, encoding)

    @rule(several=st.lists(edits, min_size=1, max_size=3))
    def edits(self, several: list[Edit | str]) -> None:
        self.version += 1
        changes = self.documents.change(URI, self.version, several)
        for edit, change in zip(several, changes, strict=True):
            before = self.text
            self.text = edit if isinstance(edit, str) else reference_edit(before, edit, self.encoding)
            assert applied(before, change) == self.text

    @rule(text=pieces)
    def opens_anew(self, text: str) -> None:
        self.text, self.version = text, 1
        self.documents.open(URI, "python", 1, text, None)

    @rule(line=numbers, column=numbers)
    def asks(self, line: int, column: int) -> None:
        cursor = self.documents.cursor(URI, line, column)
        assert cursor is not None
        assert cursor.offset == reference_offset(self.text, line, column, self.encoding)

    @invariant()
    def has_the_same_text(self) -> None:
        assert text_of(self.documents) == self.text


def applied(text: str, change: Change) -> str:
    """What a `Change` says was done, done to the text before."""
    lines = split_lines(text)
    start = sum(map(len, lines[: change.line])) + change.column
    assert text[start : start + len(change.removed)] == change.removed
    return text[:start] + change.inserted + text[start + len(change.removed) :]


TestEditorAndServer = EditorAndServer.TestCase
TestEditorAndServer.settings = settings(max_examples=300, stateful_step_count=12, deadline=None)


@pytest.mark.parametrize("odd", "\f\v\x1c\x1d\x1e\x85\u2028\u2029")
def test_only_the_three_line_ends_of_lsp_end_a_line(odd: str) -> None:
    documents = opened(f"a{odd}b\nc\n")
    documents.change(URI, 2, [Edit(1, 0, 1, 1, "d")])
    assert text_of(documents) == f"a{odd}b\nd\n"


def test_a_newline_that_comes_to_stand_behind_a_carriage_return_joins_it() -> None:
    documents = opened("a\rb\nc")
    documents.change(URI, 2, [Edit(1, 0, 1, 1, "")])
    documents.change(URI, 3, [Edit(1, 0, 1, 1, "d")])
    assert text_of(documents) == "a\r\nd"


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.name)
def test_a_lone_surrogate_becomes_a_replacement_character_of_the_same_width(encoding: Encoding) -> None:
    documents = opened("a\ud800b", encoding)
    column = len("a\ufffd".encode(CODECS[encoding.name][0])) // CODECS[encoding.name][1]
    documents.change(URI, 2, [Edit(0, column, 0, column, "|")])
    assert text_of(documents) == "a\ufffd|b"


@pytest.mark.parametrize("version", [1, 0, -5, 40, None])
def test_any_version_is_taken_as_the_editors_word(version: int | None) -> None:
    documents = opened("a")
    documents.change(URI, version, ["b"])
    snapshot = documents.get(URI)
    assert snapshot is not None
    assert (snapshot.text, snapshot.version) == ("b", 2 if version is None else version)


def test_a_change_of_a_document_that_is_not_open_is_ignored() -> None:
    documents = opened("a")
    assert documents.change("file:///other", 2, ["b"]) == []
    assert documents.get("file:///other") is None


def test_a_snapshot_is_made_once_a_version_and_keeps_its_text() -> None:
    documents = opened("a")
    first = documents.get(URI)
    assert documents.get(URI) is first
    documents.change(URI, 2, ["b"])
    assert first is not None
    assert first.text == "a"


def test_a_document_that_is_too_big_is_refused_until_it_is_replaced_by_a_smaller_one() -> None:
    documents = opened("x" * 11, limit=10)
    assert documents.get(URI) is None
    assert documents.cursor(URI, 0, 0) is None
    assert documents.recent() == ()
    assert documents.change(URI, 2, [Edit(0, 0, 0, 1, "")]) == []
    assert "11 characters" in (documents.refused(URI) or "")
    documents.change(URI, 3, ["small"])
    assert documents.refused(URI) is None
    assert text_of(documents) == "small"


def test_a_document_that_grows_too_big_is_let_go() -> None:
    documents = opened("x" * 9, limit=10)
    documents.change(URI, 2, [Edit(0, 0, 0, 0, "ab")])
    assert documents.get(URI) is None
    documents.close(URI)
    assert documents.refused(URI) is None


def test_recent_begins_with_what_was_used_last() -> None:
    documents = Documents()
    for name in "abc":
        documents.open(name, "text", 1, name, None)
    documents.change("a", 2, ["A"])
    documents.cursor("b", 0, 0)
    assert [snapshot.text for snapshot in documents.recent()] == ["b", "A", "c"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///project/a%20b.py", "file:///project/a b.py"),
        ("file:///c%3A/project/a.py", "file:///C:/project/a.py"),
        ("file:///project/%C3%A9.py", "file:///project/é.py"),
    ],
)
def test_two_spellings_of_a_uri_are_one_document(one: str, other: str) -> None:
    documents = Documents()
    documents.open(one, "text", 1, "a", None)
    documents.change(other, 2, ["b"])
    [snapshot] = documents.recent()
    assert (snapshot.uri, snapshot.text) == (one, "b")


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("a\nbc\n", "a\nbxc\n", Change(1, 1, "", "x")),
        ("a\nbc\n", "a\nc\n", Change(1, 0, "b", "")),
        ("aa", "aaa", Change(0, 2, "", "a")),
        ("a\r\nb", "a\rb", Change(0, 1, "\r\n", "\r")),
        ("same", "same", Change(0, 4, "", "")),
        ("", "x\ny", Change(0, 0, "", "x\ny")),
    ],
)
def test_a_whole_new_text_is_reported_as_the_one_thing_that_changed(before: str, after: str, change: Change) -> None:
    documents = opened(before)
    assert documents.change(URI, 2, [after]) == [change]
