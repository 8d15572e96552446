"""Healing and detokenizing: what was typed by half ends right, no character comes in halves, stop strings do not come at all."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.host.healing import Healing, taken_off
from backends.host.jobs import Job
from backends.host.least import AtLeast
from backends.host.prompting import Prompter
from backends.host.writing import Writer
from tests.host_prompts import prompter
from tests.hosting import model
from tests.knowing_scheduler import writes


def completed(family: str, typed: str, line: str, *, heals: bool = True) -> str:
    """What a model that knows `line` adds to `typed`, token by token under the constraint."""
    served = model(family)
    vocabulary, eos = served.vocabulary, served.vocabulary.eos_id
    assert eos is not None
    prompt = Prompter(vocabulary, served.format, 512, heals=heals).prompt(typed, "\n", max_tokens=60)
    constraint = Healing(vocabulary, prompt.healed)
    writer, written, text = Writer(vocabulary, healed=prompt.healed, most=60), list[int](), ""
    scores = writes(vocabulary, f" {line}" if vocabulary.spaced and not served.format.has_middle else line, eos)
    while True:
        row = scores(Job(prompt.ids, 60), written)
        constraint.mask(row)
        token = int(row.argmax())
        if token == eos:
            return text + writer.rest()
        constraint.accept(token)
        written.append(token)
        text += writer.feed(token)


@pytest.mark.parametrize("family", ["qwen", "starcoder2", "codestral", "codellama", "prefix"])
def test_a_line_typed_to_any_place_ends_right(family: str) -> None:
    line = "    raise BackendError('é 日本', request.context)"
    for typed in range(len(line)):
        assert completed(family, line[:typed], line) == line[typed:], line[:typed]


def test_a_token_that_can_only_be_itself_stays() -> None:
    vocabulary = model("qwen").vocabulary
    lonely = next(
        id for id, text in enumerate(vocabulary.bytes_of) if text and list(vocabulary.starting_with(text)) == [id]
    )
    assert taken_off(vocabulary, [lonely]) == 0
    assert taken_off(vocabulary, []) == 0


def test_all_tokens_that_one_could_begin_with_are_taken_back() -> None:
    vocabulary = model("qwen").vocabulary
    assert len(vocabulary.encode(" req")) > 1
    assert taken_off(vocabulary, vocabulary.encode("x req")) == len(vocabulary.encode(" req"))
    assert taken_off(vocabulary, [next(iter(vocabulary.controls)), *vocabulary.encode(" req")]) == len(
        vocabulary.encode(" req")
    )


def test_only_tokens_that_spell_the_beginning_may_come() -> None:
    vocabulary = model("qwen").vocabulary
    row = torch.zeros(vocabulary.size)
    Healing(vocabulary, b" re").mask(row)
    allowed = {vocabulary.bytes_of[id] for id in row.isfinite().nonzero().flatten().tolist()}
    assert b" re" in allowed
    assert b" request" in allowed
    assert {b" ", b" r"} <= allowed
    assert all(text.startswith(b" re") or b" re".startswith(text) for text in allowed)


def test_when_all_is_spelt_everything_may_come() -> None:
    vocabulary = model("qwen").vocabulary
    healing = Healing(vocabulary, b" re")
    healing.accept(vocabulary.starting_with(b" request")[0])
    row = torch.zeros(vocabulary.size)
    healing.mask(row)
    assert bool(row.isfinite().all())


def test_an_answer_may_not_end_before_it_is_long_enough() -> None:
    least, row = AtLeast(frozenset({3, 4}), 2, None), torch.zeros(8)
    least.mask(row)
    assert row.isfinite().tolist() == [True] * 3 + [False] * 2 + [True] * 3
    least.accept(0)
    least.accept(0)
    after = torch.zeros(8)
    least.mask(after)
    assert bool(after.isfinite().all())


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁")))
@pytest.mark.parametrize("family", ["qwen", "codestral"])
def test_pieces_are_whole_characters_and_together_the_text(family: str, text: str) -> None:
    vocabulary = model(family).vocabulary
    writer, pieces = Writer(vocabulary, most=10_000), []
    for token in vocabulary.encode(text):
        pieces.append(writer.feed(token))
    assert "".join(pieces) + writer.rest() == text
    assert "\ufffd" not in "".join(pieces) or "\ufffd" in text


def test_half_a_character_at_the_end_is_left_out() -> None:
    vocabulary = model("qwen").vocabulary
    first, *_ = vocabulary.encode("日")
    writer = Writer(vocabulary, most=8)
    assert writer.feed(first) + writer.rest() == ""


def test_a_stop_string_across_tokens_is_not_shown() -> None:
    vocabulary = model("qwen").vocabulary
    writer, shown = Writer(vocabulary, stops=["END\n"], most=100), ""
    for token in vocabulary.encode("one\nEN two\nEND\nthree"):
        shown += writer.feed(token)
        if writer.ended:
            break
    assert shown == "one\nEN two\n"
    assert writer.stopped


def test_tokens_that_only_repeat_what_was_typed_are_not_counted() -> None:
    vocabulary = model("qwen").vocabulary
    writer = Writer(vocabulary, healed=b" r", most=1)
    assert writer.feed(vocabulary.starting_with(b" ")[0]) == ""
    assert not writer.ended


def test_differences_between_anchored_and_plain_prompts_are_counted(record_testsuite_property: object) -> None:
    """With a model that knows what comes, healed prompts end every line right; without healing, lines typed to the middle of a
    token end right only where the cut falls between two tokens of the line."""
    line = "        return BackendError(request.model, self.context)"
    healed = [completed("qwen", line[:typed], line) == line[typed:] for typed in range(len(line))]
    assert all(healed)
    assert prompter("qwen").prompt(line, "", max_tokens=4).healed
