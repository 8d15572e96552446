"""The fill-in-the-middle prompt of each model family: which control tokens, in which order, with other files where.

`Template.prompt` is a pure function of one `FimContext`; tests/test_templates.py asserts every whole prompt. A prompt made
here goes to servers that read control tokens out of plain text, so the tokens of the family that occur in the user's own
text are broken up first (`Template.plain`): a file that contains `<|fim_middle|>` stays a file.

The beginning-of-text token is never written: every server adds its own. Each entry names the source of its format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from backends.comments import commented
from context.privacy import FimContext


@dataclass(frozen=True, slots=True)
class Template:
    """One family's way of marking the hole, as format strings that show the whole prompt.

    `alone` has the fields {prefix}, {suffix} and {path}. `among` is used when there are excerpts and has {others} too, each
    of which is written with `other` ({path}, {text}); where it is "" the family has no form for several files, and excerpts
    become comments at the start of the prefix. `tokens` are the control tokens that the user's text must not speak; at the
    `stop` strings the answer ends, the likeliest first, because some servers take only a few.
    """

    name: str
    alone: str
    tokens: tuple[str, ...]
    stop: tuple[str, ...]
    among: str = ""
    other: str = ""

    def prompt(self, context: FimContext) -> str:
        """The whole prompt, for a server that completes text."""
        prefix, suffix, path = self.plain(context.prefix), self.plain(context.suffix), self._named(context.path)
        if not context.excerpts:
            return self.alone.format(prefix=prefix, suffix=suffix, path=path)
        others = [(self._named(excerpt.path), _ended(self.plain(excerpt.text))) for excerpt in context.excerpts]
        if not self.among:
            above = in_comments(context.language, path, others)
            return self.alone.format(prefix=above + prefix, suffix=suffix, path=path)
        written = "".join(self.other.format(path=name, text=text) for name, text in others)
        return self.among.format(others=written, prefix=prefix, suffix=suffix, path=path)

    def plain(self, text: str) -> str:
        """`text` with a space inside each control token, so that the server reads it as text."""
        return re.sub("|".join(map(re.escape, self.tokens)), lambda found: f"{found[0][0]} {found[0][1:]}", text)

    def _named(self, path: str) -> str:
        return self.plain(_one_line(path))


def two_fields(context: FimContext) -> tuple[str, str]:
    """Prompt and suffix for a server that marks the hole itself; excerpts become comments above the prefix."""
    others = [(_one_line(excerpt.path), _ended(excerpt.text)) for excerpt in context.excerpts]
    above = in_comments(context.language, _one_line(context.path), others) if others else ""
    return above + context.prefix, context.suffix


def in_comments(language: str, path: str, others: Sequence[tuple[str, str]]) -> str:
    """Other files (path, text) and the name of this one, as comments that any model has seen the like of."""
    return commented("".join(f"Path: {name}\n{text}\n" for name, text in others) + f"Path: {path}\n", language)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _one_line(path: str) -> str:
    return path.replace("\n", " ").replace("\r", " ")


# Where a form wants a repository's name it is the word "project": a folder's name says more about the user than a
# completion needs.

_CODESTRAL = Template(
    # Suffix first and no middle token (mistral-common, `encode_fim`); other files as Mistral's own "+++++" headers.
    name="codestral",
    alone="[SUFFIX]{suffix}[PREFIX]{prefix}",
    among="[SUFFIX]{suffix}[PREFIX]{others}+++++ {path}\n{prefix}",
    other="+++++ {path}\n{text}\n",
    tokens=("[SUFFIX]", "[PREFIX]", "[MIDDLE]", "[INST]", "[/INST]", "<s>", "</s>"),
    stop=("[PREFIX]", "[SUFFIX]", "\n+++++ "),
)

_QWEN = Template(
    # Qwen2.5-Coder's README and repository-level example. Qwen3-Coder takes the same, raw and not in its chat form.
    name="qwen",
    alone="<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    among="<|repo_name|>project\n{others}<|file_sep|>{path}\n<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    other="<|file_sep|>{path}\n{text}",
    tokens=(
        *("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
        *("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    ),
    stop=(
        *("<|endoftext|>", "<|file_sep|>", "<|fim_pad|>", "<|repo_name|>", "<|im_end|>"),
        *("<|im_start|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ),
)

_CODEQWEN = Template(
    # CodeQwen1.5's README: StarCoder's spelling, with its own repository tokens.
    name="codeqwen",
    alone="<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
    among="<reponame>project\n{others}<file_sep>{path}\n<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
    other="<file_sep>{path}\n{text}",
    tokens=(
        *("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<reponame>", "<file_sep>"),
        *("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    ),
    stop=("<|endoftext|>", "<file_sep>", "<|im_end|>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<reponame>"),
)

_STARCODER2 = Template(
    # arXiv 2402.19173, section 5.1: the path of the file with the hole stands after the prefix token.
    name="starcoder2",
    alone="<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
    among="<repo_name>project{others}<file_sep><fim_prefix>{path}\n{prefix}<fim_suffix>{suffix}<fim_middle>",
    other="<file_sep>{path}\n{text}",
    tokens=("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<repo_name>", "<file_sep>", "<|endoftext|>"),
    stop=("<|endoftext|>", "<file_sep>", "<fim_prefix>", "<repo_name>", "<fim_suffix>", "<fim_middle>"),
)

_STARCODER = Template(
    # StarCoder's card; Granite Code, Granite 3 and Stable Code took the tokens over.
    name="starcoder",
    alone="<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
    tokens=(
        *("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<reponame>", "<filename>"),
        *("<|endoftext|>", "<|end_of_text|>"),
    ),
    stop=("<|endoftext|>", "<fim_prefix>", "<filename>", "<|end_of_text|>", "<fim_suffix>", "<fim_middle>"),
)

_SANTACODER = Template(
    # SantaCoder's card: hyphens where its successors have underscores.
    name="santacoder",
    alone="<fim-prefix>{prefix}<fim-suffix>{suffix}<fim-middle>",
    tokens=("<fim-prefix>", "<fim-suffix>", "<fim-middle>", "<fim-pad>", "<|endoftext|>"),
    stop=("<|endoftext|>", "<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
)

_DEEPSEEK = Template(
    # DeepSeek-Coder's README; it was trained on whole repositories, each file under a "#path" line. The bars are U+FF5C,
    # the low blocks U+2581.
    name="deepseek",
    alone="<｜fim▁begin｜>{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>",
    among="<｜fim▁begin｜>{others}#{path}\n{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>",
    other="#{path}\n{text}",
    tokens=(
        "<｜fim▁begin｜>",
        "<｜fim▁hole｜>",
        "<｜fim▁end｜>",
        "<｜begin▁of▁sentence｜>",
        "<｜end▁of▁sentence｜>",
        "<|EOT|>",
    ),
    stop=("<｜end▁of▁sentence｜>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<|EOT|>"),
)

_CODELLAMA = Template(
    # The codellama repository, `infilling_prompt_tokens`; the spaces belong to the tokens.
    name="codellama",
    alone="<PRE> {prefix} <SUF>{suffix} <MID>",
    tokens=("<PRE>", "<SUF>", "<MID>", "<EOT>", "<s>", "</s>"),
    stop=("<EOT>", "<PRE>", "<SUF>", "<MID>"),
)

_CODELLAMA_SPM = Template(
    # The same function with `suffix_first`: what is typed lands at the end, where a server's prompt cache keeps the rest.
    name="codellama-spm",
    alone="<PRE> <SUF>{suffix} <MID> {prefix}",
    tokens=_CODELLAMA.tokens,
    stop=_CODELLAMA.stop,
)

_CODEGEMMA = Template(
    # ai.google.dev, "CodeGemma prompt structure", and arXiv 2406.11409, figure 2.
    name="codegemma",
    alone="<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    among="{others}{path}\n<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    other="{path}\n{text}<|file_separator|>",
    tokens=(
        *("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>"),
        *("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"),
    ),
    stop=("<|file_separator|>", "<end_of_turn>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<eos>"),
)

_GRANITE4 = Template(
    # Granite 4's card.
    name="granite4",
    alone="<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
    tokens=(
        *("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<|filename|>", "<|reponame|>"),
        *("<|end_of_text|>", "<|start_of_role|>", "<|end_of_role|>"),
    ),
    stop=("<|end_of_text|>", "<|fim_pad|>", "<|fim_prefix|>", "<|filename|>", "<|fim_suffix|>", "<|fim_middle|>"),
)

_SEED = Template(
    # Seed-Coder's technical report: suffix first.
    name="seed-coder",
    alone="<[fim-suffix]>{suffix}<[fim-prefix]>{prefix}<[fim-middle]>",
    tokens=("<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>", "<[begin▁of▁sentence]>", "<[end▁of▁sentence]>"),
    stop=("<[end▁of▁sentence]>", "<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>"),
)

_MELLUM = Template(
    # Mellum's card and arXiv 2510.05788: suffix first, files named. JetBrains' mellum-sdk writes the prefix first instead.
    name="mellum",
    alone="<filename>{path}\n<fim_suffix>{suffix}<fim_prefix>{prefix}<fim_middle>",
    among="{others}<filename>{path}\n<fim_suffix>{suffix}<fim_prefix>{prefix}<fim_middle>",
    other="<filename>{path}\n{text}",
    tokens=("<fim_suffix>", "<fim_prefix>", "<fim_middle>", "<fim_pad>", "<filename>", "<reponame>", "<|endoftext|>"),
    stop=("<|endoftext|>", "<filename>", "<fim_suffix>", "<fim_prefix>", "<fim_middle>"),
)

_GLM = Template(
    # llama.cpp's table of fill-in-the-middle tokens, "GLM-4.5".
    name="glm",
    alone="<|code_prefix|>{prefix}<|code_suffix|>{suffix}<|code_middle|>",
    tokens=("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", "<|endoftext|>", "<|user|>", "<|assistant|>"),
    stop=("<|endoftext|>", "<|user|>", "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", "<|assistant|>"),
)

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        template.name: template
        for template in (
            _CODESTRAL,
            _QWEN,
            _CODEQWEN,
            _STARCODER2,
            _STARCODER,
            _SANTACODER,
            _DEEPSEEK,
            _CODELLAMA,
            _CODELLAMA_SPM,
            _CODEGEMMA,
            _GRANITE4,
            _SEED,
            _MELLUM,
            _GLM,
        )
    }
)
"""Every template by the name that the setting `fim_template` takes."""

SUFFIX = "suffix"
"""The setting's other value: the server has a `suffix` field that works, and marks the hole itself."""
