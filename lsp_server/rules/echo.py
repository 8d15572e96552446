"""An answer that begins by saying again what stands just before it: that part goes."""

from __future__ import annotations

import re

from lsp_server.place import Place, squeeze
from lsp_server.rules.verdict import Drop
from lsp_server.whole import opens

_NEVER_TWICE = re.compile(
    r"(?:return|if|elif|while|for|switch|match|case|throw|raise|defer|yield|await|import|from|let|const|var|val|def|fn|func"
    r"|function|class|struct|assert|with|catch|except|foreach|use|using|package)\b"
)
"""Words that begin a statement and never follow themselves, so that a second one says the line again."""


def echo(text: str, place: Place) -> str | Drop:
    text = _without_line_head(text, place)
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None or (not place.fresh and not first):
        return text
    above = [line for line in ((place.before,) if not place.fresh else ()) + place.lines_above if line.strip()]
    # The longest run of the answer's first lines that is also the run of lines before it.
    for count in range(min(len(above), 8), 0, -1):
        said = [line for line in lines[first:] if line.strip()][:count]
        if len(said) == count and _same(said, above[count - 1 :: -1] if count > 1 else above[:1]):
            rest = _after(lines[first:], count)
            return rest if rest.strip() else Drop("it repeats the lines above")
    return text


def _without_line_head(text: str, place: Place) -> str:
    """Without the cursor's line up to the cursor, where the answer starts with all of it."""
    head = place.before.strip()
    if place.within or not (_NEVER_TWICE.match(head) or (len(head) >= 6 and not head.isalnum())):
        return text
    said = text.lstrip()
    if not said.startswith(head) or not said[len(head) :].strip():
        return text
    rest = said[len(head) :]
    return rest.lstrip(" \t") if place.before.endswith((" ", "\t")) else rest


def _same(said: list[str], above: list[str]) -> bool:
    wanted = [squeeze(line) for line in above]
    telling = any((len(line) > 4 and not line.isnumeric()) or (len(line) > 3 and opens(line)) for line in wanted)
    return telling and [squeeze(line) for line in said] == wanted


def _after(lines: list[str], count: int) -> str:
    """What follows the first `count` lines with something on them."""
    at = 0
    while count:
        count -= bool(lines[at].strip())
        at += 1
    return "\n".join(lines[at:]).lstrip("\n")
