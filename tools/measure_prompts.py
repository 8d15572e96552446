"""Measures what a key costs a model host in each form of prompt, and how often a model can go on as it knows the line.

    .venv/bin/python -m tools.measure_prompts

The text is this repository's own source; the tables of docs/benchmarks.md come from here. No model is asked.
"""

from __future__ import annotations

import random
import sys
from itertools import takewhile
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from backends.host.healing import taken_off
from backends.host.prompting import Prompter
from backends.host.vocabulary import Vocabulary
from tests.host_prompts import family
from tests.tiny_tokenizers import QWEN_SPLIT, ROOT, tokenizer

FORMS = ("qwen", "deepseek", "starcoder2", "codellama", "seed-coder", "codestral")
PLACES = 15


def main() -> None:
    chance = random.Random(0)
    layers = (sorted(ROOT.glob(f"{layer}/**/*.py")) for layer in ("context", "lsp_server", "backends"))
    texts = [path.read_text(encoding="utf-8") for layer in layers for path in layer if path.stat().st_size > 1500]
    places = drawn([text for text in texts if len(text) > 6000], chance)
    print("tokens read again for one key, mean and 99th percentile: whole prompt, anchored")
    for form in FORMS:
        costs = [cost(form, places, anchored=anchored) for anchored in (False, True)]
        print(f"  {form:12}", "   ".join(f"{mean:6.2f} {most:4}" for mean, most in costs))
    print(
        "places where what is asked with begins the line's own tokens: as typed, one back, all that one could begin with"
    )
    for name, vocabulary in (("600", Vocabulary(tokenizer("qwen"))), ("32,000", Vocabulary(learnt(32_000, chance)))):
        count, *shares = reached(vocabulary, texts[::8])
        print(f"  {name:>6} entries, {count:.0f} places", *(f"{share:7.1%}" for share in shares))


def drawn(texts: list[str], chance: random.Random) -> list[tuple[str, str, str]]:
    """Lines to type, with 3,000 characters before and 1,000 behind them."""
    places: list[tuple[str, str, str]] = []
    while len(places) < PLACES:
        text = chance.choice(texts)
        at = text.find("\n", chance.randrange(2500, len(text) - 1500)) + 1
        line = text[at : text.find("\n", at)]
        if 25 < len(line) < 70:
            places.append((text[max(0, at - 3000) : at], line, text[at + len(line) : at + len(line) + 1000]))
    return places


def cost(form: str, places: list[tuple[str, str, str]], *, anchored: bool) -> tuple[float, int]:
    """Tokens of a prompt that were not in the one of the key before."""
    new: list[int] = []
    for before, line, after in places:
        prompter = Prompter(*family(form), 8192, anchors=anchored, heals=anchored)
        last = prompter.prompt(before, after, max_tokens=32, document="d").ids
        for typed in range(1, len(line)):
            ids = prompter.prompt(before + line[:typed], after, max_tokens=32, document="d").ids
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ids, last, strict=False)))
            new.append(len(ids) - same)
            last = ids
    new.sort()
    return sum(new) / len(new), new[int(len(new) * 0.99)]


def reached(vocabulary: Vocabulary, texts: list[str]) -> tuple[float, ...]:
    """Number of places, and the three shares."""
    counts = [0, 0, 0, 0]
    for line in (line for text in texts for line in text.split("\n") if len(line.strip()) > 3):
        whole = vocabulary.encode(line)
        for at in range(len(line) - len(line.lstrip()) + 1, len(line)):
            ids = vocabulary.encode(line[:at])
            counts[0] += 1
            for which, back in enumerate((0, 1, taken_off(vocabulary, ids)), 1):
                counts[which] += ids[: len(ids) - back] == whole[: len(ids) - back]
    return float(counts[0]), *(count / counts[0] for count in counts[1:])


def learnt(size: int, chance: random.Random) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer of the installed libraries' source."""
    libraries = sorted(Path(sys.prefix).glob("lib/python3*/site-packages/*/**/*.py"))
    files = [path for path in libraries if 4000 < path.stat().st_size < 60_000]
    chance.shuffle(files)
    made = Tokenizer(models.BPE())
    splits = [pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    made.pre_tokenizer, made.decoder = pre_tokenizers.Sequence(splits), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator((path.read_text(errors="replace") for path in files[:1200]), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made)


if __name__ == "__main__":
    main()
