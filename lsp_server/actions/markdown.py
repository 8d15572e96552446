"""A model's Markdown made harmless: no images, no HTML, no links but to files of the workspace, nothing invisible.

Whatever is shown may be fetched or clicked: an image carries text out of the house as soon as it is drawn ("CamoLeak"). So
nothing is judged as good or bad; every sign that could begin HTML, an image, a link or a definition of one loses its meaning,
outside of code. What counts as code is kept so plain (fences at the start of a line, spans within a line, everything else
escaped) that a reader of Markdown can see it in no other way.
"""

from __future__ import annotations

import re

from lsp_server.rules.invisible import first_hidden

_OPENING = re.compile(r"[ \t>*+-]*(`{3,})[ \t]*([\w+#.-]*)[ \t]*$")
_LOCAL_TARGET = re.compile(r"\((?:\./)?\w[\w./+-]*(?:(?::|#L)\d+(?:-L?\d+)?)?\)")
_ADDRESS = re.compile(
    r"(?<!\\)\\*+(?<![A-Za-z0-9])"
    r"((?:(?:https?|ftps?|wss?|file|mailto|tel|sms|command|vscode(?:-\w{1,30}){0,3}|vscodium|javascript|data|vbscript|blob|ssh"
    r"|git|smb):|www\.|//(?=\w))[^\s`<>\"')|\\]+)",
    re.IGNORECASE,
)
_TABLE_RULE = re.compile(r"[\s>*+.)\d|:-]*-[\s|:-]*")
_RUN = re.compile("`+")
LONGEST_LINE = 4_000
"""A longer line is cut, so that the work on a text grows with its length."""


class Cleaner:
    """Takes the growing text piece by piece and gives each line once it is whole; `finish` gives the rest."""

    def __init__(self) -> None:
        self._rest = ""
        self._fence = ""

    def feed(self, piece: str) -> str:
        *lines, self._rest = (self._rest + piece).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lines = [part for line in lines for part in _parts(line)]
        *long, self._rest = _parts(self._rest)
        return "".join(self._line(line) + "\n" for line in [*lines, *long])

    def finish(self) -> str:
        """The last line, and the end of a code block that was left open."""
        last = self._line(self._rest) if self._rest else ""
        closing = f"\n{self._fence}" if self._fence else ""
        self._rest = self._fence = ""
        return last + closing

    def _line(self, line: str) -> str:
        line = _seen(line)
        mark = _OPENING.match(line)
        if self._fence:
            if mark and not mark[2] and len(mark[1]) >= len(self._fence):
                closing, self._fence = self._fence, ""
                return closing
            return line
        if mark:
            self._fence = mark[1]
            return f"{mark[1]}{mark[2]}"  # at the start of the line: no list or quote around it can end it early
        return _outside_of_fences(line)


def clean(text: str) -> str:
    cleaner = Cleaner()
    return cleaner.feed(text) + cleaner.finish()


def _parts(line: str) -> list[str]:
    return [line[at : at + LONGEST_LINE] for at in range(0, len(line), LONGEST_LINE)] or [""]


def _outside_of_fences(line: str) -> str:
    """Code spans stay; a run of backticks without its partner on the line is escaped, so that no span reaches further. Tables do
    not stay: a bar inside of a code span would end it there."""
    if _TABLE_RULE.fullmatch(line) and ("|" in line or ":" in line):
        return line.replace("|", "\\|").replace(":", "\\:")
    runs = list(_RUN.finditer(line))
    out, at = [], 0
    for run, partner in zip(runs, _partners(runs), strict=True):
        if run.start() < at:
            continue  # inside of a span
        before = line[at : run.start()]
        escaped = (len(before) - len(before.rstrip("\\"))) % 2 == 1
        if partner is None or escaped:
            out.append(_prose(line[at : run.start()]) + ("" if escaped else "\\") + "\\".join(run[0]))
            at = run.end()
        else:
            out.append(_prose(line[at : run.start()]) + line[run.start() : partner.end()])
            at = partner.end()
    return "".join([*out, _prose(line[at:])])


def _partners(runs: list[re.Match[str]]) -> list[re.Match[str] | None]:
    """For each run of backticks the next of the same length."""
    later: dict[int, re.Match[str]] = {}
    found: list[re.Match[str] | None] = []
    for run in reversed(runs):
        found.append(later.get(len(run[0])))
        later[len(run[0])] = run
    return found[::-1]


def _prose(text: str) -> str:
    text = re.sub(r"\\(?=[<\[\]()!])", "", text)  # no escape of the model's may undo one of ours
    text = (
        text.replace("<", "&lt;")
        .replace("![", "[")
        .replace("]:", "]\\:")
        .replace("][", "] [")
        .replace("~~~", "\\~\\~\\~")
    )
    parts = re.split(r"(\])(?=\()", text)
    kept = [parts[0]]
    for bracket, after in zip(parts[1::2], parts[2::2], strict=True):
        target = _LOCAL_TARGET.match(after)
        stays = target is not None and "/.." not in target[0]
        kept.append(bracket + ("" if stays else " ") + after)
    return _ADDRESS.sub(_as_code, "".join(kept))


def _as_code(address: re.Match[str]) -> str:
    """An address that is only read. Backslashes before it would take the span apart, and so would backticks next to it."""
    before = " " if address.start() == 0 else ""
    after = " " if address.end() == len(address.string) else ""
    return f"{before}`{address[1]}`{after}"


def _seen(text: str) -> str:
    """With every invisible character written out."""
    while (hidden := first_hidden(text)) is not None:
        text = text.replace(hidden, f"U+{ord(hidden):04X}")
    return text
