"""Every rule's cases: the model's answer at a cursor, and the document that accepting the ghost text gives."""

from __future__ import annotations

import pytest

from context.syntax import Trees
from lsp_server.cutter import Cutter
from lsp_server.extent import extent_at
from lsp_server.rules import RULES, Drop, Shown, apply, explain
from tests.case_files import CASES, Case, cases_in

FILES = sorted(path.name for path in (CASES / "rules").glob("*.txt"))
EVERY = pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{file}: {case}") for file in FILES for case in cases_in(f"rules/{file}")]
)


def offered(case: Case, answer: str) -> Shown | Drop:
    return apply(answer, case.cursor, parsed=Trees().parsed(case.cursor.snapshot))


@EVERY
def test_accepting_gives_the_document_expected(case: Case) -> None:
    check(case, offered(case, case.answer))


@EVERY
def test_a_stream_cut_early_shows_the_same(case: Case) -> None:
    cutter = Cutter(case.cursor, extent_at(case.cursor))
    for piece in case.answer:
        if cutter.feed(piece):
            break
    check(case, offered(case, cutter.text))


def check(case: Case, result: Shown | Drop) -> None:
    if case.reason:
        assert isinstance(result, Drop), f"shown: {result}"
        assert case.reason in result.reason
        return
    assert isinstance(result, Shown), f"nothing: {result}"
    document = case.cursor.prefix + result.text + case.cursor.suffix[result.replaces :]
    assert document == case.document


def test_every_rule_has_cases() -> None:
    assert {file.removesuffix(".txt") for file in FILES} >= {rule.__name__ for rule in RULES}


def test_explain_ends_where_apply_ends() -> None:
    for file in FILES:
        for case in cases_in(f"rules/{file}"):
            parsed = Trees().parsed(case.cursor.snapshot)
            last = explain(case.answer, case.cursor, parsed=parsed)[-1]
            result = apply(case.answer, case.cursor, parsed=parsed)
            assert last.after == (result.text if isinstance(result, Shown) else result)
