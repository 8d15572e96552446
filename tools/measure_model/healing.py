"""What healing is worth: the rest of the line, asked plainly and healed, with cursors inside words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from backends.host.healing import Healing
from backends.host.memory import Precision
from backends.host.prompting import Prompt, Prompter
from tools.measure_model.cursors import Cursor
from tools.measure_model.hosted import Hosted

TOKENS = 40
CONTEXT = 4096
WAYS = {
    "plain": {"anchors": False, "heals": False},
    "healed": {"anchors": False, "heals": True},
    "anchored and healed": {"anchors": True, "heals": True},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`likelihood` is the natural logarithm of the probability that the host's answer begins with the true rest."""

    text: str
    likelihood: float


def measured(folder: Path, cursors: Sequence[Cursor], threads: int) -> Iterator[str]:
    hosted = Hosted.of(folder, Precision.INT8, threads)
    model = hosted.loaded.model
    ways = {name: Prompter(model.vocabulary, model.format, CONTEXT, **switches) for name, switches in WAYS.items()}
    yield f"the form is {model.format.name}; the host asks anchored and healed"
    yield f"{'':34}{'line right':>12}{'characters right':>18}{'ln P of a character':>21}{'differ from plain':>19}"
    found: dict[str, list[Asked]] = {name: [] for name in ways}
    for at, cursor in enumerate(cursors):
        asked: dict[Prompt, Asked] = {}  # anchoring changes nothing in forms without a middle token
        for name, prompter in ways.items():
            prompt = prompter.prompt(cursor.before, cursor.below, max_tokens=TOKENS)
            if prompt not in asked:
                text = hosted.answer(prompt, TOKENS, ("\n",))
                asked[prompt] = Asked(text, _likelihood(hosted, prompt, cursor.rest))
            found[name].append(asked[prompt])
        if at + 1 == len(cursors) or cursors[at + 1].project != cursor.project:
            first = next(place for place, each in enumerate(cursors) if each.project == cursor.project)
            yield from _rows(
                cursor.project, cursors[first : at + 1], {name: each[first:] for name, each in found.items()}
            )
    yield from _rows("all", cursors, found)


def _rows(project: str, cursors: Sequence[Cursor], found: Mapping[str, Sequence[Asked]]) -> Iterator[str]:
    for name, asked in found.items():
        yield _row(f"{project}, {name}", list(zip(cursors, asked, found["plain"], strict=True)))
    pairs = [
        (_is_right(plain, cursor), _is_right(healed, cursor))
        for plain, healed, cursor in zip(found["plain"], found["healed"], cursors, strict=True)
    ]
    yield f"  right only when healed: {pairs.count((False, True))}; only when plain: {pairs.count((True, False))}"


def _likelihood(hosted: Hosted, prompt: Prompt, rest: str) -> float:
    """Of the distribution that the host draws from: what healing forbids has no probability, and the rest has all of it."""
    vocabulary = hosted.loaded.model.vocabulary
    truth = vocabulary.encode(prompt.healed.decode() + rest)
    logits = hosted.logits([*prompt.ids, *truth[:-1]], len(truth))
    healing, total = Healing(vocabulary, prompt.healed), 0.0
    for row, token in zip(logits, truth, strict=True):
        healing.mask(row)
        total += float(row[token] - row.logsumexp(-1))
        healing.accept(token)
    return total


def _is_right(asked: Asked, cursor: Cursor) -> bool:
    return asked.text.rstrip() == cursor.rest.rstrip()


def _agreed(text: str, rest: str) -> int:
    """Characters that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, rest, strict=False)))


def _row(name: str, asked: Sequence[tuple[Cursor, Asked, Asked]]) -> str:
    count = len(asked)
    right = sum(_is_right(each, cursor) for cursor, each, _ in asked) / count
    characters = sum(_agreed(each.text, cursor.rest) for cursor, each, _ in asked) / count
    likelihood = sum(each.likelihood for _, each, _ in asked) / sum(len(cursor.rest) for cursor, _, _ in asked)
    differ = sum(each.text != plain.text for _, each, plain in asked)
    return f"{name:34}{right:12.1%}{characters:18.2f}{likelihood:21.3f}{differ:15} of {count}"
