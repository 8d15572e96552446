"""Findings as SARIF 2.1.0, which code hosts show at the lines of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lsp_server import __version__
from lsp_server.actions.findings import CATEGORIES, Finding

LEVELS: Mapping[str, str] = {"error": "error", "warning": "warning", "info": "note"}


def log(findings: Sequence[tuple[str, Finding]]) -> dict[str, Any]:
    """One run. The names are paths relative to the project's folder."""
    rules = [
        {"id": each, "shortDescription": {"text": f"{each.capitalize()} found by a model's review"}}
        for each in CATEGORIES
    ]
    driver = {"name": "infill", "version": __version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(name, each) for name, each in findings]}],
    }


def _result(name: str, finding: Finding) -> dict[str, Any]:
    location = {"uri": quote(name)}
    region = {"startLine": finding.first + 1, "endLine": finding.last + 1}
    return {
        "ruleId": finding.category,
        "level": LEVELS[finding.severity.value],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": {"artifactLocation": location, "region": region}}],
    }
