"""The ways in which models damage a right answer. Each is a function of a hole; the names are what tables show."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from editors.headless.selftest.holes import Hole, files

TOKENS = ("<|endoftext|>", "<fim_suffix>", "[SUFFIX]", "<|file_sep|>", "<｜end▁of▁sentence｜>", "<EOT>")
TALK = (
    "Here is the code that completes it:\n\n```{language}\n{text}\n```\n\nIt does what the surrounding code asks for."
)


def none(hole: Hole) -> str:
    return hole.truth


def suffix_overrun(hole: Hole) -> str:
    """It goes on with what stands below already."""
    rest, _, below = hole.after.partition("\n")
    return "\n".join([hole.truth + rest, *below.split("\n")[:3]])


def runaway(hole: Hole) -> str:
    """It does not end where the hole does, but writes another file."""
    other = next(text for name, text in files().items() if name != hole.name and name.startswith(hole.language))
    return f"{hole.truth}{hole.line_after}\n\n{other}"


def fence(hole: Hole) -> str:
    return f"```{hole.language}\n{hole.truth}\n```"


def repeated_prefix(hole: Hole) -> str:
    """It begins with the line that the cursor is in, or with the one above where that is blank."""
    if hole.line_before.strip():
        return hole.line_before + hole.truth
    above = hole.before.rstrip().rpartition("\n")[2]
    return f"{above}\n{hole.indent}{hole.truth}"


def doubled_bracket(hole: Hole) -> str:
    """It closes what is closed behind the cursor, or closes once more than it opened."""
    rest = hole.line_after.strip()
    return hole.truth + (rest or {"python": ")", "rust": ")"}.get(hole.language, "}"))


def stray_space(hole: Hole) -> str:
    return " " + hole.truth


def leaked_token(hole: Hole) -> str:
    token = TOKENS[len(hole.truth) % len(TOKENS)]
    return f"{hole.truth}{token}{hole.after[:40]}"


def crlf(hole: Hole) -> str:
    return hole.truth.replace("\n", "\r\n") + "\r\n"


def loop(hole: Hole) -> str:
    last = hole.truth.rpartition("\n")[2].strip()
    return hole.truth + hole.line_after + 15 * f"\n{hole.indent}{last}{hole.line_after}"


def chat_talk(hole: Hole) -> str:
    return TALK.format(language=hole.language, text=hole.truth)


def shifted_indent(hole: Hole) -> str:
    """A block as if it began at the margin; of a line, its indentation once more."""
    if "\n" not in hole.truth:
        return (hole.indent or "    ") + hole.truth
    return hole.truth.replace(f"\n{hole.indent}", "\n")


def empty(hole: Hole) -> str:
    return ""


DAMAGES: Mapping[str, Callable[[Hole], str]] = {
    "none": none,
    "suffix overrun": suffix_overrun,
    "runaway": runaway,
    "fence": fence,
    "repeated prefix": repeated_prefix,
    "doubled bracket": doubled_bracket,
    "stray space": stray_space,
    "leaked token": leaked_token,
    "CRLF": crlf,
    "loop": loop,
    "chat talk": chat_talk,
    "shifted indent": shifted_indent,
    "empty": empty,
}
UNDAMAGED = ("none", "empty")
"""Answers from which there is nothing to recover."""
