"""The holes of the selftest: small programs of our own in five languages, with the text to hide between ⟦ and ⟧."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "holes"
OPEN, CLOSE = "⟦", "⟧"


@dataclass(frozen=True, slots=True)
class Hole:
    """A file with `truth` between `before` and `after`; all other holes of the file are filled."""

    id: str
    language: str
    name: str
    before: str
    truth: str
    after: str

    @property
    def line_before(self) -> str:
        return self.before.rpartition("\n")[2]

    @property
    def line_after(self) -> str:
        return self.after.partition("\n")[0]

    @property
    def indent(self) -> str:
        line = self.line_before
        return line[: len(line) - len(line.lstrip())]


def holes() -> list[Hole]:
    """All of them, by language and file."""
    return [hole for file in sorted(FOLDER.glob("*/*.txt")) for hole in _of(file)]


def files() -> Mapping[str, str]:
    """Name and text of every file, whole."""
    return {_name(file): _plain(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*/*.txt"))}


def _of(file: Path) -> list[Hole]:
    text = file.read_text(encoding="utf-8")
    found: list[Hole] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        at = text.index(CLOSE, start)
        before, truth, after = _plain(text[:start]), text[start + 1 : at], _plain(text[at:])
        found.append(Hole(f"{_name(file)}:{len(found) + 1}", file.parent.name, _name(file), before, truth, after))
    return found


def _plain(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "")


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"
