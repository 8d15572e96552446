"""Every grammar in the table loads and parses, and what has none is told by None."""

from __future__ import annotations

import pytest

from context.grammars import ENDINGS, PROVIDERS, language_of, parse
from context.snapshot import Snapshot
from context.syntax import Trees


@pytest.mark.parametrize("language", PROVIDERS)
def test_every_grammar_in_the_table_parses(language: str) -> None:
    tree = parse(language, "x\n")
    assert tree is not None and tree.root_node.end_byte == 2


def test_a_language_without_a_grammar_has_no_tree() -> None:
    assert parse("cobol", "x") is None and parse("", "x") is None


def test_a_huge_text_has_no_tree() -> None:
    assert parse("python", b"x" * 2_000_001) is None


NESTED = "".join(f"{' ' * depth}a{depth}:\n" for depth in range(400))


@pytest.mark.parametrize(
    "text", ["- " * 400, "? " * 400, "a: 1\n" + "- ? " * 200 + "\nb: 2\n", "\r" + "-\t" * 400, NESTED]
)
def test_lists_in_lists_of_yaml_do_not_break_the_grammar(text: str) -> None:
    """Its scanner wrote beyond its memory, which ended the process: when a file was indexed, opened, or suggested by a model."""
    snapshot = Snapshot("file:///a.yaml", None, "yaml", 1, text)
    assert parse("yaml", text) is None and Trees().parsed(snapshot) is None
    assert parse("yaml", "a:\n  - b: [c, {d: e}]\n" * 50 + f"# {'- ' * 40}\n") is not None


@pytest.mark.parametrize(("language", "text"), [("shellscript", "<<A\n" * 60_000), ("lua", "[=" * 60_000)])
def test_what_a_grammar_takes_minutes_and_gigabytes_for_has_no_tree(language: str, text: str) -> None:
    assert parse(language, text) is None
    assert parse(language, text[:400]) is not None


def test_a_parse_ends_when_it_has_cost_too_much() -> None:
    """Twelve kilobytes of this take the grammar of C ten seconds."""
    assert parse("c", "<!--" * 3_000, longest=0.02) is None
    assert parse("c", "int x;\n", longest=60) is not None


def test_a_file_is_known_by_its_ending() -> None:
    assert [language_of(name) for name in ("a/b.PY", "x.tsx", "Makefile", "q.unknown")] == [
        "python",
        "typescriptreact",
        "",
        "",
    ]
    assert set(ENDINGS) <= set(PROVIDERS)
