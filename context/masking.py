"""Finds secret-like text, so that `Gate.clear` can mask it.

Three kinds of evidence, from sure to likely: a published token format (`token_shapes.SHAPES`) or a key block; a value
next to a word such as *password* or *api key*; a long run of characters that no person would type. What is ordinary
code must pass: at most one line in a thousand of real projects may be altered, which `tests/test_masking.py` guards.

Work is proportional to the few long runs of token characters in a text, not to its length times the number of formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from math import log2

from context.telling_forms import FORMS, USER_OF_AN_ADDRESS
from context.token_shapes import CLASSES, SHAPES

Span = tuple[int, int]

_FIELD = re.compile(r"\{([A-Z])(\d+)\}")
_RUN = re.compile(r"(?<![\w./+\-])[\w./+\-$][\w./+\-=:~$]{15,}")
_MIXED_RUN = re.compile(r"[A-Za-z0-9_+/\-]{24,}={0,2}")
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----"
    r"(?:[A-Za-z0-9+/=\s\\\"',:.*#\-]{40,20000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----|"
    r"(?:[\s\\\"',*#]*+[A-Za-z0-9+/=]{16,}+)+)"
)
_KEY_END = re.compile(r"^[^\n]{0,8}-----END [A-Z0-9 ]{0,40}PRIVATE KEY", re.M)
_KEY_LINE = re.compile(r"[ \t\"'#*]*+[A-Za-z0-9+/=]{16,76}+(?:\\n|[\"',+ \t])*+\r?\n")
_KEY_BODY = re.compile(r"(?:^[ \t\"'#*]*+[A-Za-z0-9+/]{60,76}+(?:\\n|[\"',+ \t])*+\r?\n){3,}+", re.M)
_MOST_KEY_LINES = 200
_URL_PASSWORD = re.compile(r"\b[a-zA-Z][\w+.\-]{0,30}://[^\s:/@\"'<>{}$]{0,200}:([^\s/@\"'<>*][^\s/@\"'<>]{0,200})@")
_FILLED_IN = re.compile(r"\$?\{[^{}]*\}|\$\w+|%[\w(]\S*")
_BEARER = re.compile(r"\b(?:bearer|basic|token)\s+([A-Za-z0-9_\-.=+/~]{16,})", re.I)

_WORDS = (
    "passw", "passwd", "pwd", "passphrase", "secret", "token", "api_key", "apikey", "api-key", "access_key", "accesskey",
    "access-key", "private_key", "privatekey", "credential", "auth", "signing", "encrypt", "account_key", "accountkey",
    "master_key", "license_key", "client_id", "webhook", "connectionstring", "connection_string", "sig=", "_key", "x-key",
    " -u", "--user",
)  # fmt: skip
_ASSIGNED = re.compile(
    r"(?<![\w\-.])(?P<name>[\w\-.]{0,60}(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_\-]?key|access[_\-]?key|private[_\-]?key|"
    r"credentials?|auth|signing|encrypt|account[_\-]?key|master[_\-]?key|license[_\-]?key|webhook|[a-z]_key|x-key)[\w\-.]{0,60})"
    r"[\"'`\])]{0,3}\s{0,20}(?::\s{0,4}[&*]?[A-Za-z][\w.\[\]<>|?, ]{0,40}?=|:=|=>|[=:,(]|\s(?=[\"']))\s{0,20}[(\[]?\s{0,20}"
    r"(?P<quote>[brfu]{0,2}[\"'`])?(?P<value>[^\s\"'`,;<>(){}\[\]]{6,})",
    re.I,
)
_PASSWORD_NAME = re.compile(r"passw(?:or)?d|passwd|pwd|passphrase|secret", re.I)
_NAMES_A_HASH = re.compile(
    r"hash|sha\d|digest|checksum|integrity|commit|revision|nonce|fingerprint|token_(?:type|id)s?\b", re.I
)
_PLACEHOLDER = re.compile(
    r"x{4,}|\*{3,}|\.{3}|example|placeholder|change_?me|your|dummy|redacted|masked|\$\{|\{\{|%\(|%s|<|^none$|^null$|^true$|^false$",
    re.I,
)
_TELLING = re.compile(r"[0-9!@#$%^&*+]")
_SETTING_LINE = re.compile(r"\s*(?:export\s+|set\s+|-\s+|ENV\s+)?[\w.\-]+\s*[=:]\s*\S+\s*$")
_CODE = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->)\w*)+")
_WORDY = re.compile(r"[A-Za-z_][a-z]*+(?:[_.\-/A-Z][a-z]*+)*+[0-9]{0,2}")


def secret_spans(text: str) -> list[Span]:
    """Where secret-like text lies: (start, end) in code points, in order, not overlapping."""
    found = sorted(_found(text))
    merged: list[Span] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _found(text: str) -> Iterator[Span]:
    if "PRIVATE KEY" in text:
        yield from (match.span() for match in _KEY_BLOCK.finditer(text))
        yield from _key_tails(text)
    for match in _RUN.finditer(text):
        run, start = match.group(), match.start()
        if _has_digit(run) or not run.islower():  # one token in a hundred has no digit; words of lower case are names
            yield from (hit.span() for hit in _shapes().finditer(text, start, match.end()))
            yield from (
                (start + hit.start(), start + hit.end())
                for hit in _MIXED_RUN.finditer(run)
                if _typed_by_no_one(hit.group())
            )
    if "://" in text:
        yield from (match.span(1) for match in _URL_PASSWORD.finditer(text) if not _stands_in(match.group(1)))
        yield from (match.span("value") for match in USER_OF_AN_ADDRESS.finditer(text) if _has_digit(match["value"]))
    if _three_long_lines(text):
        yield from (match.span() for match in _KEY_BODY.finditer(text) if _has_digit(match.group()))
    yield from _assigned(text)


def _key_tails(text: str) -> Iterator[Span]:
    """The lines of a key that end in its last one, where the window cuts off the first: told from the end, line by line back."""
    for end in _KEY_END.finditer(text):
        start = end.start()
        for _ in range(_MOST_KEY_LINES):
            before = text.rfind("\n", 0, start - 1) + 1
            if start == 0 or start - before > 200 or not _KEY_LINE.fullmatch(text, before, start):
                break
            start = before
        if start < end.start():
            yield start, end.end()


def _stands_in(value: str) -> bool:
    """Whether a value in an address is a name that something fills in."""
    return _FILLED_IN.fullmatch(value) is not None or (_PLACEHOLDER.search(value) is not None and "$" not in value)


def _assigned(text: str) -> Iterator[Span]:
    """Values next to a telling word, looked for only on lines that hold one."""
    lower = text.replace("İ", "i").lower()  # the one letter that grows when it is lowered, and offsets would move
    done = -1
    for at in sorted({at for word in _WORDS for at in _places(lower, word)}):
        if at < done:
            continue
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        done = len(text) if end < 0 else end
        line = text[start:done]
        if not _TELLING.search(line):
            continue
        for match in _ASSIGNED.finditer(line):
            if _looks_secret(match.group("name"), match.group("value"), bool(match.group("quote")), line):
                yield start + match.start("value"), start + match.end("value")
        for _, form in FORMS:
            for match in form.finditer(line):
                value = match["value"]
                if _has_digit(value) and not _PLACEHOLDER.search(value) and not _CODE.fullmatch(value):
                    yield start + match.start("value"), start + match.end("value")
        for match in _BEARER.finditer(line):
            if _has_digit(match.group(1)) and not _WORDY.fullmatch(match.group(1)):
                yield start + match.start(1), start + match.end(1)


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        line_end = text.find("\n", at)
        at = text.find(word, line_end) if line_end >= 0 else -1


def _looks_secret(name: str, value: str, quoted: bool, line: str) -> bool:
    if _PLACEHOLDER.search(value) or _NAMES_A_HASH.search(name) or "://" in value:
        return False
    if _PASSWORD_NAME.search(name):
        # A password is short and may hold a word; code that computes one is not quoted, unless the line is a setting.
        literal = quoted or (_SETTING_LINE.match(line) is not None and not _CODE.fullmatch(value))
        if literal and not _WORDY.fullmatch(value):
            return _has_digit(value) or bool(re.search(r"[!@#$%^&*+]", value))
    if not quoted and (_CODE.fullmatch(value) or not re.match(r"\s*[\w.\-\"' ]+\s*[=:]", line)):
        return False
    return len(value) >= 16 and _has_digit(value) and not _WORDY.fullmatch(value) and _entropy(value) >= 3.2


def _typed_by_no_one(run: str) -> bool:
    """True for long runs whose neighbouring characters change class as often as in random base64: names and paths do not."""
    run = run.rstrip("=")
    if len(run) < 24 or run.count("/") > len(run) // 12 or len(set(run)) < 15:
        return False
    kinds = ["U" if c.isupper() else "l" if c.islower() else "d" if c.isdigit() else "-" for c in run]
    if {"U", "l", "d"} - set(kinds) or kinds.count("-") > len(run) // 8:
        return False
    changes = sum(a != b for a, b in pairwise(kinds)) / (len(kinds) - 1)
    return changes >= 0.42 and _entropy(run) >= 3.9


def _entropy(value: str) -> float:
    """Shannon entropy in bits for each character."""
    total = len(value)
    return -sum(n / total * log2(n / total) for n in (value.count(c) for c in set(value)))


def _has_digit(value: str) -> bool:
    return any("0" <= c <= "9" for c in value)


def _three_long_lines(text: str) -> bool:
    return any(len(line) >= 60 and " " not in line.strip() for line in text.split("\n"))


_BORDER = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbfv0])|(?<=%[0-9A-Fa-f]{2}))"
"""Before a token stands no letter or digit, unless it ends an escape or an encoded character."""


@cache
def _shapes() -> re.Pattern[str]:
    """All formats in one alternation, each anchored at a border so that a name which merely contains a prefix passes."""
    return re.compile(_BORDER + "(?:" + "|".join(shape_pattern(template) for _, template in SHAPES) + ")")


def shape_pattern(template: str) -> str:
    """The regular expression of one row of `SHAPES`."""
    parts: list[str] = []
    position = 0
    fields = list(_FIELD.finditer(template))
    for number, field in enumerate(fields):
        letters, least = CLASSES[field[1]], int(field[2])
        last = number == len(fields) - 1 and field.end() == len(template)
        parts.append(re.escape(template[position : field.start()]))
        parts.append(f"[{letters}]" + (f"{{{least},}}" if last or least in (0, 10, 20) else f"{{{least}}}"))
        position = field.end()
    parts.append(re.escape(template[position:]))
    return "".join(parts)
