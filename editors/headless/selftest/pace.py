"""How many requests steady typing costs: eight keys a second, nothing accepted, and nobody waits for anything."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from context.snapshot import Snapshot
from editors.headless.buffer import Buffer
from editors.headless.imagined import Imagined, Speed
from editors.headless.passage import Passage
from editors.headless.runs.rows import Row
from editors.headless.selftest.holes import Hole, holes
from editors.headless.selftest.recovery import Project
from editors.headless.server_policy import Ours
from editors.headless.stage import Stage, Timeline
from editors.headless.typist import next_key

KEY = 0.125  # seconds
SPEED = Speed(0.3, 100)
LONGEST = 400  # characters typed in each file


def paced(project: Project, seed: int) -> Iterator[Row]:
    """Two rows for each file, typed again from one of its holes on: by a model that is mostly right, and by one that never is."""
    first: dict[str, Hole] = {}
    chance = Random(seed)
    for hole in chance.sample(every := holes(), len(every)):
        first.setdefault(hole.name, hole)
    for name in sorted(first):
        for model, knows in (("right", True), ("wrong", False)):
            keys, requests = _typed(project, first[name], seed, knows=knows)
            facets = {"language": first[name].language}
            measures = {f"requests per key, model {model}": (requests, keys)}
            yield Row(f"pace:{model}:{name}", name, facets, measures)


def _typed(project: Project, hole: Hole, seed: int, *, knows: bool) -> tuple[float, float]:
    text = hole.before + hole.truth + hole.after
    start, end = len(hole.before), min(len(text), len(hole.before) + LONGEST)
    path = project.root / hole.name
    snapshot = Snapshot(path.as_uri(), path, hole.language, 1, text)
    passage = Passage(snapshot, start, end, 0.0, (True, True))
    known = passage if knows else Passage(snapshot, 0, 1, 0.0, (True, True))
    buffer, timeline = Buffer(text[:start] + text[end:], start), Timeline()
    with Stage(project.nursery, timeline, lambda url: project.flags(url, 0)) as stage:
        policy = Ours(stage, Imagined(known, SPEED, seed), snapshot, buffer, project.root, lambda ghost, worked: None)
        rest, keys = passage.text, 0
        while rest:
            key = next_key(rest)
            timeline.at(timeline.now + KEY, lambda key=key: policy.changed(buffer.insert(key)))  # type: ignore[misc]
            rest, keys = rest[len(key) :], keys + 1
            over: list[bool] = []
            timeline.at(timeline.now + KEY, lambda over=over: over.append(True))  # type: ignore[misc]
            stage.play(lambda over=over: bool(over))  # type: ignore[misc]
        return float(keys), float(len(policy.requests))
