"""`infill act review`: findings as text, JSON or SARIF, with an exit code by severity, so that it serves in a CI."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from backends.api import Usage
from context.snapshot import Snapshot
from editors.headless import sarif, since
from editors.headless.act_report import declined, paid
from editors.headless.exits import Exit
from editors.headless.hand import Hand, agreed
from editors.headless.place import open_snapshot
from editors.headless.stretch import Stretch
from editors.headless.terminal import Ink, visible, visible_line
from lsp_server.actions.edits import lines_of
from lsp_server.actions.findings import Finding, Severity
from lsp_server.actions.outcome import Declined
from lsp_server.actions.review import Estimate, Reviewed, estimate
from lsp_server.usage import cost_of

LARGE = 20_000  # tokens from which the user is asked first

Job = tuple[Snapshot, list[tuple[int, int]]]  # a snapshot, and what to review of it


async def run(hand: Hand, arguments: argparse.Namespace) -> int:
    jobs, left_out = _jobs(hand, arguments)
    unknown = _untracked(hand, arguments)
    if not jobs and left_out:
        reason = " ".join([f"There is nothing to review: {next(iter(left_out.values()))}.", *unknown])
        return declined(Declined(reason), as_json=arguments.json)
    if not jobs:  # no failure: a CI asks whenever somebody pushes
        print(f"infill: Nothing has changed since {visible_line(arguments.diff)}.", file=sys.stderr)
        _print(hand, arguments, [], unknown)
        return Exit.DONE
    hand.must_talk()
    if not _may_go_on(hand, jobs, yes=arguments.yes):
        return Exit.NOTHING
    results: list[Reviewed] = []
    refused: list[str] = []
    for snapshot, spans in jobs:
        hand.open(snapshot)
        about = "the changed lines" if arguments.diff else "the lines to review"
        result = await hand.acts.review(snapshot, spans, about=about, report=hand.report)
        if isinstance(result, Declined):
            refused.append(f"{hand.gate.relative(snapshot.path)}: {result.reason}")
        else:
            results.append(result)
    if refused and not results:
        return declined(Declined(" ".join(refused)), as_json=arguments.json)
    _print(hand, arguments, results, [*refused, *(f"{name}: {why}" for name, why in left_out.items()), *unknown])
    # A part that could not be read might have held anything.
    return Exit.NOTHING if refused or _fails(results, arguments.fail_on) else Exit.DONE


def _jobs(hand: Hand, arguments: argparse.Namespace) -> tuple[list[Job], dict[str, str]]:
    """What to review, and which changed files the gate keeps from models."""
    where: Stretch | None = arguments.where
    if not arguments.diff:
        assert where is not None, "checked before"
        snapshot, start, end = where.open()
        hand.open(snapshot)
        chosen = hand.acts.chosen(snapshot, start, end) if where.first else None
        return [(snapshot, [(chosen.start, chosen.end) if chosen else (0, len(snapshot.text))])], {}
    jobs: list[Job] = []
    left_out: dict[str, str] = {}
    only = where.path.resolve() if where else None
    top = since.top_of(hand.root)
    for path, rows in since.changed(top, arguments.diff):
        if only is not None and path.resolve() != only:
            continue
        reason = hand.gate.refusal(path, cross_file=True)
        if reason is not None:
            left_out[hand.gate.relative(path)] = reason
            continue
        snapshot = open_snapshot(path)
        starts = [0]
        for line in lines_of(snapshot.text):
            starts.append(starts[-1] + len(line))
        jobs.append((snapshot, [(starts[first], starts[min(last, len(starts) - 1)]) for first, last in rows]))
    return jobs, left_out


def _untracked(hand: Hand, arguments: argparse.Namespace) -> list[str]:
    """That git does not know some files, where what it knows is reviewed."""
    if not arguments.diff:
        return []
    only = arguments.where.path.resolve() if arguments.where else None
    files = [path for path in since.untracked(since.top_of(hand.root)) if only in (None, path.resolve())]
    if not files:
        return []
    what, it = (
        ("One file that git does not track was", "it")
        if len(files) == 1
        else (f"{len(files)} files that git does not track were", "them")
    )
    return [f"{what} left out: `git add` {it} to have {it} reviewed."]


def _may_go_on(hand: Hand, jobs: list[Job], *, yes: bool) -> bool:
    """Says what a large review will take, and asks."""
    whole = Estimate(0, 0)
    for snapshot, spans in jobs:
        one = estimate(snapshot.text, spans)
        whole = Estimate(whole.requests + one.requests, whole.tokens + one.tokens)
    if whole.tokens < LARGE:
        return True
    cost = cost_of(Usage(prompt=whole.tokens), hand.acts.card)
    price = f", about ${cost:.2f} and the answers" if cost else ""
    print(f"This takes about {whole.tokens:,} tokens in {whole.requests} requests{price}.", file=sys.stderr)
    return agreed("Go on?", yes=yes)


def _print(hand: Hand, arguments: argparse.Namespace, results: list[Reviewed], refused: list[str]) -> None:
    named = [(hand.gate.relative(result.snapshot.path), result) for result in results]
    if arguments.sarif:
        print(
            json.dumps(
                sarif.log([(name, finding) for name, result in named for finding in result.review.findings]), indent=2
            )
        )
        return
    if arguments.json:
        print(json.dumps(_report(hand, named, refused), indent=2))
        return
    count = 0
    for name, result in named:
        for finding in result.review.findings:
            count += 1
            _show(name, finding)
    notes = [f"{count} finding{'' if count == 1 else 's'}."]
    dropped = sum(result.review.dropped for result in results)
    odd = sum(result.review.malformed for result in results)
    unread = sum(result.unread for result in results)
    notes += [f"{dropped} more were dropped: what they quote is not there."] if dropped else []
    notes += [f"{odd} more were not in the form that was asked for."] if odd else []
    notes += [f"{unread} parts were not reviewed: no usable answer."] if unread else []
    print(" ".join([*notes, *map(visible, refused)]), file=sys.stderr)


def _show(name: str, finding: Finding) -> None:
    ink = Ink(sys.stdout)
    paint = ink.bad if finding.severity is Severity.ERROR else ink.bold
    place = f"{visible_line(name)}:{finding.first + 1}"
    print(f"{place}: {paint(finding.severity.value)}: {visible_line(finding.message)} [{finding.category}]")
    if finding.replacement is not None:
        for line in visible(finding.quote).splitlines():
            print(ink.bad(f"  - {line}"))
        for line in visible(finding.replacement).splitlines():
            print(ink.good(f"  + {line}"))


def _report(hand: Hand, named: list[tuple[str, Reviewed]], refused: list[str]) -> dict[str, Any]:
    rows = []
    for name, result in named:
        for finding in result.review.findings:
            row = asdict(finding)
            row |= {"file": name, "first_line": finding.first + 1, "last_line": finding.last + 1}
            rows.append({key: value for key, value in row.items() if key not in ("first", "last", "start", "end")})
    usages = [result.usage for _, result in named]
    total = Usage(
        sum(each.prompt for each in usages),
        sum(each.completion for each in usages),
        sum(each.cached for each in usages),
    )
    return {
        "done": True,
        "findings": rows,
        "dropped": sum(result.review.dropped for _, result in named),
        "malformed": sum(result.review.malformed for _, result in named),
        "unread": sum(result.unread for _, result in named),
        "not_reviewed": refused,
        **paid(hand.acts.card, total),
    }


def _fails(results: list[Reviewed], fail_on: str) -> bool:
    if fail_on == "never":
        return False
    grave = list(Severity)[: list(Severity).index(Severity(fail_on)) + 1]
    return any(finding.severity in grave for result in results for finding in result.review.findings)
