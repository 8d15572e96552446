"""What a model of noise writes under a schema is JSON of that schema, however short the answer has to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema
import pytest
import torch

from backends.host.jobs import Job
from backends.host.schema import LONGEST_WAY, Grammars, Unfit, longest_jump
from lsp_server.actions.findings import SCHEMA
from lsp_server.actions.review import MAX_TOKENS
from tests.hosting import model
from tests.knowing_scheduler import random_scores

ITEM = {"type": "array", "items": {"type": "string", "minLength": 5}, "minItems": 3}
NESTED = {
    "type": "object",
    "properties": {"kind": {"enum": ["a", "abc", "b"]}, "next": {"$ref": "#"}, "size": {"type": "number"}},
    "required": ["kind"],
    "additionalProperties": False,
}  # fmt: skip
EITHER = {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"long_name": ITEM}, "required": ["long_name"]}]}


@cache
def grammars() -> Grammars:
    served = model("qwen")
    return Grammars(served.tokenizer, served.vocabulary, served.chat.ends)


def written(schema: Mapping[str, Any], seed: int, most: int) -> tuple[str, bool]:
    """What a model of noise writes, and whether it ended by itself."""
    made = grammars()
    constraint, scores, ids = made.constraint(schema, most), random_scores(made.vocabulary.size, seed), list[int]()
    for _ in range(most):
        row = scores(Job((), most), ids)
        constraint.mask(row)
        assert bool(row.isfinite().any())
        token = int(row.argmax())
        if token in made.ends:
            return text(ids), True
        constraint.accept(token)
        ids.append(token)
    return text(ids), False


def text(ids: list[int]) -> str:
    return b"".join(grammars().vocabulary.bytes_of[id] for id in ids).decode()


@pytest.mark.parametrize("seed", range(100))
def test_a_review_is_valid_json(seed: int) -> None:
    said, _ = written(SCHEMA.schema, seed, (120, 300, MAX_TOKENS)[seed % 3] if seed < 90 else 60)
    jsonschema.validate(json.loads(said), dict(SCHEMA.schema))


def saying_the_same(is_late: bool) -> int:
    """Tokens of a review by a model that would say one word for ever; with `is_late` the time is up after ten."""
    made, most = grammars(), MAX_TOKENS
    ids: list[int] = []
    constraint = made.constraint(SCHEMA.schema, most, lambda: is_late and len(ids) >= 10)
    [word] = made.vocabulary.encode(" the")
    while len(ids) < most:
        row = torch.zeros(made.vocabulary.size)
        row[word] = 1.0
        constraint.mask(row)
        token = int(row.argmax())
        if token in made.ends:
            break
        constraint.accept(token)
        ids.append(token)
    jsonschema.validate(json.loads(text(ids)), dict(SCHEMA.schema))
    return len(ids)


def test_a_model_that_says_the_same_for_ever_is_brought_to_its_end() -> None:
    assert saying_the_same(is_late=False) < 500


def test_an_answer_is_whole_json_when_its_time_is_up() -> None:
    assert saying_the_same(is_late=True) < 120


@pytest.mark.parametrize(
    "schema", [{"type": "object"}, ITEM, NESTED, EITHER, {"type": "integer"}, {"type": "string"}, True]
)
@pytest.mark.parametrize("most", [100, 200])
def test_any_schema_comes_to_its_end(schema: Any, most: int) -> None:
    if schema is True:
        schema = {}
    for seed in range(5):
        jsonschema.validate(json.loads(written(schema, seed, most)[0]), schema)


def test_a_limit_below_the_shortest_document_cuts_it() -> None:
    said, ended = written({"type": "object", "properties": {"a_long_name": ITEM}, "required": ["a_long_name"]}, 0, 8)
    assert not ended
    assert said.startswith('{"')


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"},
        {"$ref": "https://example.com/schema.json"},
        {"not": {"type": "string"}},
        {"type": "string", "pattern": "(?=a)"},
    ],
)
def test_a_schema_that_cannot_be_held_to_is_refused(schema: Mapping[str, Any]) -> None:
    with pytest.raises(Unfit):
        grammars().constraint(schema, 100)


def test_control_tokens_are_no_text_of_a_string() -> None:
    made = grammars()
    constraint = made.constraint({"type": "string"}, 1000)
    constraint.accept(made.vocabulary.encode('"')[0])
    row = torch.zeros(made.vocabulary.size)
    constraint.mask(row)
    allowed = set(row.isfinite().nonzero().flatten().tolist())
    assert not allowed & made.vocabulary.controls


def test_the_longest_jump_is_bounded() -> None:
    assert longest_jump({"$ref": "#"}) < 100
    assert 60 < longest_jump(SCHEMA.schema) < 300


def test_a_schema_that_names_itself_thirty_times_is_measured_at_once() -> None:
    """30 parts that each stand for the whole are 30 to the power of the depth."""
    names = [f"k{number}" for number in range(30)]
    part = {"type": "object", "properties": {name: {"$ref": "#/$defs/a"} for name in names}, "required": names}
    assert longest_jump({"$defs": {"a": part}, "$ref": "#/$defs/a"}) == LONGEST_WAY
