"""The page of `infill usage --plot`: what was spent, how fast it was and what became of it, by day or by whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from editors.headless.runs import charts
from editors.headless.runs.report import page
from lsp_server.usage_report import COLUMNS, Row, as_table


def write(path: Path, rows: Sequence[Row], by: str, since: str) -> None:
    """Raises `Stop` where the libraries for reports are not installed."""
    text = html(rows, by, since)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def html(rows: Sequence[Row], by: str, since: str) -> str:
    title = f"infill usage since {since}, by {by}"
    return page(
        "usage.html.j2", title=title, charts=_charts(rows), columns=COLUMNS, rows=[as_table(row) for row in rows]
    )


def _charts(rows: Sequence[Row]) -> list[str]:
    groups = [row.group for row in rows]

    def series(*of: tuple[str, Callable[[Row], float | None]]) -> dict[str, list[float | None]]:
        return {name: [None if (found := read(row)) is None else round(found, 4) for row in rows] for name, read in of}

    def share(value: float | None) -> float | None:
        return None if value is None else 100 * value

    return [
        charts.columns(
            "Requests", groups, series(("done", lambda r: r.requests - r.failed), ("failed", lambda r: r.failed))
        ),
        charts.columns("Tokens", groups, series(("in", lambda r: r.tokens_in), ("out", lambda r: r.tokens_out))),
        charts.columns("Cost, US dollars", groups, series(("cost", lambda r: r.cost))),
        charts.columns(
            "Milliseconds to the first text",
            groups,
            series(("p50", lambda r: r.first_ms_p50), ("p95", lambda r: r.first_ms_p95)),
        ),
        charts.columns(
            "Of what was shown and taken, %",
            groups,
            series(
                ("taken", lambda r: share(r.acceptance)),
                ("still there after 30 s", lambda r: share(r.kept_30s)),
                ("after 5 min", lambda r: share(r.kept_5min)),
            ),
        ),
    ]
