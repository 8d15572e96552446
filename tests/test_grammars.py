"""Every grammar in the table loads and parses, and what has none is told by None."""

from __future__ import annotations

import pytest

from context.grammars import ENDINGS, PROVIDERS, language_of, parse


@pytest.mark.parametrize("language", PROVIDERS)
def test_every_grammar_in_the_table_parses(language: str) -> None:
    tree = parse(language, "x\n")
    assert tree is not None and tree.root_node.end_byte == 2


def test_a_language_without_a_grammar_has_no_tree() -> None:
    assert parse("cobol", "x") is None and parse("", "x") is None


def test_a_huge_text_has_no_tree() -> None:
    assert parse("python", b"x" * 2_000_001) is None


def test_a_file_is_known_by_its_ending() -> None:
    assert [language_of(name) for name in ("a/b.PY", "x.tsx", "Makefile", "q.unknown")] == [
        "python",
        "typescriptreact",
        "",
        "",
    ]
    assert set(ENDINGS) <= set(PROVIDERS)
