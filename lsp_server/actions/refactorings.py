"""The named refactorings, in the order in which they are offered. Adding one is a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_server.actions.chosen import CALLABLE, Chosen
from lsp_server.actions.edits import lines_of

TYPED_BY_CHOICE = frozenset(
    {"python", "javascript", "javascriptreact", "typescript", "typescriptreact", "php", "ruby", "lua"}
)
"""Languages in which a type may be written and need not be."""


@dataclass(frozen=True, slots=True)
class Refactoring:
    """`kind` is LSP's for the menu; `wish` is what the model is asked to do; `fits` says where it is offered."""

    name: str
    title: str
    kind: str
    wish: str
    fits: Callable[[Chosen], bool]


def _is_callable(chosen: Chosen) -> bool:
    return chosen.definition is not None and chosen.definition.kind in CALLABLE


def _is_a_passage(chosen: Chosen) -> bool:
    """Several selected lines that are not a whole definition."""
    return chosen.selected and chosen.definition is None and len(lines_of(chosen.text.strip())) >= 2


def _lacks_docs(chosen: Chosen) -> bool:
    return chosen.definition is not None and not chosen.definition.doc


def _lacks_types(chosen: Chosen) -> bool:
    return _is_callable(chosen) and chosen.snapshot.language in TYPED_BY_CHOICE


def _has_code(chosen: Chosen) -> bool:
    return bool(chosen.text.strip())


def _loops(chosen: Chosen) -> bool:
    return any(word in chosen.text for word in ("for ", "for(", "while ", "while(", ".map(", ".reduce(", ".then("))


REFACTORINGS: tuple[Refactoring, ...] = (
    Refactoring(
        "extract", "Extract a function", "refactor.extract",
        "Move the chosen lines into a function of its own with a name that says what it does, and call it in their place. "
        "Put the new function where the language allows it within the chosen lines.",
        _is_a_passage,
    ),
    Refactoring(
        "rename", "Rename what is inside to say what it is", "refactor.rewrite",
        "Give local variables and parameters names that say what they are, where theirs do not. Keep every name that is visible "
        "from outside of the chosen lines.",
        _is_callable,
    ),
    Refactoring(
        "simplify", "Simplify", "refactor.rewrite",
        "Make it simpler to read without changing what it does. Change only the lines that need it.",
        _has_code,
    ),
    Refactoring("types", "Add types", "refactor.rewrite", "Add the types that are missing; change nothing else.", _lacks_types),
    Refactoring(
        "docstring", "Document it", "refactor.rewrite",
        "Add the documentation comment or docstring that the language and this project use; change nothing else.",
        _lacks_docs,
    ),
    Refactoring(
        "errors", "Handle errors", "refactor.rewrite",
        "Handle the errors that can really happen here, in the way this project does; change nothing else.",
        _is_callable,
    ),
    Refactoring(
        "convert", "Convert to the construct that fits", "refactor.rewrite",
        "Rewrite the loop or chain with the construct of the language that fits best, and keep what it does.",
        _loops,
    ),
)  # fmt: skip


def fitting(chosen: Chosen) -> list[Refactoring]:
    return [each for each in REFACTORINGS if each.fits(chosen)]


def named(name: str) -> Refactoring | None:
    return next((each for each in REFACTORINGS if each.name == name), None)
