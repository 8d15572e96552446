"""Characters that cannot be seen, or that turn the direction of others, could hide what an accepted line does: refused.

Joiners that a script or an emoji needs are not among them: a zero-width joiner between letters of Arabic or Indic words, or
between two emoji, a variation selector after a symbol. Half of a surrogate pair is no character at all: some editors cannot
even read the message that holds one. (The attack is "Trojan Source", CVE-2021-42574.)
"""

from __future__ import annotations

import re
import unicodedata

from lsp_server.place import Place
from lsp_server.rules.verdict import Drop

_SUSPECT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    r"\ud800-\udfff\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_LEADING = re.compile(r"[\u200b\u2060\ufeff]+")
_JOINERS = "\u200c\u200d"
_JOINING_SCRIPTS = (
    "ARABIC", "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "KANNADA", "KHMER", "MALAYALAM", "MONGOLIAN", "ORIYA", "SINHALA",
    "SYRIAC", "TAMIL", "TELUGU", "TIBETAN", "NKO", "MYANMAR",
)  # fmt: skip


def invisible(text: str, place: Place) -> str | Drop:
    # Some models put a zero-width space or a byte order mark before their first word; there it hides nothing.
    text = _LEADING.sub("", text, count=1) if _LEADING.match(text) else text
    hidden = first_hidden(text)
    return text if hidden is None else Drop(f"an invisible control character, U+{ord(hidden):04X}")


def first_hidden(text: str) -> str | None:
    """The first character that is not seen and that no script needs where it stands; None where there is none."""
    return next((match[0] for match in _SUSPECT.finditer(text) if not _belongs(text, match.start())), None)


def _belongs(text: str, at: int) -> bool:
    character = text[at]
    former, later = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if character in _JOINERS:
        return _joins(former) and (character == "\u200c" or not later or _joins(later))
    if "\ufe00" <= character <= "\ufe0e":
        return bool(former) and unicodedata.category(former)[0] in "LSNP" and not former.isascii()
    if "\U000e0020" <= character <= "\U000e007f":
        return bool(former) and (former == "\U0001f3f4" or "\U000e0020" <= former <= "\U000e007e")
    return False


def _joins(character: str) -> bool:
    if not character:
        return False
    if unicodedata.category(character) in ("So", "Sk") or character == "\ufe0f":
        return True
    return unicodedata.name(character, "").startswith(_JOINING_SCRIPTS)
