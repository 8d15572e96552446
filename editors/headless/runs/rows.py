"""What one question of a bench came to. Figures are made of rows and of nothing else, in the bench and from its journal alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Pair = tuple[float, float]
"""What is counted, and out of how much: a figure is the sum of the first over the sum of the second, over its rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """`id` names the same question in every run. Rows of one `group` (a commit, a problem) are drawn anew together.

    `measures` has the names of `measures.MEASURES`; `times` are milliseconds as they were measured, which no second run
    repeats; `failed` says in words why there is nothing to measure, and then there are no measures.
    """

    id: str
    group: str
    facets: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, Pair] = field(default_factory=dict)
    times: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    failed: str = ""

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"id": self.id, "group": self.group, "facets": dict(self.facets)}
        if self.failed:
            return said | {"failed": self.failed}
        times = {name: [round(one, 2) for one in some] for name, some in self.times.items()}
        return said | {"measures": {name: list(pair) for name, pair in self.measures.items()}, "times": times}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Row:
        """Raises KeyError, TypeError or ValueError for anything else than `as_json` makes."""
        return cls(
            id=str(said["id"]),
            group=str(said["group"]),
            facets={str(name): str(value) for name, value in said.get("facets", {}).items()},
            measures={str(name): (float(top), float(under)) for name, (top, under) in said.get("measures", {}).items()},
            times={str(name): tuple(map(float, some)) for name, some in said.get("times", {}).items()},
            failed=str(said.get("failed", "")),
        )
