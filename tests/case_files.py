"""Cases as marked text: several in a file, each with the reason it is there.

    Why this case is here, in words.
    -- buffer: checks.js --
    function check(obj) {‸
    }
    -- model --

      return obj;
    }
    -- expect --
    function check(obj) {
      return obj;
    }

`-- expect: nothing: words --` where nothing is shown, with words of the reason. Cases stand apart by a line of equals signs.
`\\r`, `\\t` and `\\u....` in a model's text or a buffer are written out, so that what cannot be seen is seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from context.grammars import language_of
from context.snapshot import Cursor
from tests.marks import cursor_in

CASES = Path(__file__).parent / "cases"
_CASE = re.compile(
    r"(?s)(.*?)^-- buffer: (\S+) --\n(.*?)^-- model --\n(.*?)^-- expect(?:: nothing: (.*?))? --\n(.*)", re.MULTILINE
)
_ESCAPE = re.compile(r"\\(r|t|u[0-9a-f]{4}|U[0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Case:
    why: str
    cursor: Cursor
    answer: str
    document: str
    reason: str  # words of the reason for nothing, "" where something is shown

    def __str__(self) -> str:
        return self.why


def cases_in(file: str) -> list[Case]:
    """The cases of one file below tests/cases."""
    return [_case(text) for text in re.split(r"^=+\n", (CASES / file).read_text("utf-8"), flags=re.MULTILINE)]


def _case(text: str) -> Case:
    match = _CASE.fullmatch(text)
    assert match is not None, f"not a case:\n{text}"
    why, name, buffer, answer, reason, document = match.groups(default="")
    path = Path("/project") / name
    cursor = cursor_in(
        _plain(buffer), language=language_of(path) or path.suffix.removeprefix(".").replace("clj", "clojure"), path=path
    )
    return Case(" ".join(why.split()), cursor, _plain(answer).removesuffix("\n"), _plain(document), reason)


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: match[0].encode().decode("unicode-escape"), text)
