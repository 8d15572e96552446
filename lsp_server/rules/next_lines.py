"""An answer that says what the next lines of the file say already adds nothing."""

from __future__ import annotations

from lsp_server.place import Place, squeeze, width
from lsp_server.rules.verdict import Drop
from lsp_server.whole import runs_into

MOST = 8
"""Lines that are held against the next ones."""


def next_lines(text: str, place: Place) -> str | Drop:
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return text
    whole = lines[first] if first else place.before + lines[first]
    said = [squeeze(line) for line in lines[first:] if line.strip()]
    below = [squeeze(line) for line in place.lines_below if line.strip()][: len(said)]
    # A line that is begun already is only said again where it would stand right above its like; a decorator by what it is for.
    decorates_another = whole.lstrip().startswith(("@", "#[")) and len(said) > 1 and said[1:2] != below[1:2]
    if runs_into(whole, place, nested=not place.fresh) and not decorates_another:
        return Drop("it repeats the next line")
    if len(said) > 1 and said[1:] == below[1:] and _cut_short(said[0], below[0]):
        return Drop("it repeats the next lines")
    return _up_to_next_lines(lines, place)


def _up_to_next_lines(lines: list[str], place: Place) -> str:
    """Without several last lines that are the file's next ones, however short; the very last may be cut off."""
    numbers = [at for at, line in enumerate(lines) if at and line.strip()]
    below = [line for line in place.lines_below if line.strip()]
    for count in range(min(len(numbers), len(below), MOST), 0, -1):
        said = [lines[at] for at in numbers[-count:]]
        *former, last = zip(said, below, strict=False)
        if not any(map(str.isalnum, "".join(said))) or not all(_same(line, other) for line, other in former):
            continue
        if _cut_off(*last) or (count > 1 and _same(*last)):
            return "\n".join(lines[: numbers[-count]]).rstrip()
    return "\n".join(lines)


def _same(said: str, below: str) -> bool:
    return width(said) == width(below) and squeeze(said) == squeeze(below)


def _cut_off(said: str, below: str) -> bool:
    """`said` is the beginning of `below`, long enough to be no chance, and does not end inside of a number or path."""
    said, rest = said.rstrip(), below[len(said.rstrip()) :]
    return (
        len(said.strip()) >= 6
        and below.startswith(said)
        and bool(rest.strip())
        and not (rest[0] == "." or (rest[0].isdigit() and said[-1].isdigit()))
    )


def _cut_short(said: str, below: str) -> bool:
    return len(said) > 4 and (below.endswith(said) or below.startswith(said))
