"""The host with its real engine, from text to text: healed words, reviews by a model of noise, and what anchoring changes."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import jsonschema
import pytest
import torch

from backends.host.access import Rules
from backends.host.engine import Engine
from backends.host.folder import Unusable
from backends.host.jobs import HostOutOfMemory, Job
from backends.host.loading import Loaded, Wanted, load
from backends.host.memory import Precision
from backends.host.prompting import Prompter
from backends.host.scheduler import Scheduler
from backends.host.serving import assemble
from backends.host.writing import Writer
from context.clock import MonotonicClock
from lsp_server.actions.findings import SCHEMA
from tests import tiny_model_folder
from tests.asgi import ask
from tests.hosting import CHAT, FIM
from tests.tiny_tokenizers import ROOT

TURN = "<|im_start|>{{ messages[-1].role }}\n{{ messages[-1].content }}<|im_end|>\n<|im_start|>assistant\n"


def loaded(folder: Path, **more: str) -> Loaded:
    return load(Wanted(str(tiny_model_folder.write(folder / "tiny", **more)), name="tiny", precision=Precision.FP32))


@pytest.mark.parametrize("family", ["qwen", "deepseek", "seed-coder", "starcoder2", "codestral", "codellama"])
async def test_every_word_typed_by_half_ends_right(tmp_path: Path, family: str) -> None:
    phrase = " request.context\n"
    made = assemble(loaded(tmp_path, family=family, says=phrase), Rules(), MonotonicClock(), limit=60)
    try:
        for typed in range(2, len(" request")):
            body = {"model": "tiny", "prompt": f"def f(request):\n    return{phrase[:typed]}", "suffix": "\n"}
            reply = await ask(made.app, "POST", FIM, {**body, "max_tokens": 20, "prompt_cache_key": "d"})
            assert reply.json["choices"][0]["message"]["content"] == phrase[typed:], typed
    finally:
        await made.scheduler.close()


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), HostOutOfMemory()])
def test_a_model_that_fits_and_leaves_no_room_for_its_cache_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """On a GPU the cache is taken at once, and others may have taken of the memory since it was reckoned."""

    def fails(*_: object, **__: object) -> Engine:
        raise error

    monkeypatch.setattr(Engine, "of", fails)
    with pytest.raises(Unusable, match="smaller model or a smaller --context-tokens"):
        assemble(loaded(tmp_path), Rules(), MonotonicClock(), limit=60)


@pytest.mark.timeout(300)
async def test_a_hundred_reviews_by_a_model_of_noise_are_valid(tmp_path: Path) -> None:
    made = assemble(loaded(tmp_path), Rules(), MonotonicClock(), limit=60)
    form = {"type": "json_schema", "json_schema": {"name": "review", "schema": dict(SCHEMA.schema), "strict": True}}
    asked = {"model": "tiny", "messages": [{"role": "user", "content": "Review it."}], "response_format": form}

    async def review(seed: int) -> str:
        body = {**asked, "random_seed": seed, "temperature": 1.0, "max_tokens": (60, 150, 300)[seed % 3]}
        reply = await ask(made.app, "POST", CHAT, body)
        assert reply.json["choices"][0]["finish_reason"] == "stop"
        return str(reply.json["choices"][0]["message"]["content"])

    try:
        said = [
            text for start in range(0, 100, 10) for text in await asyncio.gather(*map(review, range(start, start + 10)))
        ]
    finally:
        await made.scheduler.close()
    for text in said:
        jsonschema.validate(json.loads(text), dict(SCHEMA.schema))
    assert len(set(said)) > 10, "the model was free to say what it liked"


async def written(scheduler: Scheduler, prompter: Prompter, served: Loaded, before: str, after: str) -> str:
    """What the model adds, greedily, at most twelve tokens."""
    prompt = prompter.prompt(before, after, max_tokens=12)
    from backends.host.healing import Healing

    vocabulary, form = served.model.vocabulary, served.model.format
    constraint = Healing(vocabulary, prompt.healed) if prompt.healed else None
    writer, text = Writer(vocabulary, healed=prompt.healed, most=12), ""
    answer = scheduler.run(Job(prompt.ids, 13, form.stop_ids, constraint=constraint))
    async with aclosing(answer):
        async for token in answer:
            text += writer.feed(token)
            if writer.ended:
                break
    return text + writer.rest()


async def test_differences_between_anchored_healed_and_plain_prompts_are_counted(
    tmp_path: Path, record_testsuite_property: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """With noise for weights every other prompt gives another text: what is held here is that the plain prompt, laid out twice,
    gives the same, and that the count is shown. Counts of a model that has learnt something are in docs/log.md."""
    served = loaded(tmp_path)
    engine = Engine.of(served.weights, int8=False)
    scheduler = Scheduler(engine, MonotonicClock())
    source = (ROOT / "backends/errors.py").read_text(encoding="utf-8")
    places = range(600, 1800, 60)
    forms = {"anchored and healed": {}, "anchored": {"heals": False}, "plain again": {"anchors": False, "heals": False}}
    differing = dict.fromkeys(forms, 0)
    try:
        for at in places:
            sides = source[at - 500 : at], source[at + 20 : at + 220]
            model = served.model
            plain = Prompter(model.vocabulary, model.format, 1024, anchors=False, heals=False)
            base = await written(scheduler, plain, served, *sides)
            for name, switches in forms.items():
                prompter = Prompter(model.vocabulary, model.format, 1024, **switches)
                differing[name] += await written(scheduler, prompter, served, *sides) != base
    finally:
        await scheduler.close()
    with capsys.disabled():
        print(
            "\ntexts that differ from the plain prompt's:",
            {name: f"{n} of {len(places)}" for name, n in differing.items()},
        )
    assert differing["plain again"] == 0
