"""The model host as a backend that talks: explanations, edits and reviews by the model that is loaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backends import discovery
from backends.api import ChatRequest, Done, Finish, Message, Role, Schema, Text
from backends.discovery import Host
from backends.errors import BackendError, BadRequest, Unreachable
from backends.host.access import Rules
from backends.host_chat import HostChat
from backends.keys import Secret
from backends.registry import BackendConfig, chatter
from backends.to_host import ToHost
from backends.wiring import Wiring
from context.clock import MonotonicClock
from context.privacy import Cleared
from tests.hosting import listening, model, serving
from tests.knowing_scheduler import Scheduler, random_scores

TOKEN = Secret("0f" * 32)
ASKED = ChatRequest((Message(Role.USER, Cleared("Say hello.")),), max_tokens=60)


def chat(folder: Path) -> HostChat:
    return HostChat(ToHost(clock=MonotonicClock(), wiring=Wiring(total=20), folder=folder))


async def answer(folder: Path, request: ChatRequest = ASKED) -> tuple[str, Done]:
    talker, text = chat(folder), ""
    try:
        async for event in talker.chat(request):
            if isinstance(event, Text):
                text += event.text
            elif isinstance(event, Done):
                return text, event
    finally:
        await talker.aclose()
    raise AssertionError("an answer has an end")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "infill"
    made.mkdir(mode=0o700)
    return made


async def test_an_answer_from_the_host(folder: Path) -> None:
    app, scheduler = serving("assistant\nHello.", rules=Rules(TOKEN, proves=True))
    async with listening(app) as port:
        discovery.announce(Host(os.getpid(), "tiny", 2048, port=port, token=TOKEN, talks=True), folder)
        text, done = await answer(folder)
        assert chat(folder).card().model == "tiny"
    assert (text, done.finish) == ("Hello.", Finish.STOP)
    assert done.usage.completion > 0
    assert scheduler.jobs[0].typing is False


async def test_a_schema_is_kept_by_a_model_of_noise(folder: Path) -> None:
    noise = Scheduler(random_scores(model().vocabulary.size))
    app, _ = serving(scheduler=noise, rules=Rules(TOKEN, proves=True))
    form = Schema("number", {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    async with listening(app) as port:
        discovery.announce(Host(os.getpid(), "tiny", 2048, port=port, token=TOKEN, talks=True), folder)
        text, _ = await answer(folder, ChatRequest(ASKED.messages, max_tokens=60, schema=form))
    assert text.startswith('{"n":')


async def test_a_model_that_cannot_talk_says_so(folder: Path) -> None:
    app, _ = serving(family="starcoder2", rules=Rules(TOKEN, proves=True))
    async with listening(app) as port:
        discovery.announce(Host(os.getpid(), "tiny", 2048, port=port, token=TOKEN), folder)
        with pytest.raises(BadRequest, match="cannot talk"):
            await answer(folder)


async def test_without_a_host_nobody_talks(folder: Path) -> None:
    with pytest.raises(Unreachable):
        await answer(folder)


@pytest.mark.parametrize(("talks", "word"), [(True, ""), (False, "cannot talk"), (None, "No model host is running")])
def test_actions_are_offered_where_the_host_talks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talks: bool | None, word: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    if talks is not None:
        discovery.announce(Host(os.getpid(), "tiny", 2048, port=4000, token=TOKEN, talks=talks))
    try:
        assert isinstance(chatter(BackendConfig("host"), clock=MonotonicClock()), HostChat)
    except BackendError as error:
        assert word
        assert word in error.what
    else:
        assert not word
