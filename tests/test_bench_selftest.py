"""The selftest: its holes are what they say, the model knows nothing that a prompt gives away, and the goals are held."""

from __future__ import annotations

from collections import Counter

import pytest

from editors.headless.runs.rows import Row
from editors.headless.selftest.command import damaged, table
from editors.headless.selftest.damages import DAMAGES, UNDAMAGED
from editors.headless.selftest.holes import files, holes
from editors.headless.selftest.recovery import Oracle, Project, prompts, recovered

SOME = [hole for number, hole in enumerate(holes()) if number % 9 == 0]


def test_there_are_some_sixty_holes_in_five_languages() -> None:
    counts = Counter(hole.language for hole in holes())
    assert set(counts) == {"go", "java", "python", "rust", "typescript"} and min(counts.values()) >= 12
    for hole in holes():
        assert hole.truth.strip() == hole.truth and files()[hole.name] == hole.before + hole.truth + hole.after
        assert not set("⟦⟧") & set(files()[hole.name])
    assert sum("\n" in hole.truth for hole in holes()) >= 10


@pytest.mark.parametrize("damage", sorted(set(DAMAGES) - {"none"}))
def test_a_damage_damages_and_is_the_same_twice(damage: str) -> None:
    for hole in holes():
        assert DAMAGES[damage](hole) == DAMAGES[damage](hole) != hole.truth


@pytest.fixture(scope="module")
def project() -> Project:
    with Project() as made:
        yield made


@pytest.mark.parametrize("damage", ["none", "chat talk", "repeated prefix", "doubled bracket"])
def test_a_true_answer_comes_through_its_damage(project: Project, damage: str) -> None:
    rows = list(recovered(project, damage, SOME))
    assert [row.measures["first line"] for row in rows] == [(1.0, 1.0)] * len(SOME)
    assert [row.measures["whole insertion"] for row in rows] == [(1.0, 1.0)] * len(SOME)
    unchanged = sum(row.measures["whole insertion, unchanged"][0] for row in rows)
    assert unchanged == (len(SOME) if damage == "none" else 0)


def test_no_prompt_holds_what_is_hidden(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file with the hole lies on disk whole, and is in the index: what the server tells a model must not come from there."""
    kept: list[Oracle] = []
    begin = Oracle.__init__

    def remembered(oracle: Oracle, stage: object) -> None:
        begin(oracle, stage)  # type: ignore[arg-type]
        kept.append(oracle)

    monkeypatch.setattr(Oracle, "__init__", remembered)
    hidden = [hole for hole in holes() if len(hole.truth) > 30]
    list(recovered(project, "none", hidden))
    (oracle,) = kept
    assert len(oracle.prompts) == len(hidden)
    for hole, prompt in zip(hidden, oracle.prompts, strict=True):
        assert hole.truth.partition("\n")[0] not in prompt or hole.truth.partition("\n")[0] in hole.before + hole.after


def test_no_prompt_is_over_its_budget(project: Project) -> None:
    rows = list(prompts(project, 300))
    assert len(rows) == len(holes()) and {row.measures["prompt over budget, 300 tokens"] for row in rows} == {
        (0.0, 1.0)
    }


def test_what_all_damages_come_to_leaves_out_what_was_not_damaged() -> None:
    def row(damage: str, right: float) -> Row:
        measures = {"first line": (right, 1.0), "whole insertion": (right, 1.0)}
        return Row(f"{damage}:a", "a", {"damage": damage}, measures)

    rows = [row("fence", 1.0), row("loop", 0.0), *(row(damage, 1.0) for damage in UNDAMAGED)]
    assert damaged(rows).value("first line") == 0.5
    assert "fence" in table(rows) and "all that damage" in table(rows)
