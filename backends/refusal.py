"""What a server says when it does not answer: every error body in use, and what the caller can do about it.

The shapes are those that Mistral's API, its gateways, OpenAI-compatible servers, llama.cpp and proxies were seen to send: an
`error` object or string, a `message` that is a string, an object or a list, a FastAPI `detail`, plain text, HTML. Nothing is
indexed blindly, and what a server echoes of the request never reaches a message.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from backends.errors import (
    AGAIN,
    BackendError,
    BadReply,
    BadRequest,
    QuotaSpent,
    RateLimited,
    TimedOut,
    Unauthorised,
    Unreachable,
)

WORDS_LIMIT = 200
"""Characters of a server's own words that a message may repeat."""

ECHO_LENGTH = 12
"""So many characters in a row that also stand in the request make a server's words an echo of the user's text."""

WEB_PAGE = "It sent a web page, as a proxy or a login portal does."

LONGEST_WAIT = 300.0
USUAL_WAIT = 10.0
SPENT_WORDS = (
    "insufficient_quota",
    "budget has been exceeded",
    "budget exceeded",
    "exceeded budget",
    "exceeded your current quota",
)
KEY_NOT_FOUND = "no_db_connection"
"""What LiteLLM without a database calls a key that is not its master key, with status 400."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that is not the answer. `words` are the server's own, cut and cleaned, "" when it had none that may be shown;
    `code` and `kind` as the body gave them; `headers` in lower case; `keyed` whether the request carried a key."""

    status: int
    words: str
    code: str
    kind: str
    headers: Mapping[str, str]
    keyed: bool = True


def read(status: int, headers: Mapping[str, str], body: bytes, *, sent: str = "", keyed: bool = True) -> Refusal:
    """`sent` is the text of the request: words of the server that repeat a stretch of it are withheld."""
    try:
        parsed: Any = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    inner = parsed
    if isinstance(parsed, dict) and isinstance(parsed.get("error"), dict):
        inner = parsed["error"]
    found = inner if isinstance(inner, dict) else {}
    words = _words(inner) if parsed is not None else _plain(body, headers)
    words = _clean(words)
    if _echoes(words, sent):
        words = ""
    return Refusal(status, words, str(found.get("code") or ""), str(found.get("type") or ""), headers, keyed)


def as_error(backend: str, origin: str, refusal: Refusal) -> BackendError:
    """The error that fits any provider; a provider's file may know better and ask before this is asked."""
    status = refusal.status
    said = _said(refusal)
    if 300 <= status < 400:
        return _redirected(backend, origin, refusal)
    if status in (401, 403) or refusal.kind == KEY_NOT_FOUND:
        if not refusal.keyed:
            what = f"{origin} wants a key ({status}), and none is set.{said}"
            return Unauthorised(backend, what, f"Set one with `infill key set --base-url {origin}`.")
        verb = "does not allow this key to do that" if status == 403 else "does not accept the key"
        return Unauthorised(backend, f"{origin} {verb} ({status}).{said}", "Set the right one with `infill key set`.")
    if status == 402 or _is_spent(refusal):
        return QuotaSpent(
            backend, f"The limit of the plan or budget is reached ({status}).{said}", "Raise it at the provider."
        )
    if status == 407:
        return Unreachable(
            backend, "The proxy asks for a user name and password (407).", "Give them in the setting `proxy`."
        )
    if status == 408:
        return TimedOut(backend, f"{origin} gave up waiting (408).", AGAIN)
    if status in (429, 529) or (status == 503 and _is_full(refusal)):
        after = wait_of(refusal.headers)
        return RateLimited(
            backend, f"{origin} asks to wait ({status}).{said}", f"{AGAIN[:-1]} in {after:.0f} s.", after
        )
    if status == 404:
        mend = "Check `base_url` and `model`; `infill doctor` lists the models."
        return BadRequest(backend, f"{origin} has no such path or model (404).{said}", mend)
    if 400 <= status < 500 and status != 425:
        return BadRequest(backend, f"{origin} refuses the request ({status}).{said}", "Check `model` and `base_url`.")
    if status >= 500 or status == 425:
        return BadReply(backend, f"{origin} is in trouble ({status}).{said}", AGAIN)
    return BadReply(backend, f"{origin} answered {status} without a completion.", "Check `base_url`.")


def wait_of(headers: Mapping[str, str]) -> float:
    """Seconds that a reply asks to wait: `retry-after-ms`, then `Retry-After` as seconds or as a date, measured from the
    reply's own `Date` so that a wrong clock here does no harm. At most five minutes; ten seconds where it makes no sense."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return min(milliseconds / 1000, LONGEST_WAIT)
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None:
        return min(seconds, LONGEST_WAIT)
    until, now = _moment(text), _moment(headers.get("date", ""))
    if until is None or now is None:
        return USUAL_WAIT
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def _said(refusal: Refusal) -> str:
    if refusal.words in ("", WEB_PAGE):
        return f" {refusal.words}".rstrip()
    return f' It says "{refusal.words}".'


def _redirected(backend: str, origin: str, refusal: Refusal) -> BadRequest:
    target = _clean(refusal.headers.get("location", "")).partition("?")[0]
    what = f"{origin} sends the request on to {target or 'another address'} ({refusal.status}), which is refused:"
    return BadRequest(
        backend, f"{what} the key and the text go to no other place.", "Set `base_url` to the address meant."
    )


def _is_spent(refusal: Refusal) -> bool:
    said = f"{refusal.words} {refusal.code} {refusal.kind}".lower()
    return 400 <= refusal.status < 500 and any(words in said for words in SPENT_WORDS)


def _is_full(refusal: Refusal) -> bool:
    return "retry-after" in refusal.headers or "capacity" in refusal.words.lower()


def _words(found: Any, depth: int = 4) -> str:
    """The server's words in a parsed body of any shape. Never `input` nor `ctx`, which repeat the request."""
    if isinstance(found, str):
        return found
    if isinstance(found, list) and depth:
        return "; ".join(words for each in found[:3] if (words := _words(each, depth - 1)))
    if not isinstance(found, dict) or not depth:
        return ""
    if isinstance(found.get("msg"), str):
        where = found.get("loc")
        place = ".".join(str(step) for step in where) if isinstance(where, list) else ""
        return f"{place}: {found['msg']}" if place else str(found["msg"])
    named = (_words(found.get(name), depth - 1) for name in ("message", "detail", "error"))
    return next((words for words in named if words), "")


def _plain(body: bytes, headers: Mapping[str, str]) -> str:
    if "html" in headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<":
        return WEB_PAGE
    return body[: WORDS_LIMIT * 4].decode("utf-8", errors="ignore")


def _clean(words: str) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return line if len(line) <= WORDS_LIMIT else line[: WORDS_LIMIT - 1] + "…"


def _echoes(words: str, sent: str) -> bool:
    flat = " ".join(sent.split())
    return any(words[at : at + ECHO_LENGTH] in flat for at in range(len(words) - ECHO_LENGTH + 1))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
