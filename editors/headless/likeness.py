"""How alike an answer and the truth are, by the definitions of the published benchmarks; see docs/benches.md for each.

A figure is a pair, what was counted and out of how much, so that those of many questions can be added up.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from context.identifiers import EVERYWHERE, IDENTIFIER
from editors.headless.metrics import edit_similarity
from editors.headless.runs.rows import Pair

WORD = re.compile(r"\w+|[^\w\s]")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`[^`\n]*`")
_COMMENT: Mapping[str, re.Pattern[str]] = {"python": re.compile(r"#.*"), "ruby": re.compile(r"#.*")}
_BRACE_COMMENT = re.compile(r"//.*|/\*.*?\*/", re.DOTALL)
_STATEMENT_END = re.compile(r"[;{}]")
ORDERS = range(1, 7)  # characters of an n-gram
BETA = 2.0  # how much more finding all of the truth counts than saying nothing else


def likeness(before: str, offered: str, truth: str) -> dict[str, Pair]:
    """Of the rest of one line; `before` is the line up to the cursor. What cannot be said of an empty side is left out."""
    found: dict[str, Pair] = {
        "RepoBench EM": (float(offered.split() == truth.split()), 1.0),
        "RepoBench ES": (edit_similarity(offered, truth) / 100, 1.0),
        "matched ratio": (float(_shared(offered, truth)), float(len(truth))),
        "first 3 tokens": (float(WORD.findall(offered)[:3] == WORD.findall(truth)[:3]), 1.0),
        "delta chrF": (delta_chrf(before, before + offered, before + truth), 1.0),
        **of_names(offered, truth),
    }
    return found | ({"kept rate": kept(offered, truth)} if offered.strip() else {})


def of_names(offered: str, truth: str) -> dict[str, Pair]:
    """CrossCodeEval's two measures of identifiers, where there are any."""
    said, wanted = identifiers(offered), identifiers(truth)
    found: dict[str, Pair] = {}
    if said or wanted:
        both = len(set(said) & set(wanted))
        found["identifier F1"] = (2 * both / (len(set(said)) + len(set(wanted))), 1.0)
    if wanted:
        found["identifier EM"] = (float(said == wanted), 1.0)
    return found


def identifiers(text: str) -> list[str]:
    """In their order; none from within quotes, and no keywords."""
    return [name for name in IDENTIFIER.findall(_QUOTED.sub(" ", text)) if name not in EVERYWHERE]


def kept(offered: str, truth: str) -> Pair:
    """Characters of the offered words that are still there in what was really written, of all that were offered."""
    said, wanted = WORD.findall(offered), WORD.findall(truth)
    blocks = SequenceMatcher(None, said, wanted, autojunk=False).get_matching_blocks()
    still = sum(len(word) for block in blocks for word in said[block.a : block.a + block.size])
    return float(still), float(sum(map(len, said)))


def delta_chrf(before: str, said: str, wanted: str) -> float:
    """chrF over what the two edits of `before` change: n-grams that come, and, as symbols of their own, those that go."""
    precisions, recalls = list[float](), list[float]()
    for order in ORDERS:
        made, meant = _changes(before, said, order), _changes(before, wanted, order)
        if made or meant:
            right = (made & meant).total()
            precisions.append(right / made.total() if made else 0.0)
            recalls.append(right / meant.total() if meant else 0.0)
    if not precisions:
        return 1.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    under = BETA**2 * precision + recall
    return (1 + BETA**2) * precision * recall / under if under else 0.0


def statement_matches(offered: str, truth: str, language: str) -> bool:
    """CrossCodeEval's exact match: both cut to one statement, without comments, and compared line by line."""
    return _lines(_statement(offered, language), language) == _lines(_statement(truth, language), language)


def _statement(text: str, language: str) -> str:
    """Up to the first `;`, `{` or `}`; in Python the shortest run of whole lines that can be parsed."""
    if language != "python":
        end = _STATEMENT_END.search(text)
        return text[: end.end()] if end else text
    lines = text.split("\n")
    for number in range(1, len(lines) + 1):
        try:
            ast.parse(textwrap.dedent("\n".join(lines[:number])))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return "\n".join(lines[:number])
    return text


def _lines(text: str, language: str) -> Sequence[str]:
    bare = _COMMENT.get(language, _BRACE_COMMENT).sub("", text)
    return [line.strip() for line in bare.split("\n") if line.strip()]


def _shared(offered: str, truth: str) -> int:
    """Characters that both begin with."""
    return next(
        (at for at, pair in enumerate(zip(offered, truth, strict=False)) if pair[0] != pair[1]),
        min(len(offered), len(truth)),
    )


def _changes(before: str, after: str, order: int) -> Counter[tuple[str, bool]]:
    old, new = _grams(before, order), _grams(after, order)
    return Counter({(gram, True): number for gram, number in (new - old).items()}) + Counter(
        {(gram, False): number for gram, number in (old - new).items()}
    )


def _grams(text: str, order: int) -> Counter[str]:
    return Counter(text[at : at + order] for at in range(len(text) - order + 1))
