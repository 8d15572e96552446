"""The plots of a report, as SVG to be put into a page: pygal draws them, this says what.

Each chart is drawn for the width of a telephone and grows with the page. Nothing in one is fetched or run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from editors.headless.runs.figures import Summary
from editors.headless.runs.measures import measure

if TYPE_CHECKING:
    import pygal

SIZE = (420, 300)
MOST_LABELS = 6  # dates below a chart that do not touch
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
STEPS = 60  # points of a curve
QUALITY = ("RoCC", "pass@1", "EM, mid-line", "EM", "whole insertion")
COSTS = ("cost per line", "cost per task", "tokens per line", "tokens per task")
COLOURS = ("#2563a8", "#c2571a", "#2e7d4f", "#8a3ea8", "#a33a4a", "#4b6a78")

Named = Mapping[str, Summary]
"""Runs, or parts of one, by name."""


def bars(name: str, named: Named, measures: Sequence[str]) -> str:
    """One group of bars a measure, one bar a run, with their intervals; "" where no run has any of the measures."""
    import pygal

    having = [one for one in measures if any(found.value(one) is not None for found in named.values())]
    if not having:
        return ""
    tops = [100 * figure.high for found in named.values() for figure in found.figures if figure.measure in having]
    labels = [_short(one) for one in having]
    chart = pygal.Bar(**_look(name), x_labels=labels, x_label_rotation=20, range=(0, max(10, *tops)))
    chart.title = name
    for run, found in named.items():
        figures = {figure.measure: figure for figure in found.figures}
        chart.add(run, [_bar(figures[one]) if one in figures else None for one in having])
    return _drawn(chart, name)


def _bar(figure: Any) -> Mapping[str, Any]:
    scale = 100 if measure(figure.measure).unit == "%" else 1
    interval = {"low": round(scale * figure.low, 2), "high": round(scale * figure.high, 2)}
    return {"value": round(scale * figure.value, 2), "ci": interval}


def latencies(name: str, waits: Mapping[str, Sequence[float]]) -> str:
    """The share of suggestions that are visible within so many milliseconds, a line a run."""
    import pygal

    curves = {run: sorted(times) for run, times in waits.items() if times}
    if not curves:
        return ""
    chart = pygal.XY(**_look(name), show_dots=False, x_title="milliseconds", y_title="% visible", range=(0, 100))
    chart.title = name
    for run, times in curves.items():
        last = len(times) - 1
        places = sorted({round(step / STEPS * last) for step in range(STEPS + 1)})
        chart.add(run, [(round(times[at], 2), round(100 * (at + 1) / len(times), 1)) for at in places])
    return _drawn(chart, name)


def against(name: str, named: Named, across: str, up: str) -> str:
    """One measure against another, a dot a run; "" where fewer than two runs have both."""
    import pygal

    dots = {
        run: (_number(across, x), _number(up, y))
        for run, found in named.items()
        if (x := found.value(across)) is not None and (y := found.value(up)) is not None
    }
    if len(dots) < 2:
        return ""
    ticks = _ticks([x for x, _ in dots.values()])
    chart = pygal.XY(
        **_look(name),
        stroke=False,
        dots_size=6,
        x_title=_titled(across),
        y_title=_titled(up),
        x_labels=ticks,
        xrange=(ticks[0], ticks[-1]),
        range=_round(*_ends([y for _, y in dots.values()])),
    )
    chart.title = name
    for run, dot in dots.items():
        chart.add(run, [dot])
    return _drawn(chart, name)


def cost_against_quality(name: str, named: Named) -> str:
    """The first cost that differs between runs, against the first quality that they have."""
    for cost in COSTS:
        values = {found.value(cost) for found in named.values()}
        if None not in values and len(values) > 1:
            for quality in QUALITY:
                if drawn := against(name, named, cost, quality):
                    return drawn
    return ""


def columns(name: str, labels: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> str:
    """Numbers over days, or over whatever the labels name."""
    import pygal

    dates = all(_DATE.fullmatch(label) for label in labels)
    chart = pygal.Bar(
        **_look(name),
        x_labels=[label[5:] if dates else _short(label) for label in labels],
        x_label_rotation=0 if dates else 30,
        x_labels_major_every=math.ceil(len(labels) / MOST_LABELS) if dates else 1,
        show_minor_x_labels=not dates,
    )
    chart.title = name
    for one, values in series.items():
        chart.add(one, list(values))
    return _drawn(chart, name)


def _look(name: str) -> dict[str, Any]:
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#444",
        foreground_strong="#222",
        foreground_subtle="#777",
        guide_stroke_color="#ddd",
        major_guide_stroke_color="#ccc",
        colors=COLOURS,
        font_family="system-ui, sans-serif",
        title_font_size=15,
        label_font_size=12,
        major_label_font_size=12,
        legend_font_size=12,
    )
    width, height = SIZE
    fixed = {
        "js": [],
        "disable_xml_declaration": True,
        "no_data_text": "",
        "truncate_legend": -1,
        "truncate_label": -1,
    } | {
        "max_scale": 8  # numbers beside a chart that do not touch
    }
    return {**fixed, "style": style, "width": width, "height": height, "legend_at_bottom": True, "margin": 12} | {
        "legend_at_bottom_columns": 1,
        "legend_box_size": 10,
    }


def _drawn(chart: pygal.graph.graph.Graph, name: str) -> str:
    """Without the script that pygal adds for tooltips, and with an id that is the same in every run."""
    chart.uuid = re.sub(r"\W+", "-", name.lower())
    drawn: str = chart.render(is_unicode=True)
    return re.sub(r"<script.*?</script>|<!--.*?-->", "", drawn, flags=re.DOTALL)


def _ticks(values: Sequence[float]) -> list[float]:
    """Five marks on an axis, from below the least of the values to above the largest."""
    low, high = _round(*_ends(values))
    return [round(low + step * (high - low) / 4, 6) for step in range(5)]


def _ends(values: Sequence[float]) -> tuple[float, float]:
    room = 0.15 * (max(values) - min(values)) or 0.15 * abs(max(values)) or 1.0
    return max(0.0, min(values) - room), max(values) + room


def _round(low: float, high: float) -> tuple[float, float]:
    """The ends moved outwards to two figures of their distance."""
    size = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    return math.floor(low / size) * size, math.ceil(high / size) * size


def _short(label: str) -> str:
    return label if len(label) <= 16 else label[:15] + "…"


def _titled(name: str) -> str:
    unit = measure(name).unit
    return f"{name} ({unit})" if unit else name


def _number(name: str, value: float) -> float:
    return round(100 * value, 2) if measure(name).unit == "%" else round(value, 6)
