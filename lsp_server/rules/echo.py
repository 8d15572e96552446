"""An answer that begins by saying again what stands just before it: that part goes."""

from __future__ import annotations

import re

from lsp_server.place import Place, squeeze
from lsp_server.rules.verdict import Drop
from lsp_server.whole import opens

_CLOSES = re.compile(r"(?:</[\w:.-]*>|[)\]}]|end)+")
"""Lines that close something, of which several may follow each other."""

MOST = 40
"""Lines said again that are looked for; a model that starts further up is not asked for a completion."""


def echo(text: str, place: Place) -> str | Drop:
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return text
    if not first and not place.fresh:
        return _up_to_cursor(lines, place) or text
    above = [line for line in ((place.before,) if not place.fresh else ()) + place.lines_above if line.strip()]
    count = _said_again(lines[first:], above)
    if not count:
        return text
    rest = _after(lines[first:], count)
    return rest if rest.strip() else Drop("it repeats the lines above")


def repeats_from_above(answer: str, place: Place) -> bool:
    """All whole lines of a growing answer stand one after the other above the cursor: it may yet come to what is new."""
    said = [squeeze(line) for line in answer.split("\n")[:-1] if line.strip()]
    above = [squeeze(line) for line in reversed(place.lines_above) if line.strip()]
    return len(said) <= MOST and any(above[at : at + len(said)] == said for at in range(len(above)))


def _up_to_cursor(lines: list[str], place: Place) -> str | None:
    """What follows the cursor's line up to the cursor, where the answer says lines above again and then that."""
    count = _said_again(lines, [line for line in place.lines_above if line.strip()])
    rest = _after(lines, count).lstrip(" \t") if count else ""
    head = place.before.strip()
    return rest.removeprefix(head) if rest.startswith(head) else None


def _said_again(lines: list[str], above: list[str]) -> int:
    """The longest run of `lines`' first ones that is also the run of lines before them; `above` has the nearest first."""
    said = [squeeze(line) for line in lines if line.strip()][:MOST]
    before = [squeeze(line) for line in above[: len(said)]]
    counts = range(len(before), 0, -1)
    return next((count for count in counts if said[:count] == before[:count][::-1] and _tells(said[:count])), 0)


def _tells(lines: list[str]) -> bool:
    """Squeezed lines that do not stand twice by chance, or because each closes something."""
    if all(_CLOSES.fullmatch(line) for line in lines):
        return False
    return any((len(line) > 4 and not line.isnumeric()) or (len(line) > 3 and opens(line)) for line in lines)


def _after(lines: list[str], count: int) -> str:
    """What follows the first `count` lines with something on them."""
    at = 0
    while count:
        count -= bool(lines[at].strip())
        at += 1
    return "\n".join(lines[at:]).lstrip("\n")
