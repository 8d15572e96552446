"""An answer that says what the next lines of the file say already adds nothing."""

from __future__ import annotations

from lsp_server.place import Place, squeeze
from lsp_server.rules.verdict import Drop
from lsp_server.whole import runs_into


def next_lines(text: str, place: Place) -> str | Drop:
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return text
    whole = lines[first] if first else place.before + lines[first]
    if runs_into(whole, place) and squeeze(whole):
        return Drop("it repeats the next line")
    said = [squeeze(line) for line in lines[first:] if line.strip()]
    below = [squeeze(line) for line in place.lines_below if line.strip()][: len(said)]
    if len(said) > 1 and said[1:] == below[1:] and _cut_short(said[0], below[0]):
        return Drop("it repeats the next lines")
    return text


def _cut_short(said: str, below: str) -> bool:
    return len(said) > 4 and (below.endswith(said) or below.startswith(said))
