"""The public sets and their formats: each line of a file is one hole, and the keys it has say which set it is of.

HumanEval-Infilling (OpenAI, 2022)    task_id, entry_point, prompt, suffix, canonical_solution, test
SantaCoder-FIM (MultiPL-E)            prompt, suffix, canonical_solution, tests, and often name and language
SAFIM (2024)                          task_id, lang, eval_prompt with {{completion}}, ground_truth, unit_tests
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES: Mapping[str, str] = {
    "py": "python", "python": "python", "js": "javascript", "javascript": "javascript", "java": "java",
    "cpp": "cpp", "c++": "cpp", "cs": "csharp", "csharp": "csharp", "c#": "csharp", "ts": "typescript",
}  # fmt: skip
COMPLETION = "{{completion}}"


class NoSet(Exception):
    """The file is not one of the sets; the message says why."""


@dataclass(frozen=True, slots=True)
class Hole:
    """`group` is the problem that the hole is cut into. `tests` stands after the program, or feeds its standard input.

    `one_line`: the set asks for one line, so an answer ends with it.
    """

    id: str
    group: str
    set: str
    language: str
    prefix: str
    suffix: str
    truth: str
    one_line: bool
    tests: str = ""
    inputs: Sequence[tuple[str, Sequence[str]]] = ()

    def program(self, completion: str) -> str:
        """The program with the answer filled in. Where the true text ends its line, an answer that does not is ended too: it was
        cut there, or the model had nothing more to say."""
        ended = "\n" if self.truth.endswith("\n") and not completion.endswith("\n") else ""
        return f"{self.prefix}{completion}{ended}{self.suffix}{self.tests}"

    @property
    def has_tests(self) -> bool:
        return bool(self.tests or self.inputs)


def read(path: Path) -> list[Hole]:
    """Raises `NoSet`."""
    holes: list[Hole] = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            holes.append(_hole(json.loads(line), number))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NoSet(f"Line {number} of {path} is of none of the sets that are known: {_short(error)}.") from None
    if not holes:
        raise NoSet(f"{path} holds nothing.")
    names = {hole.id for hole in holes}
    if len(names) < len(holes):
        raise NoSet(f"{path} names {len(holes) - len(names)} of its holes twice.")
    return holes


def digest(path: Path) -> str:
    """What tells one copy of a set from another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                yield line.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise NoSet(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is damaged'}.") from None


def _hole(row: Mapping[str, Any], number: int) -> Hole:
    if "eval_prompt" in row:
        return _safim(row)
    if "tests" in row:
        return _santacoder(row, number)
    if "entry_point" in row:
        return _human_eval(row)
    raise ValueError("it has neither entry_point, tests nor eval_prompt")


def _human_eval(row: Mapping[str, Any]) -> Hole:
    task = str(row["task_id"])
    kind, _, rest = task.partition("/")
    problem = re.match(r"HumanEval/\d+", rest)
    return Hole(
        id=task,
        group=problem[0] if problem else rest or task,
        set=f"HumanEval-Infilling {kind.replace('Infilling', '')}",
        language="python",
        prefix=_text(row["prompt"]),
        suffix=_text(row["suffix"]),
        truth=_text(row["canonical_solution"]),
        one_line=kind.startswith("SingleLine"),
        tests=f"\n{_text(row['test'])}\ncheck({_name(row['entry_point'])})\n",
    )


def _santacoder(row: Mapping[str, Any], number: int) -> Hole:
    language = LANGUAGES[str(row.get("language", "py")).lower()]
    name = str(row.get("name") or row.get("task_id") or "hole")
    return Hole(
        id=f"{language}/{name}/{number}",
        group=f"{language}/{name}",
        set="SantaCoder-FIM",
        language=language,
        prefix=_text(row["prompt"]),
        suffix=_text(row["suffix"]),
        truth=_text(row["canonical_solution"]),
        one_line=True,
        tests="\n" + _text(row["tests"]),
    )


def _safim(row: Mapping[str, Any]) -> Hole:
    prefix, mark, suffix = _text(row["eval_prompt"]).partition(COMPLETION)
    if not mark:
        raise ValueError(f"its eval_prompt has no {COMPLETION}")
    said = row.get("unit_tests") or []
    tests = json.loads(said) if isinstance(said, str) else said
    inputs = [(_text(one["input"]), [str(output) for output in _many(one["output"])]) for one in tests]
    task = str(row["task_id"])
    # Holes of one problem have its tests in common; nothing else says of which problem a hole is. The file of API calls, which
    # has none, names its holes as that of blocks does.
    group = hashlib.sha256(repr(inputs).encode()).hexdigest()[:16] if inputs else task
    kind = task.partition("_")[0] if inputs else "api"
    return Hole(
        id=task,
        group=f"SAFIM/{group}",
        set=f"SAFIM {kind}",
        language=LANGUAGES[str(row["lang"]).lower()],
        prefix=prefix,
        suffix=suffix,
        truth=_text(row["ground_truth"]),
        one_line=False,
        inputs=tuple(inputs),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is not one")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise ValueError("its entry_point is no name")
    return value


def _many(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _short(error: Exception) -> str:
    missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return missing[:120]
