"""One HTML page of one or more runs: opened without network, and readable on a telephone. Everything is in the file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editors.headless.runs import charts
from editors.headless.runs.figures import Summary, by, facets, summary
from editors.headless.runs.libraries import require_libraries
from editors.headless.runs.measures import VISIBLE, measure, shown
from editors.headless.runs.rows import Row

HERE = Path(__file__).resolve().parent
SHARES = ("RoCC", "AR", "coverage", "precision", "keystrokes saved", "first line", "whole insertion", "pass@1")
SHORT = 14  # characters of a value that tells runs apart: enough of a version and a commit
MATCHES = ("EM, line start", "EM, mid-line", "EM, inside a name", "EM, block", "EM", "EM, whole", "ES")


@dataclass(frozen=True, slots=True)
class Told:
    """A run as the page shows it."""

    name: str
    about: Mapping[str, Any]
    summary: Summary
    parts: Mapping[str, Mapping[str, Summary]]
    waits: Sequence[float]


def write(path: Path, runs: Sequence[tuple[Mapping[str, Any], Sequence[Row]]], verdicts: Sequence[Any] = ()) -> None:
    """`verdicts` are the rows of a comparison. Raises `Stop` where the libraries for reports are not installed."""
    page = html(runs, verdicts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def html(runs: Sequence[tuple[Mapping[str, Any], Sequence[Row]]], verdicts: Sequence[Any] = ()) -> str:
    names = names_of([about for about, _ in runs])
    told = [_told(name, about, rows) for name, (about, rows) in zip(names, runs, strict=True)]
    return page("report.html.j2", title=_title(told), runs=told, charts=_charts(told), verdicts=verdicts)


def page(template: str, **values: Any) -> str:
    """A page from a template beside this file. What comes from a file or a model is escaped; charts are ours."""
    require_libraries()
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"figure": shown, "json": lambda value: json.dumps(value, ensure_ascii=False)}
    environment.globals |= {"measure": measure}
    rendered: str = environment.get_template(template).render(**values)
    return rendered


def names_of(abouts: Sequence[Mapping[str, Any]]) -> list[str]:
    """What tells runs apart, or their backends where one run is all there is."""
    settings = [_settings(about.get("plan", {})) for about in abouts]
    common = {name for name in settings[0] if len({json.dumps(one.get(name)) for one in settings}) == 1}
    made = []
    for number, one in enumerate(settings, 1):
        own = [f"{name}={str(value)[:SHORT]}" for name, value in one.items() if name not in {*common, "backend"}]
        label = " ".join([str(one.get("backend", "run")), *own])
        made.append(label if label not in made else f"{label} ({number})")
    return made


def _settings(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plan.items() if not isinstance(value, dict)} | dict(plan.get("settings", {}))


def _told(name: str, about: Mapping[str, Any], rows: Sequence[Row]) -> Told:
    parts = {facet: by(rows, facet) for facet in facets(rows)}
    waits = [wait for row in rows for wait in row.times.get(VISIBLE, ())]
    return Told(name, about, summary(rows), parts, waits)


def _title(told: Sequence[Told]) -> str:
    bench = str(told[0].about.get("bench", "bench"))
    return f"infill bench {bench}" if len(told) == 1 else f"infill bench compare: {len(told)} runs of {bench}"


def _charts(told: Sequence[Told]) -> list[str]:
    """Of several runs beside each other; of one, its parts where the runs would stand."""
    runs = {one.name: one.summary for one in told}
    named = (
        runs if len(told) > 1 else {f"{f}: {v}": part for f, some in told[0].parts.items() for v, part in some.items()}
    )
    drawn = [
        charts.bars("Shares, %, with 95 % intervals", runs, SHARES),
        charts.bars("Exact matches, %, with 95 % intervals", runs, MATCHES),
        charts.latencies("Time to visible", {one.name: one.waits for one in told}),
        charts.against("Precision against coverage", named, "coverage", "precision"),
        charts.cost_against_quality("Cost against quality", named),
    ]
    return [one for one in drawn if one]
