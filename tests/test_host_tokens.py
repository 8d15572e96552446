"""How a token is chosen, what is drafted, and when drafts pay."""

from __future__ import annotations

from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from backends.host.choosing import sample
from backends.host.drafts import Hope, Lookup, Passes
from tests.host_answers import ask, generated, hosting
from tests.host_models import tiny

TEXT = [5, 6, 7, 8, 9, 10, 5, 6, 7, 8, 11, 12, 13, 14, 5, 6, 7]


def check(ids: list[int], proposed: list[int]) -> None:
    assert Lookup(ids).propose(4) == proposed


def test_a_draft_is_what_followed_the_most_recent_place_like_this() -> None:
    check([1, 2, 3, 4, 9, 2, 3, 5, 6, 7, 8, 2, 3], [5, 6, 7, 8])
    check([1, 2, 3, 4, 5, 6, 7, 8, 2, 3, 9, 9, 1, 2, 3], [4, 5, 6, 7])  # three tokens tell more than two
    check([1, 2, 1], [2, 1])
    check([7, 7, 7], [7])
    check([1, 2, 3], [])
    check([1], [])
    check([], [])


@given(st.lists(st.integers(0, 3), max_size=40))
def test_a_draft_stands_in_the_text_after_what_ends_it(ids: list[int]) -> None:
    proposed = Lookup(ids).propose(4)
    if proposed:
        found = [ids[-1], *proposed]
        assert any(ids[at : at + len(found)] == found for at in range(len(ids)))
    else:
        assert not ids or ids[-1] not in ids[:-1]


def test_ids_that_contain_each_others_bytes_are_not_mixed_up() -> None:
    check([0x0100, 0x0001, 0x01000000, 0x0100], [0x0001, 0x01000000, 0x0100])
    check([0x00010000, 5, 0x0100], [])


def test_drafts_that_are_wrong_are_given_up_and_tried_again_later() -> None:
    hope = Hope()
    assert hope.pays(0.5)
    for _ in range(10):
        hope.learn(0)
    assert [hope.pays(0.5) for _ in range(6)] == [False] * 5 + [True]


def test_what_a_draft_costs_is_learned_from_passes() -> None:
    passes = Passes()
    assert passes.cost(1, 4) == 0.0, "unknown: worth a try"
    for tokens in (1, 5, 1, 1, 5, 2, 1):
        passes.record(tokens, 0.020 + 0.001 * tokens)
    assert passes.cost(1, 4) == pytest.approx(4 / 21, rel=1e-3)
    assert passes.cost(8, 4) == pytest.approx(8 * 4 / 28, rel=1e-3), "beside others a draft takes more than it brings"
    passes.record(300, 9.0)
    assert passes.cost(1, 4) == pytest.approx(4 / 21, rel=1e-3), "a long prompt tells nothing about it"


def test_sampling_follows_the_distribution_and_its_seed() -> None:
    logits = torch.tensor([1.0, 3.0, 2.0, -50.0])
    random = Random(3)
    drawn = [sample(logits, 1.0, 1.0, random) for _ in range(2000)]
    for token, chance in enumerate(torch.softmax(logits, -1).tolist()):
        assert drawn.count(token) / 2000 == pytest.approx(chance, abs=0.04)
    again = Random(3)
    assert [sample(logits, 1.0, 1.0, again) for _ in range(50)] == drawn[:50]
    assert {sample(logits, 1.0, 0.5, random) for _ in range(100)} == {1}, "top_p leaves out the rest"
    assert {sample(logits, 1e-3, 1.0, random) for _ in range(100)} == {1}


@pytest.mark.parametrize("temperature", [0.0, 0.8])
async def test_the_same_seed_gives_the_same_answer_with_and_without_drafts(temperature: float) -> None:
    answers = []
    for drafts in (True, False):
        async with hosting("gemma", drafts=drafts) as scheduler:
            answers.append(await ask(scheduler, TEXT, 30, temperature=temperature, seed=4))
    assert answers[0] == answers[1]


class Only:
    """Allows one given token after another: the text `TEXT` over again."""

    def __init__(self, tokens: list[int]) -> None:
        self.tokens, self.accepted = tokens, list[int]()

    def mask(self, logits: Tensor) -> None:
        allowed = self.tokens[len(self.accepted)] if len(self.accepted) < len(self.tokens) else None
        for token in range(len(logits)):
            if token != allowed:
                logits[token] = float("-inf")

    def accept(self, token: int) -> None:
        self.accepted.append(token)


async def test_a_constraint_decides_each_token_and_sees_it_also_when_drafted() -> None:
    only = Only([8, 11, 12, 13, 14, 5, 6, 9])
    async with hosting("qwen2") as scheduler:
        answer = await ask(scheduler, TEXT, 20, constraint=only)
        load = scheduler.load()
    assert answer == only.tokens == only.accepted, "and where nothing is allowed the answer ends"
    assert load.accepted >= 4


async def test_a_constraint_that_allows_everything_changes_nothing() -> None:
    class Anything:
        def mask(self, logits: Tensor) -> None:
            assert logits.shape == (300,)
            assert logits.dtype == torch.float32

        def accept(self, token: int) -> None:
            assert 0 <= token < 300

    right = generated(tiny("llama"), TEXT)
    async with hosting("llama") as scheduler:
        assert (await ask(scheduler, TEXT, constraint=Anything()))[: len(right)] == right
