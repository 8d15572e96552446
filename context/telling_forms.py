"""Forms of text in which a value is a secret whatever it looks like: elements, query parameters, options, connection strings.

Each row is a name and a regular expression for one line, matched without regard to case, whose group `value` is the secret.
Rows are tried only on lines that hold a telling word, such as *password*, or an address with a user in it.
"""

from __future__ import annotations

import re

_WORD = (
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_\-]?key|access[_\-]?key|private[_\-]?key|signature|auth)"
)
_NAME = rf"[\w.\-:]*{_WORD}[\w.\-:]*"
_SHORT = r"[^\s\"'`<>(){}\[\]$%&;,]{5,}"

FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("element", rf"<{_NAME}(?:\s[^<>]*)?>\s*(?P<value>{_SHORT})\s*</"),
        ("key and value", rf"(?:key|name)=\"{_NAME}\"\s+value=\"(?P<value>{_SHORT})\""),
        ("query parameter", rf"[?&]{_NAME}=(?P<value>[\w\-.~+/%]{{8,}})"),
        ("line of a Dockerfile", rf"^\s*(?:ENV|ARG)\s+{_NAME}[ \t]+(?P<value>{_SHORT})\s*$"),
        ("option", rf"(?<![\w\-])--?{_NAME}[ =](?P<value>{_SHORT})(?=\s|$)"),
        ("user and password", r"\s(?:-u|--user)[ =][^\s:\"']+:(?P<value>[^\s\"'$]{5,})"),
        ("connection string", rf"[;\"'](?:{_WORD}|account[_\-]?key)=(?P<value>[^\s\"'`;<>(){{}}$]{{5,}})"),
        ("netrc", rf"\blogin\s+\S+\s+password\s+(?P<value>{_SHORT})"),
        ("variable before a command", rf"(?:^|\s)[A-Z_0-9]*{_WORD}[A-Z_0-9]*=(?P<value>{_SHORT})\s+[\w./]"),
    )
)

USER_OF_AN_ADDRESS = re.compile(r"://(?P<value>[A-Za-z0-9_\-.]{12,})@")
"""Some services take a token in the place of a user."""
