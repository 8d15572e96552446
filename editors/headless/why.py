"""`infill why FILE:LINE:COL`: what would be asked there, what is left out and why, the exact prompt. Sends nothing."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from editors.headless.command import Command
from editors.headless.config import settings_here
from editors.headless.considered import rows
from editors.headless.exits import Exit
from editors.headless.place import Place, as_named, root_of
from editors.headless.terminal import Ink, visible, visible_line
from lsp_server.command_line import add_flags

if TYPE_CHECKING:
    from editors.headless.asking import Question
    from lsp_server.rules import Drop, Shown

EXAMPLES = """\
  infill why src/app.py:12:5                            what would be asked at line 12, column 5
  infill why src/app.py:12:5 --backend mistral          what Mistral would get, byte by byte
  infill why src/app.py:12:5 --answer 'return total'    what each rule would make of this answer
"""

UNTOLD = "Without `model`, the server's list of models decides how it is asked: see it with `--model NAME`."


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", type=Place.parse, metavar="FILE:LINE:COL")
    parser.add_argument("--answer", metavar="TEXT", help="an answer of a model, to see what each rule does to it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    from editors.headless.asking import Question

    place: Place = arguments.place
    cursor = place.cursor()
    settings = settings_here(arguments, as_named(place.path).parent).settings
    question = Question(cursor, root_of(place.path), settings)
    report = _report(question, arguments.answer)
    asyncio.run(_origins(question, report))
    print(json.dumps(report, indent=2) if arguments.json else _text(report))
    return Exit.DONE


async def _origins(question: Question, report: dict[str, Any]) -> None:
    """Adds the files that the answer would come from, where the backend answers from files."""
    if report["asked"]:
        report["comes_from"] = [{"path": path, "share": share} for path, share in await question.comes_from()]
    await question.aclose()


def _report(question: Question, answer: str | None) -> dict[str, Any]:
    """Everything, as JSON has it; `_text` only lays it out."""
    from dataclasses import asdict

    from backends.closed import Closed
    from backends.preview import asked, preview
    from context.privacy import MASK

    nothing, card = question.refusal(), question.backend.card
    context, candidates = question.context()
    backend, outgoing = asked(question.backend), None
    closed = str(backend.error) if isinstance(backend, Closed) else ""
    if nothing is None and not closed:
        outgoing = preview(question.backend, question.request(context))
    texts = (context.prefix, context.suffix, *(excerpt.text for excerpt in context.excerpts))
    report: dict[str, Any] = {
        "asked": nothing is None and not closed,
        "reason": f"{nothing.reason}{nothing.detail and f': {nothing.detail}'}" if nothing else closed,
        "backend": {"name": card.name, "model": card.model, "origin": card.origin, "sends": card.sends},
        "actions": _talking(question),
        "language": context.language,
        "extent": str(question.extent),
        "considered": [asdict(candidate) for candidate in candidates],
        "left_out": [asdict(one) for one in context.left_out],
        "masked_secrets": sum(text.count(MASK) for text in texts),
        "context": {"path": context.path, "prefix": context.prefix, "suffix": context.suffix},
        "request": outgoing,
        "no_request": UNTOLD if outgoing is None and nothing is None and not closed and card.origin else "",
    }
    if answer is not None:
        report["rules"] = [_step(step.rule, step.before, step.after) for step in question.explain(answer)]
        report["outcome"] = _outcome(question.outcome(answer))
    return report


def _talking(question: Question) -> dict[str, Any]:
    """Which model would explain, edit and review, and why that one."""
    from backends.errors import BackendError
    from backends.registry import chatter
    from context.clock import MonotonicClock
    from lsp_server.from_settings import backend_config

    settings = question.settings
    try:
        card = chatter(backend_config(settings), clock=MonotonicClock()).card()
    except BackendError as error:
        return {"offered": False, "model": "", "review_model": "", "why": error.what}
    by_default = "the backend's choice for a prompt of usual length" if card.model else "since `chat_model` is empty"
    return {
        "offered": True,
        "model": card.model,
        "review_model": settings.review_model or card.model,
        "why": "the setting `chat_model`" if settings.chat_model else by_default,
    }


def _step(rule: str, before: str, after: Any) -> dict[str, Any]:
    if isinstance(after, str):
        return {"rule": rule, "changed": after != before, "after": after}
    return {"rule": rule, "changed": True, "dropped": after.reason}


def _outcome(outcome: Shown | Drop) -> dict[str, Any]:
    from lsp_server.rules import Drop

    if isinstance(outcome, Drop):
        return {"shown": False, "reason": outcome.reason}
    return {"shown": True, "text": outcome.text, "replaces": outcome.replaces}


def _text(report: Mapping[str, Any]) -> str:
    return "\n".join(
        [*_whether(report), *_considered(report), *_comes_from(report), *_request(report), *_rules(report)]
    )


def _title(words: str) -> str:
    return f"\n{Ink(sys.stdout).bold(words)}"


def _whether(report: Mapping[str, Any]) -> list[str]:
    backend = report["backend"]
    name = " ".join(part for part in (backend["name"], backend["model"]) if part and part != "workspace") or "workspace"
    where = f"at {backend['origin']}" if backend["origin"] else "inside this process"
    sends = "text leaves this machine" if backend["sends"] else "no text leaves this machine"
    if not report["asked"]:
        return [f"Nothing would be asked: {visible_line(report['reason'])}"]
    talking = report["actions"]
    model = talking["model"] or "the first model that the server lists"
    talks = f"Actions: {model}, {talking['why']}." if talking["offered"] else f"No actions: {talking['why']}"
    return [
        f"{visible_line(name)} would be asked, {visible_line(where)}; {sends}.",
        visible_line(talks),
        f"Language {report['language'] or 'unknown'}; up to the end of the {report['extent']} would be shown; "
        f"secrets masked: {report['masked_secrets']}.",
    ]


def _considered(report: Mapping[str, Any]) -> list[str]:
    found = rows(report["considered"])
    found += [
        f"  {visible_line(one['path'] or one['why'])}: {visible_line(one['reason'])}" for one in report["left_out"]
    ]
    return [_title("Considered besides the file itself"), *(found or ["  nothing: no other file is open here"])]


def _comes_from(report: Mapping[str, Any]) -> list[str]:
    rows = [f"  {100 * one['share']:4.0f} %  {visible_line(one['path'])}" for one in report.get("comes_from", ())[:12]]
    return [_title("Files that the answer comes from"), *rows] if rows else []


def _request(report: Mapping[str, Any]) -> list[str]:
    if not report["asked"]:
        return []
    if report["request"] is not None:
        return [_title("The request, as it would be sent"), visible(_readable(report["request"]))]
    context = report["context"]
    untold = [_title("The request"), visible_line(report["no_request"])] if report["no_request"] else []
    return [
        *untold,
        _title("Before the cursor"),
        visible(context["prefix"]),
        _title("After the cursor"),
        visible(context["suffix"]),
    ]


def _readable(request: Mapping[str, Any]) -> str:
    """Long texts as they read, everything else as JSON."""
    rows = []
    for name, value in request.items():
        long = isinstance(value, str) and "\n" in value
        rows.append(f"{name}:\n{_quoted(value)}" if long else f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(rows)


def _quoted(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.split("\n"))


def _rules(report: Mapping[str, Any]) -> list[str]:
    if "rules" not in report:
        return []
    rows = []
    for step in report["rules"]:
        if "dropped" in step:
            rows.append(f"  {step['rule']}: drops it, {visible_line(step['dropped'])}")
        elif step["changed"]:
            rows.append(f"  {step['rule']}:\n{visible(_quoted(step['after']))}")
        else:
            rows.append(f"  {step['rule']}: leaves it")
    return [_title("What the rules would make of the answer"), *rows, *_verdict(report["outcome"])]


def _verdict(outcome: Mapping[str, Any]) -> list[str]:
    if not outcome["shown"]:
        return [_title("Nothing would be shown"), f"  {visible_line(outcome['reason'])}"]
    count = outcome["replaces"]
    instead = f", in place of {count} character{'s' * (count > 1)} after the cursor" if count else ""
    return [_title(f"What would be shown{instead}"), visible(_quoted(outcome["text"]))]


COMMAND = Command(EXAMPLES, _arguments, _run)
