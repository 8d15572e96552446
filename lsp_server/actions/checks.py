"""What an edit of a model must be before anybody is asked to confirm it. Each check gives the reason against it, or None."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from context.grammars import parse
from context.outline import outline
from context.privacy import MASK
from lsp_server.actions.chosen import Chosen
from lsp_server.actions.edits import lines_of
from lsp_server.rules.invisible import first_hidden

LEFT_OUT = re.compile(
    r"^[^\S\n]*+"
    r"(?:#|//|/\*|--|;|<!--|%|\.\.\.|…)[\s.…(]*(?:the )?(?:rest|remainder|remaining|existing|previous|other|same|unchanged)\b"
    r".{0,40}\b(?:code|function|method|class|file|implementation|body|lines?|unchanged|same|before|here|omitted)\b.{0,20}$",
    re.IGNORECASE | re.MULTILINE,
)
"""A comment that stands for code: "# ... rest of the function unchanged"."""
LARGEST_GROWTH = 8
"""An answer longer than so many times the chosen text, beyond what any of them may have, is not an edit of it."""
ALWAYS_ALLOWED = 6_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """The text `new` for what was chosen."""

    chosen: Chosen
    new: str

    @property
    def whole(self) -> str:
        return self.chosen.above + self.new + self.chosen.below


def first_objection(candidate: Candidate) -> str | None:
    """Why the edit is not offered; None where nothing speaks against it."""
    return next((reason for check in CHECKS if (reason := check(candidate)) is not None), None)


def _says_something(candidate: Candidate) -> str | None:
    return None if candidate.new.strip() or not candidate.chosen.text.strip() else "The answer is empty."


def _is_not_huge(candidate: Candidate) -> str | None:
    allowed = max(ALWAYS_ALLOWED, LARGEST_GROWTH * len(candidate.chosen.text))
    return None if len(candidate.new) <= allowed else "The answer is far longer than what it is to replace."


def _hides_nothing(candidate: Candidate) -> str | None:
    plain = candidate.new.replace("\r\n", "\n")
    hidden = first_hidden(plain)
    if hidden is None or hidden in candidate.chosen.text:
        return None
    return f"The answer holds an invisible character, U+{ord(hidden):04X}, which could hide what the code does."


def _holds_no_mask(candidate: Candidate) -> str | None:
    if MASK in candidate.new and MASK not in candidate.chosen.text:
        return (
            "The answer moves a secret that the model was not shown, so it cannot be put back. Choose lines without it."
        )
    return None


def _leaves_nothing_out(candidate: Candidate) -> str | None:
    for left_out in LEFT_OUT.finditer(candidate.new):
        if left_out[0].strip() not in candidate.chosen.text:
            return "The answer leaves out code and says so in a comment."
    return None


def _stays_inside(candidate: Candidate) -> str | None:
    """An answer that repeats what stands around the chosen lines is about another range than the chosen one."""
    chosen = candidate.chosen
    new = [line.strip() for line in lines_of(candidate.new) if line.strip()]
    old = {line.strip() for line in lines_of(chosen.text)}
    above = [line.strip() for line in lines_of(chosen.above) if line.strip()][-2:]
    below = [line.strip() for line in lines_of(chosen.below) if line.strip()][:2]
    for around, there in ((above, new[:2]), (below, new[-2:])):
        telling = [line for line in around if len(line) > 6 and line not in old]
        if telling and len(around) == 2 and there == around:
            return "The answer also repeats lines that stand outside of what was chosen."
    if _says_twice(candidate):
        return "The answer also repeats the line next to the chosen ones, outside of what was chosen."
    outside = {line.rstrip() for line in lines_of(chosen.above + chosen.below) if _is_telling(line)}
    if any(line.rstrip() in outside and line.strip() not in old for line in lines_of(candidate.new)):
        return "The answer repeats a line that stands at the top level of the file, outside of what was chosen."
    names_outside = _definitions(chosen.snapshot.language, f"{chosen.above}\n{chosen.below}")
    again = (
        _definitions(chosen.snapshot.language, candidate.new) - _definitions(chosen.snapshot.language, chosen.text)
    ) & names_outside
    if again:
        return "The answer defines again what stands outside of what was chosen."
    return None


def _parses(candidate: Candidate) -> str | None:
    """No more faults than the file had before; half-written files may have some."""
    language, snapshot = candidate.chosen.snapshot.language, candidate.chosen.snapshot
    after = faults(language, candidate.whole)
    if after is None:
        return None
    if after and len(after) > len(faults(language, snapshot.text) or ()):
        row = min(max(row for row in after), candidate.whole.count("\n"))
        inside = row + 1 - (candidate.chosen.first_line - 1)
        return f"With the answer in its place the file does not parse, near line {max(inside, 1)} of the answer."
    return None


def _keeps_the_indentation(candidate: Candidate) -> str | None:
    """Python's own parser, since its grammar takes a line that is indented for no reason for a good one."""
    snapshot = candidate.chosen.snapshot
    if snapshot.language != "python" or _fault_of_python(snapshot.text) is not None:
        return None
    fault = _fault_of_python(candidate.whole)
    if isinstance(fault, IndentationError):
        return (
            f"With the answer in its place the file does not parse: {fault.msg}, in what follows the answer or in it."
        )
    return None


CHECKS: tuple[Callable[[Candidate], str | None], ...] = (
    _says_something,
    _is_not_huge,
    _hides_nothing,
    _holds_no_mask,
    _leaves_nothing_out,
    _stays_inside,
    _parses,
    _keeps_the_indentation,
)


def faults(language: str, text: str) -> list[int] | None:
    """The rows at which the text does not parse; None where the language has no grammar."""
    tree = parse(language, text)
    if tree is None:
        return None
    rows, nodes = [], [tree.root_node] if tree.root_node.has_error else []
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            rows.append(node.start_point.row)
        nodes.extend(child for child in node.children if child.has_error or child.is_missing)
    return rows


def _fault_of_python(text: str) -> Exception | None:
    """Why Python cannot read the text; nothing of it is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error
    return None


def _says_twice(candidate: Candidate) -> bool:
    """Whether the answer ends with the line that follows it, or begins with the one before, indentation and all."""
    chosen = candidate.chosen
    new, old, above, below = (
        [line.rstrip() for line in lines_of(text) if line.strip()]
        for text in (candidate.new, chosen.text, chosen.above, chosen.below)
    )
    twice = {*(set(new[:1]) & set(above[-1:])), *(set(new[-1:]) & set(below[:1]))} - set(old)
    return any(sum(map(str.isalnum, line)) > 4 and not line.lstrip().startswith("</") for line in twice)


def _is_telling(line: str) -> bool:
    """A top-level statement, which stands in a file once: no bracket and no lone keyword."""
    return len(line.strip()) > 6 and not line[0].isspace() and sum(map(str.isalnum, line)) > 4


def _definitions(language: str, text: str) -> set[str]:
    tree = parse(language, text)
    if tree is None:
        return set()
    data = text.encode("utf-8", "replace")
    found = outline(language, tree, data, text.split("\n"))
    return {f"{each.owner}.{each.name}" for each in found if each.kind not in ("variable", "field", "attribute")}
