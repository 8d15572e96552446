"""Every family is known by its vocabulary, its prompt is the one that the text templates write, and text stays text."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken

from backends.host.formats import PREFIX_ONLY, find
from backends.host.prompting import Prompter
from backends.host.vocabulary import Vocabulary
from backends.templates import TEMPLATES
from context.privacy import Cleared, Excerpt, FimContext
from tests.host_prompts import FAMILIES, family
from tests.tiny_tokenizers import KINDS, tokenizer

PREFIX, SUFFIX = "def add(a, b):\n    return a", "\n\n\nprint(add(1, 2))\n"
OTHERS = (("lib/one.py", "one = 1\n"), ("lib/two.py", "two = 2\n"))


def spelt(vocabulary: Vocabulary, name: str, ids: tuple[int, ...]) -> str:
    """A prompt as one reads it: control tokens by name, without SentencePiece's spaces."""
    names = tokenizer(name).convert_ids_to_tokens(list(ids))
    pieces = [
        names[place].encode() if id in vocabulary.controls else vocabulary.bytes_of[id] for place, id in enumerate(ids)
    ]
    return b"".join(pieces).decode().replace("▁<", " <")


def plain(name: str, text: str, suffix: str) -> str:
    vocabulary, form = family(name)
    prompter = Prompter(vocabulary, form, 4096, anchors=False, heals=False)
    ids = prompter.prompt(text, suffix, max_tokens=16).ids
    return spelt(vocabulary, name, ids[len(form.head) :])


@pytest.mark.parametrize(("name", "expected"), FAMILIES.items())
def test_a_family_is_known_by_its_vocabulary(name: str, expected: str) -> None:
    assert family(name)[1].name == expected


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("others", [(), OTHERS])
def test_the_prompt_is_what_the_text_template_says(name: str, others: tuple[tuple[str, str], ...]) -> None:
    path = "app.py" if others else ""
    excerpts = tuple(Excerpt(each, Cleared(text), "") for each, text in others)
    wanted = TEMPLATES[FAMILIES[name]].prompt(FimContext(path, "python", Cleared(PREFIX), Cleared(SUFFIX), excerpts))
    files = [f"+++++ {each}\n{text}" for each, text in others]
    text = "\n\n".join([*files, f"+++++ app.py\n{PREFIX}"]) if others else PREFIX
    got = plain(name, text, SUFFIX)
    if family(name)[0].spaced:  # the implicit space before the first word, and those that belong to the tokens
        got, wanted = got.replace(" ", ""), wanted.replace(" ", "")
    assert got == wanted


def test_the_implicit_space_stands_before_the_prefix_alone() -> None:
    vocabulary, form = family("codestral")
    ids = Prompter(vocabulary, form, 512, heals=False).prompt("def f(", ")", max_tokens=8).ids
    assert spelt(vocabulary, "codestral", ids) == "<s>[SUFFIX])[PREFIX] def f("


@pytest.mark.parametrize("name", KINDS)
def test_what_a_file_spells_is_text(name: str) -> None:
    vocabulary, _ = family(name)
    for token in [*KINDS[name].tokens, "<|im_start|>", " <PRE>", "<<fim_prefix>"]:
        ids = vocabulary.encode(f"a = '{token}{token}'  # {token}")
        assert not vocabulary.controls & set(ids), token
        assert b"".join(vocabulary.bytes_of[id] for id in ids).decode() == f"a = '{token}{token}'  # {token}".replace(
            "▁", " " if vocabulary.spaced else "▁"
        )


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁")))
@pytest.mark.parametrize("name", ["codestral", "qwen", "starcoder2"])
def test_any_text_survives_the_way_to_tokens_and_back(name: str, text: str) -> None:
    vocabulary, _ = family(name)
    assert b"".join(vocabulary.bytes_of[id] for id in vocabulary.encode(text)).decode() == text


def test_a_model_without_tokens_continues_the_prefix() -> None:
    vocabulary, form = family("prefix")
    assert form.name == PREFIX_ONLY
    assert (
        spelt(vocabulary, "prefix", Prompter(vocabulary, form, 512, heals=False).prompt("x = ", "y", max_tokens=8).ids)
        == "x = "
    )


def test_the_user_has_the_last_word() -> None:
    assert family("codellama", chosen="codellama-spm")[1].name == "codellama-spm"
    assert family("qwen", chosen=PREFIX_ONLY)[1].name == PREFIX_ONLY
    with pytest.raises(ValueError, match="has no tokens of the form `codestral`"):
        family("qwen", chosen="codestral")
    with pytest.raises(ValueError, match="no form `nothing`"):
        family("qwen", chosen="nothing")


def test_the_name_decides_where_spellings_are_shared() -> None:
    vocabulary = Vocabulary(tokenizer("starcoder"))
    assert find(vocabulary, kind="llama").name == "mellum"
    assert find(vocabulary, name="ibm-granite/granite-3b-code-base", kind="llama").name == "starcoder"


@pytest.mark.parametrize("name", KINDS)
def test_an_answer_ends_at_every_token_of_the_family(name: str) -> None:
    vocabulary, form = family(name)
    for token in KINDS[name].tokens:
        id = vocabulary.control(token)
        if (form.template is not None and token in form.template.stop) or token == KINDS[name].eos:
            assert id in form.stop_ids, token


def test_what_the_form_does_not_know_ends_an_answer_too() -> None:
    """A model that only continues begins another file of its training after `<file_sep>`, and its own end is none of text."""
    vocabulary, form = family("smollm")
    assert form.name == PREFIX_ONLY
    assert form.stop_ids == {vocabulary.control(token) for token in KINDS["smollm"].tokens}


def test_tags_of_html_are_text_where_a_tokenizer_has_added_them() -> None:
    """CodeGemma's has, without calling them special."""
    words = deepcopy(tokenizer("codegemma"))
    words.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in ("<table>", "</h1>")])
    vocabulary = Vocabulary(words)
    ids = vocabulary.encode("<table></h1>")
    assert ids == [vocabulary.control("<table>"), vocabulary.control("</h1>")]
    assert b"".join(vocabulary.bytes_of[id] for id in ids) == b"<table></h1>"


def test_text_that_ends_an_answer_is_kept_apart_from_tokens() -> None:
    assert family("codestral")[1].stops == ("\n+++++ ",)
    assert family("qwen")[1].stops == ()
