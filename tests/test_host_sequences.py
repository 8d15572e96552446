"""Which sequence a new prompt takes over, what is copied, and what goes when memory ends."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from backends.host.room import Arena, Heap
from backends.host.sequences import STEP, Layout, Sequence, Sequences, shared

LAYOUT = Layout(((1, 2, 2), (1, 2, 2)), torch.float32, torch.device("cpu"))
ONE = STEP * LAYOUT.bytes_per_token
TEXT = list(range(100))


def read(sequence: Sequence, ids: list[int]) -> None:
    """As a model would: the keys of a token are its own number, in both layers."""
    start = len(sequence.ids)
    for layer in range(2):
        sequence.keys[layer][0, start : start + len(ids)] = torch.tensor(ids, dtype=torch.float32)[:, None]
        sequence.values[layer][0, start : start + len(ids)] = -torch.tensor(ids, dtype=torch.float32)[:, None]
    sequence.ids += ids


def held(sequences: Sequences, ids: list[int], document: str) -> Sequence:
    sequence = sequences.take(ids, document, len(ids))
    assert sequence is not None
    read(sequence, ids[len(sequence.ids) :])
    sequences.give(sequence)
    return sequence


def test_a_sequence_that_cannot_grow_for_want_of_memory_stays_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was busy for ever, and neither taken nor dropped again."""
    sequences = Sequences(LAYOUT, 10 * ONE)
    first = held(sequences, TEXT, "a")
    with monkeypatch.context() as patch:
        patch.setattr(Heap, "take", _no_memory)
        with pytest.raises(MemoryError):
            sequences.take([*TEXT, 5], "a", 2 * STEP)
    assert sequences.take([*TEXT, 5], "a", 2 * STEP) is first


def test_who_waits_for_room_takes_nothing_from_what_is_kept() -> None:
    """With each pass it had to wait, a request cropped the text of another to the token that both begin with."""
    sequences = Sequences(LAYOUT, 2 * ONE)
    busy = sequences.take(TEXT, "busy", STEP)
    kept = held(sequences, [0, 7, 8], "kept")
    assert busy is not None
    assert sequences.take([0, 9], "waits", 2 * STEP) is None
    assert kept.ids == [0, 7, 8]


def _no_memory(*_: object) -> torch.Tensor:
    raise MemoryError


def test_the_next_keystroke_takes_the_sequence_over() -> None:
    sequences = Sequences(LAYOUT, 10 * ONE)
    first = held(sequences, TEXT, "a")
    taken = sequences.take([*TEXT, 5], "a", 110)
    assert taken is first
    assert taken.ids == TEXT, "one token is left to compute"


def test_the_same_prompt_again_leaves_its_last_token_to_compute() -> None:
    sequences = Sequences(LAYOUT, 10 * ONE)
    held(sequences, TEXT, "a")
    taken = sequences.take(TEXT, "a", 110)
    assert taken is not None
    assert taken.ids == TEXT[:-1]


def test_a_sequence_in_use_is_copied() -> None:
    sequences = Sequences(LAYOUT, 10 * ONE)
    first = held(sequences, TEXT, "a")
    one, two = (sequences.take([*TEXT, end], "a", 110) for end in (5, 6))
    assert one is first
    assert two is not None
    assert two is not first
    assert two.ids == TEXT
    assert two.keys[1][0, :100].equal(first.keys[1][0, :100])


def test_another_document_copies_what_both_begin_with() -> None:
    sequences = Sequences(LAYOUT, 10 * ONE)
    first = held(sequences, TEXT, "a")
    other = sequences.take([*TEXT[:50], *TEXT], "b", 160)
    assert other is not first
    assert other is not None
    assert other.ids == TEXT[:50]
    assert first.ids == TEXT


def test_a_jump_in_a_document_keeps_what_was_read_before_it() -> None:
    sequences = Sequences(LAYOUT, 10 * ONE)
    first = held(sequences, TEXT, "a")
    other = sequences.take([*TEXT[:20], *TEXT[::-1]], "a", 130)
    assert other is not first
    assert first.ids == TEXT


def test_a_sequence_that_grows_keeps_what_it_holds() -> None:
    sequences = Sequences(LAYOUT, 10 * ONE)
    first = held(sequences, TEXT, "a")
    long = [*TEXT, *range(100, 100 + STEP)]
    grown = sequences.take(long, "a", len(long))
    assert grown is first
    assert grown.capacity == 2 * STEP
    assert grown.keys[0][0, :100, 0].tolist() == TEXT


def test_memory_is_never_exceeded_and_the_longest_unused_goes_first() -> None:
    sequences = Sequences(LAYOUT, 3 * ONE)
    kept = [held(sequences, [at, *TEXT], str(at)) for at in range(200, 203)]
    held(sequences, [200, *TEXT, 7], "200")
    held(sequences, [300, *TEXT], "300")
    assert sequences.bytes <= 3 * ONE
    assert shared(kept[0].ids, [200, *TEXT]) == 101, "used again, so it stayed"
    taken = sequences.take([201, *TEXT], "201", 110)
    assert taken is not None
    assert taken.ids == [], "the one that was not used went"


def test_what_newer_ones_of_its_document_have_overtaken_goes_before_what_is_older() -> None:
    sequences = Sequences(LAYOUT, 4 * ONE)
    held(sequences, [200, *TEXT], "other")
    for at in range(300, 303):
        held(sequences, [at, *TEXT], "a")
    held(sequences, [400, *TEXT], "b")
    assert [sequence.ids[0] for sequence in sequences._held] == [200, 301, 302, 400]


def test_what_could_be_copied_is_taken_over_where_there_is_no_room_for_both() -> None:
    """It once was spared for ever: the new job found no room, and nothing was at work that would have made any."""
    for long in (50, 2 * STEP):
        sequences = Sequences(LAYOUT, 2 * ONE if long > STEP else ONE)
        held(sequences, TEXT, "a")
        ids = [*TEXT[:30], *range(500, 500 + long)]
        taken = sequences.take(ids, "b", len(ids) if long < STEP else 2 * STEP)
        assert taken is not None
        assert taken.ids == TEXT[:30]
        assert sequences.bytes <= sequences.budget


def test_what_runs_is_never_dropped() -> None:
    sequences = Sequences(LAYOUT, 2 * ONE)
    assert sequences.take(TEXT, "a", 100) is not None
    assert sequences.take(TEXT, "b", 100) is not None
    assert sequences.take(TEXT, "c", 100) is None
    assert sequences.fits(2 * STEP)
    assert not sequences.fits(2 * STEP + 1)


@given(st.lists(st.integers(0, 2), max_size=200), st.lists(st.integers(0, 2), max_size=200), st.integers(0, 150))
def test_shared_beginnings_are_counted_right(one: list[int], other: list[int], same: int) -> None:
    one, other = [9] * same + one, [9] * same + other
    count = shared(one, other)
    assert one[:count] == other[:count]
    assert count == min(len(one), len(other)) or one[count] != other[count]


class Kept(RuleBasedStateMachine):
    """Texts that begin alike come and go in one memory for a few of them."""

    def __init__(self) -> None:
        super().__init__()
        self.sequences = Sequences(LAYOUT, 5 * ONE, Arena)
        self.working: list[Sequence] = []

    @rule(
        same=st.integers(0, 4),
        ids=st.lists(st.integers(0, 3), min_size=1, max_size=30),
        document=st.sampled_from(["", "a", "b"]),
        steps=st.integers(1, 3),
    )
    def take(self, same: int, ids: list[int], document: str, steps: int) -> None:
        prompt = [7] * (same * 20) + ids
        sequence = self.sequences.take(prompt, document, steps * STEP)
        if sequence is None:
            assert self.working, "with nothing at work there is always room"
            return
        assert sequence not in self.working
        assert sequence.capacity >= steps * STEP
        assert sequence.ids == prompt[: len(sequence.ids)]
        assert len(sequence.ids) < len(prompt)
        self.working.append(sequence)
        read(sequence, prompt[len(sequence.ids) :])

    @rule(at=st.integers(0, 9), cropped=st.integers(0, 40))
    def give(self, at: int, cropped: int) -> None:
        if self.working:
            sequence = self.working.pop(at % len(self.working))
            sequence.crop(max(0, len(sequence.ids) - cropped))
            self.sequences.give(sequence)

    @rule(at=st.integers(0, 9))
    def drop(self, at: int) -> None:
        if self.working:
            self.sequences.drop(self.working.pop(at % len(self.working)))

    @rule()
    def shed(self) -> None:
        self.sequences.shed()
        assert len(self.sequences) == len(self.working)

    @invariant()
    def what_was_read_is_there(self) -> None:
        for sequence in self.sequences._held:
            ids = torch.tensor(sequence.ids, dtype=torch.float32)[:, None].expand(-1, 2)
            for keys, values in zip(sequence.keys, sequence.values, strict=True):
                assert keys[0, : len(ids)].equal(ids)
                assert values[0, : len(ids)].equal(-ids)

    @invariant()
    def no_two_lie_over_one_another(self) -> None:
        ends = sorted(
            (sequence.piece.storage_offset(), sequence.piece.storage_offset() + len(sequence.piece))
            for sequence in self.sequences._held
        )
        assert all(end <= begins for (_, end), (begins, _) in itertools.pairwise(ends))
        assert self.sequences.bytes <= self.sequences.budget


test_sequences_in_one_memory_never_disturb_each_other = Kept.TestCase
test_sequences_in_one_memory_never_disturb_each_other.settings = settings(deadline=None)
