"""Forms of text in which a value is a secret whatever it looks like: elements, query parameters, options, connection strings.

Each row is a name and a regular expression for one line, matched without regard to case, whose group `value` is the secret.
Rows are tried only on lines that hold a telling word, such as *password*, or an address with a user in it.
"""

from __future__ import annotations

import re

_WORD = (
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_\-]?key|access[_\-]?key|private[_\-]?key|signature|auth)"
)
_NAME = rf"[\w.\-:]{{0,60}}{_WORD}[\w.\-:]{{0,60}}"
_SHORT = r"[^\s\"'`<>(){}\[\]$%&;,]{5,200}"

FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("element", rf"<{_NAME}(?:\s[^<>]{{0,200}})?>\s{{0,20}}(?P<value>{_SHORT})\s{{0,20}}</"),
        ("key and value", rf"(?:key|name)=\"{_NAME}\"\s+value=\"(?P<value>{_SHORT})\""),
        ("query parameter", rf"[?&]{_NAME}=(?P<value>[\w\-.~+/%]{{8,200}})"),
        ("line of a Dockerfile", rf"^\s*(?:ENV|ARG)\s+{_NAME}[ \t]+(?P<value>{_SHORT})\s*$"),
        ("option", rf"(?<![\w\-])--?{_NAME}[ =](?P<value>{_SHORT})(?=\s|$)"),
        ("user and password", r"\s(?:-u[ =]?|--user[ =])[^\s:\"']{1,60}:(?P<value>[^\s\"'$]{5,200})"),
        ("connection string", rf"[;\"'](?:{_WORD}|account[_\-]?key)=(?P<value>[^\s\"'`;<>(){{}}$]{{5,}})"),
        ("netrc", rf"\blogin\s{{1,9}}\S{{1,99}}\s{{1,9}}password\s{{1,9}}(?P<value>{_SHORT})"),
        (
            "variable before a command",
            rf"(?:^|\s)[A-Z_0-9]{{0,60}}{_WORD}[A-Z_0-9]{{0,60}}=(?P<value>{_SHORT})\s+[\w./]",
        ),
    )
)

USER_OF_AN_ADDRESS = re.compile(r"://(?P<value>[A-Za-z0-9_\-.]{12,})@")
"""Some services take a token in the place of a user."""
