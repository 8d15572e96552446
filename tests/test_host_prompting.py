"""Typing costs a token or two in every format, and a prompt says what the text says, however it is anchored, healed and cut."""

from __future__ import annotations

from itertools import pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.host.prompting import LONGEST_TYPED, Prompt, fitted, read
from tests.host_prompts import FAMILIES, family, prompter
from tests.tiny_tokenizers import KINDS

ABOVE = "import os\n\n\ndef total(numbers):\n    result = 0\n"
LINE = "    for number in sorted(numbers, key=abs):"
BELOW = "\n        result += number\n    return result\n"


def text_of(name: str, prompt: Prompt) -> bytes:
    """The bytes of a prompt, its control tokens left out, and what was healed."""
    vocabulary, _ = family(name)
    return b"".join(vocabulary.bytes_of[id] for id in prompt.ids) + prompt.healed


def shared(one: Prompt, other: Prompt) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one.ids, other.ids, strict=False))))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_key_costs_a_few_tokens(name: str) -> None:
    asked, new = prompter(name), []
    last = asked.prompt(ABOVE, BELOW, max_tokens=16, document="d")
    for typed in range(1, len(LINE)):
        prompt = asked.prompt(ABOVE + LINE[:typed], BELOW, max_tokens=16, document="d")
        new.append(len(prompt.ids) - shared(prompt, last))
        last = prompt
    assert max(new) <= 6
    assert sum(new) / len(new) <= 1.5


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "codestral"])
def test_without_anchors_the_suffix_is_read_again(name: str) -> None:
    """What the anchor is for: in forms with the suffix last, a key changes the prompt before it."""
    one, two = (prompter(name, anchors=False).prompt(ABOVE + LINE[:typed], BELOW, max_tokens=16) for typed in (10, 11))
    if FAMILIES[name] in ("seed-coder", "mellum"):
        assert shared(one, two) > len(two.ids) - 5
    else:
        assert shared(one, two) < len(two.ids) - 10


def check(first: tuple[str, str], then: tuple[str, str], *, anew: bool) -> None:
    """Whether the second place is laid out anew after the first: what it gives then is what it gives to a stranger."""
    asked = prompter("qwen")
    before = asked.prompt(*first, max_tokens=16, document="d")
    after = asked.prompt(*then, max_tokens=16, document="d")
    middle = family("qwen")[0].control("<|fim_middle|>")
    assert (before.ids[: before.ids.index(middle)] != after.ids[: after.ids.index(middle)]) is anew
    assert text_of("qwen", after) == text_of("qwen", prompter("qwen").prompt(*then, max_tokens=16))


def test_typing_and_deleting_on_the_line_keep_the_anchor() -> None:
    check((ABOVE + LINE[:10], BELOW), (ABOVE + LINE[:30], BELOW), anew=False)
    check((ABOVE + LINE[:30], BELOW), (ABOVE + LINE[:3], BELOW), anew=False)


def test_a_new_line_lays_out_anew() -> None:
    check((ABOVE + LINE, BELOW), (f"{ABOVE}{LINE}\n        ", BELOW), anew=True)


def test_a_paste_of_several_lines_lays_out_anew() -> None:
    check((ABOVE, BELOW), (f"{ABOVE}a = 1\nb = 2\nc", BELOW), anew=True)


def test_a_jump_lays_out_anew() -> None:
    check((ABOVE + LINE, BELOW), ("import os", ABOVE[9:] + LINE + BELOW), anew=True)


def test_an_edit_before_the_anchor_lays_out_anew() -> None:
    check((ABOVE + LINE, BELOW), (ABOVE.replace("total", "sum") + LINE, BELOW), anew=True)


def test_a_changed_suffix_lays_out_anew() -> None:
    check((ABOVE + LINE, BELOW), (ABOVE + LINE, ")" + BELOW), anew=True)


def test_other_files_are_looked_at_again_with_the_next_line() -> None:
    one, two = (f"+++++ lib.py\nx = {number}\n\n\n+++++ app.py\n{ABOVE}" for number in (1, 2))
    asked = prompter("qwen")
    first = asked.prompt(one + LINE[:4], BELOW, max_tokens=16, document="d")
    same = asked.prompt(two + LINE[:5], BELOW, max_tokens=16, document="d")
    assert b"x = 1" in text_of("qwen", first)
    assert b"x = 1" in text_of("qwen", same)
    assert b"x = 2" in text_of("qwen", asked.prompt(two + "\n", BELOW, max_tokens=16, document="d"))


def test_documents_have_anchors_of_their_own() -> None:
    asked = prompter("qwen")
    asked.prompt(ABOVE + LINE, BELOW, max_tokens=16, document="one")
    other = asked.prompt("x = ", "\n", max_tokens=16, document="two")
    assert text_of("qwen", other) == b"\nx = "


def test_a_long_line_moves_the_anchor_to_the_cursor() -> None:
    long = "x = [" + "1, " * LONGEST_TYPED
    prompt = prompter("qwen").prompt(long, "]", max_tokens=16, document="d")
    assert prompt.ids[-1] == family("qwen")[0].control("<|fim_middle|>")
    assert not prompt.healed


@pytest.mark.parametrize("name", KINDS)
@settings(deadline=None)
@given(
    prefix=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁+"), max_size=60),
    suffix=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), max_size=20),
)
def test_the_prompt_says_what_the_text_says(name: str, prefix: str, suffix: str) -> None:
    """Anchored and healed, each part of the text is there whole, once, and in the family's order."""
    said = text_of(name, prompter(name).prompt(prefix, suffix, max_tokens=16, document="d")).decode()
    vocabulary, form = family(name)
    at = prefix.rfind("\n") + 1
    frozen = prefix if not form.has_middle else prefix[:at]
    before = f" {frozen}" if vocabulary.spaced and (frozen or not form.has_middle) else frozen
    orders = {
        "prefix": before,
        "codestral": suffix + before,
        "seed-coder": suffix + before,
        "mellum": f"\n{suffix}{before}",
    }
    assert said == orders.get(form.name, before + suffix) + prefix[len(frozen) :]


def test_an_empty_document_has_a_prompt() -> None:
    for name in KINDS:
        assert prompter(name).prompt("", "", max_tokens=16).ids


@pytest.mark.parametrize("name", ["qwen", "codestral", "seed-coder", "prefix"])
def test_a_long_text_is_cut_at_its_far_ends(name: str) -> None:
    above = "".join(f"line_{number} = {number}\n" for number in range(400))
    below = "".join(f"\nafter_{number} = {number}" for number in range(400))
    prompt = prompter(name, context=256).prompt(f"{above}here = ", below, max_tokens=32, document="d")
    said = text_of(name, prompt)
    assert prompt.cut
    assert len(prompt.ids) <= 256 - 32
    assert b"line_399 = 399\n" in said
    assert b"here = " in said
    assert b"line_1 " not in said
    assert (b"after_0 = 0" in said) is (name != "prefix")
    assert b"after_399" not in said


@pytest.mark.parametrize("name", ["codestral", "prefix"])
def test_what_is_cut_stays_the_same_for_many_keys(name: str) -> None:
    """In forms that read the whole prefix again, the beginning may not slide with every key."""
    above, typed = (
        "".join(f"line_{number} = {number}\n" for number in range(200)),
        "value = other + 1  # more to say here",
    )
    prompts = [
        prompter(name, context=256).prompt(above + typed[:length], BELOW, max_tokens=32) for length in range(len(typed))
    ]
    moves = sum(shared(one, two) < len(one.ids) - 6 for one, two in pairwise(prompts))
    assert moves <= 2


def test_files_far_from_the_cursor_are_left_out_first() -> None:
    files = "\n\n".join(f"+++++ lib{number}.py\n{'x = 1; ' * 20}" for number in range(5))
    said = text_of(
        "qwen", prompter("qwen", context=400).prompt(f"{files}\n\n+++++ app.py\n{ABOVE}", BELOW, max_tokens=16)
    )
    assert b"lib0.py" not in said
    assert b"lib4.py" in said
    assert ABOVE.encode() in said


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 3000))
def test_what_is_kept_fits(prefix: int, suffix: int, room: int) -> None:
    before, after = fitted(prefix, suffix, room)
    assert 0 <= before <= prefix
    assert 0 <= after <= suffix
    assert before + after <= room
    assert before + after >= min(prefix + suffix, room) - room // 4 - 1


def test_a_prompt_of_several_files_is_read() -> None:
    hole = read("+++++ a.py\nx = 1\n\n\n+++++ b/c.py\ny = ", "\n")
    assert (hole.others, hole.path, hole.prefix, hole.suffix) == ((("a.py", "x = 1\n"),), "b/c.py", "y = ", "\n")
    assert read("+++++ no header", "").prefix == "+++++ no header"
    assert read("x\n\n+++++ a.py\n", "").others == ()
