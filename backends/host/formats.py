"""How a model is asked to fill in: the form of its family as token ids, found from its name and its vocabulary.

The forms themselves are the rows of `backends/templates.py`, which serve remote servers too; a row here only says by which
entries of a vocabulary a family is known. Control tokens go in by id and the user's text as text, so that a file which contains
`<|fim_middle|>` stays a file. A model without such tokens continues the prefix, and other files become comments above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backends.host.vocabulary import Vocabulary
from backends.models import recognise
from backends.templates import TEMPLATES, Template, in_comments
from context.grammars import language_of

PREFIX_ONLY = "prefix"
"""The name of the form without control tokens, for a setting and for messages."""


@dataclass(frozen=True, slots=True)
class Hole:
    """What is to be filled in: the text around it, the path where it is known, and other files as (path, text)."""

    prefix: str
    suffix: str = ""
    path: str = ""
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the prefix or the suffix goes."""

    is_prefix: bool


@dataclass(frozen=True, slots=True)
class Words:
    """Text of a path, of another file, or of the form itself."""

    text: str


Part = int | Slot | Words
"""A control token's id, or one of the two."""


@dataclass(frozen=True, slots=True)
class Family:
    """`marks` are vocabulary entries that tell it from families with the same three tokens; the first row that fits is taken."""

    template: str
    marks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # `model_type` of the configurations, where spellings alone do not tell
    has_bos: bool = False  # the sequence begins with it even where the tokenizer does not say so


FAMILIES: tuple[Family, ...] = (
    Family("codestral", has_bos=True),  # mistral-common, `encode_fim`
    Family("qwen", marks=("<|repo_name|>", "<|file_sep|>")),
    Family("codegemma", marks=("<|file_separator|>",), has_bos=True),
    Family("granite4"),
    Family("starcoder2", marks=("<repo_name>", "<file_sep>")),
    Family("codeqwen", marks=("<reponame>", "<file_sep>")),
    Family("mellum", marks=("<filename>",), kinds=("llama",)),
    Family("starcoder"),
    Family("santacoder"),
    Family("deepseek"),
    Family("codellama", has_bos=True),
    Family("seed-coder"),
    Family("glm"),
)
"""Every family that a vocabulary can be known by. `codellama-spm` shares its tokens with `codellama` and is taken by name."""


@dataclass(frozen=True, slots=True)
class Format:
    """`head` is the beginning-of-text token where there is one; `stop_ids` and `stops` end an answer and are not part of it."""

    name: str
    head: tuple[int, ...]
    stop_ids: frozenset[int]
    stops: tuple[str, ...] = ()
    template: Template | None = None
    controls: tuple[tuple[str, int], ...] = ()

    @property
    def has_middle(self) -> bool:
        """Whether a token stands between prefix and answer, so that what is typed can go behind it."""
        return self.template is not None and not self.template.alone.endswith("{prefix}")

    def parts(self, hole: Hole) -> list[Part]:
        """The prompt without its head, as control tokens, slots and words."""
        if self.template is None or (hole.others and not self.template.among):
            above = in_comments(language_of(hole.path) or "", hole.path, hole.others) if hole.others else ""
            inner: list[Part] = [Slot(is_prefix=True)]
            if self.template is not None:
                inner = list(self._read(self.template.alone, hole))
            at = inner.index(Slot(is_prefix=True))
            return [*inner[:at], *([Words(above)] if above else []), *inner[at:]]
        return list(self._read(self.template.among if hole.others else self.template.alone, hole))

    def _read(self, form: str, hole: Hole) -> Iterator[Part]:
        """The parts that a format string of the template names."""
        assert self.template is not None, "only templates have forms"
        ids = dict(self.controls)
        for piece in re.split(rf"({'|'.join(map(re.escape, ids))}|\{{\w+\}})", form):
            match piece:
                case "{prefix}" | "{suffix}":
                    yield Slot(piece == "{prefix}")
                case "{path}":
                    yield Words(hole.path)
                case "{others}":
                    for path, text in hole.others:
                        ended = text if text.endswith("\n") else f"{text}\n"
                        yield from self._read_other(path, ended)
                case _ if piece in ids:
                    yield ids[piece]
                case _ if piece.strip(" "):  # spaces beside Code Llama's tokens belong to the tokens
                    yield Words(piece)

    def _read_other(self, path: str, text: str) -> Iterator[Part]:
        assert self.template is not None, "only templates have forms"
        ids = dict(self.controls)
        for piece in re.split(rf"({'|'.join(map(re.escape, ids))}|\{{\w+\}})", self.template.other):
            if piece in ids:
                yield ids[piece]
            elif piece:
                yield Words({"{path}": path, "{text}": text}.get(piece, piece))


def find(
    vocabulary: Vocabulary, *, name: str = "", kind: str = "", chosen: str = "", eos: frozenset[int] = frozenset()
) -> Format:
    """The form for a model: the one `chosen` by the user, else the one of its `name`, else the first whose tokens it has.

    `kind` is the configuration's `model_type`, `eos` what its generation configuration stops at. Raises ValueError where the
    chosen form has tokens that the vocabulary lacks.
    """
    if chosen and chosen != PREFIX_ONLY:
        if chosen not in TEMPLATES:
            raise ValueError(f"There is no form `{chosen}`; there are {', '.join([*TEMPLATES, PREFIX_ONLY])}.")
        if (found := _fitted(vocabulary, chosen, eos)) is None:
            raise ValueError(f"The vocabulary of this model has no tokens of the form `{chosen}`.")
        return found
    known = recognise(name)
    if not chosen and known is not None and (found := _fitted(vocabulary, known.template, eos)) is not None:
        return found
    for family in FAMILIES if not chosen else ():
        marked = all(vocabulary.control(mark) is not None for mark in family.marks)
        if (
            marked
            and (not family.kinds or kind in family.kinds)
            and (found := _fitted(vocabulary, family.template, eos))
        ):
            return found
    return Format(PREFIX_ONLY, vocabulary.bos_ids, _ends(vocabulary, eos))


def _fitted(vocabulary: Vocabulary, name: str, eos: frozenset[int]) -> Format | None:
    """The template's form in this vocabulary; None where one of its marks is not a single entry."""
    template = TEMPLATES.get(name)
    if template is None:
        return None
    ids = {text: id for text in template.tokens if (id := vocabulary.control(text)) is not None}
    if any(token in template.alone and token not in ids for token in template.tokens):
        return None
    if template.among and any(
        token in template.among + template.other and token not in ids for token in template.tokens
    ):
        template = Template(
            template.name, template.alone, template.tokens, template.stop
        )  # an older tokenizer: one file
    row = next((family for family in FAMILIES if family.template == name.removesuffix("-spm")), Family(name))
    bos = vocabulary.bos_ids
    if row.has_bos and not bos and vocabulary.bos_id is not None:
        bos = (vocabulary.bos_id,)
    stop_ids = _ends(vocabulary, eos) | frozenset(ids.values())
    stops = tuple(stop for stop in template.stop if vocabulary.control(stop) is None and "\n" in stop)
    return Format(name, bos, stop_ids, stops, template, tuple(ids.items()))


def _ends(vocabulary: Vocabulary, eos: frozenset[int]) -> frozenset[int]:
    """All that the tokenizer calls special ends an answer: after `<file_sep>` another file begins, and it would not be seen."""
    return eos | vocabulary.specials | ({vocabulary.eos_id} if vocabulary.eos_id is not None else frozenset())
