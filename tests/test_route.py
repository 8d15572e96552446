"""`auto`: who answers, who steps in, what is said, and what never happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backends.api import Card, Done, Learner, Missed, Text
from backends.breaker import LONGEST_PAUSE, SETTLED_PAUSE
from backends.errors import BadReply, TimedOut, Unauthorised, Unreachable
from backends.route import Leg, Route
from backends.scripted import ScriptedInfiller, Step
from backends.unproven import MISSES, PATIENCE, Unproven
from context.snapshot import Snapshot
from tests.fake_clock import FakeClock
from tests.requests import fim_request

DENIED = Unauthorised("mistral", "The key is refused.", "Set another.")
SAID = "The key is refused. Set another. Meanwhile the workspace model answers."


class Learning(ScriptedInfiller):
    """A scripted backend that learns."""

    def __init__(self, script: list[Step], clock: FakeClock, card: Card) -> None:
        super().__init__(script, clock, card=card)
        self.learnt: list[object] = []

    def observe(self, snapshot: Snapshot) -> None:
        self.learnt.append(snapshot)

    def forget(self, path: Path) -> None:
        self.learnt.append(path)


class Journey:
    """Mistral and the workspace model, scripted, with what the user was told."""

    def __init__(
        self, mistral: list[Step], workspace: list[Step], *, failover: bool = True, unproven: bool = False
    ) -> None:
        self.clock = FakeClock()
        self.said: list[str] = []
        self.mistral_script = mistral
        self.mistral = ScriptedInfiller(
            lambda request: self.mistral_script, self.clock, card=_card("mistral", sends=True)
        )
        self.workspace = Learning(workspace, self.clock, _card("workspace", sends=False))
        legs = [Leg(Unproven(self.mistral, self.clock) if unproven else self.mistral), Leg(self.workspace)]
        self.route = Route(legs, self.clock, failover=failover, notify=self.said.append)

    async def ask_while(self, seconds: float) -> str:
        """What is answered within so many seconds; "" where nothing is."""
        asking = asyncio.create_task(self.ask())
        await self.clock.advance(seconds)
        if asking.done():
            return await asking
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return ""

    async def ask(self) -> str:
        events = [event async for event in self.route.stream(fim_request())]
        assert isinstance(events[-1], Done)
        return "".join(event.text for event in events if isinstance(event, Text))


def _card(name: str, *, sends: bool) -> Card:
    return Card(name, "", sends, 1000, origin="https://api.example:443" if sends else "")


async def test_the_first_that_is_there_answers() -> None:
    journey = Journey(["far"], ["near"])
    assert await journey.ask() == "far"
    assert (journey.workspace.requests, journey.said) == ([], [])


async def test_who_stepped_in_is_said_with_what_came_first() -> None:
    async def by(journey: Journey) -> list[str | None]:
        return [event.by.name if event.by else None async for event in journey.route.stream(fim_request())]

    assert await by(Journey(["far", "ther"], ["near"])) == [None, None, None]
    assert await by(Journey([DENIED], ["near", "er"])) == ["workspace", None, None]
    assert await by(Journey([DENIED], [])) == ["workspace"]


async def test_who_was_asked_and_failed_is_told_and_who_is_left_alone_is_not() -> None:
    journey = Journey([DENIED], ["near", "er"])
    told = [[event.missed async for event in journey.route.stream(fim_request())] for _ in range(2)]
    assert told == [[(Missed(_card("mistral", sends=True), "Unauthorised"),), (), ()], [(), (), ()]]


async def test_one_that_is_not_there_is_passed_over_in_silence() -> None:
    clock, said = FakeClock(), list[str]()
    host = ScriptedInfiller([DENIED], clock, card=_card("host", sends=False))
    near = ScriptedInfiller(["near"], clock)
    route = Route([Leg(host, lambda: False), Leg(near)], clock, notify=said.append)
    assert [event async for event in route.stream(fim_request())][0] == Text("near")  # noqa: RUF015
    assert (host.requests, said) == ([], [])


async def test_the_next_steps_in_and_it_is_said_once() -> None:
    journey = Journey([DENIED], ["near"])
    assert [await journey.ask() for _ in range(20)] == ["near"] * 20
    assert journey.said == [SAID]
    assert len(journey.mistral.requests) == 1


async def test_the_better_one_coming_back_takes_the_sentence_away() -> None:
    journey = Journey([DENIED], ["near"])
    await journey.ask()
    journey.mistral_script = ["far"]
    await journey.clock.advance(SETTLED_PAUSE)
    assert [await journey.ask() for _ in range(3)] == ["far"] * 3
    assert journey.said == [SAID, ""]


async def test_one_that_has_never_answered_is_waited_for_a_second_and_then_the_next_steps_in() -> None:
    journey = Journey([30.0, "far"], ["near"], unproven=True)
    assert await journey.ask_while(PATIENCE) == "near"
    assert journey.mistral.open == 0
    assert journey.said == [
        "https://api.example has not answered within 1 s. Nothing to do: it is asked again by itself."
        " Meanwhile the workspace model answers."
    ]


async def test_one_that_has_answered_is_waited_for_until_it_fails() -> None:
    journey = Journey(["far"], ["near"], unproven=True)
    assert await journey.ask() == "far"
    journey.mistral_script = [5.0, "far"]
    assert await journey.ask_while(5.0) == "far"
    journey.mistral_script = [5.0, TimedOut("mistral", "Gone.", "")]
    assert await journey.ask_while(5.0) == "near"
    journey.mistral_script = [5.0, "far"]
    assert await journey.ask_while(PATIENCE) == "near"


async def test_a_slow_network_is_found_out_to_be_one() -> None:
    journey = Journey([1.5, "far"], ["near"], unproven=True)
    for _ in range(MISSES):
        assert await journey.ask_while(PATIENCE) == "near"
    await journey.clock.advance(LONGEST_PAUSE)
    assert await journey.ask_while(1.5) == "far"
    assert await journey.ask_while(1.5) == "far"


async def test_giving_up_on_an_ask_gives_up_on_one_that_has_never_answered() -> None:
    journey = Journey([30.0, "far"], ["near"], unproven=True)
    assert await journey.ask_while(PATIENCE / 2) == ""
    assert (journey.mistral.open, journey.workspace.requests, journey.said) == (0, [], [])


async def test_nobody_steps_in_where_the_user_does_not_allow_it() -> None:
    journey = Journey([DENIED], ["near"], failover=False)
    with pytest.raises(Unauthorised):
        await journey.ask()
    assert (journey.workspace.requests, journey.said) == ([], [])


async def test_a_failure_after_text_is_not_asked_again_elsewhere() -> None:
    journey = Journey(["half", BadReply("mistral", "It broke.", "Wait.")], ["near"])
    with pytest.raises(BadReply):
        await journey.ask()
    assert journey.workspace.requests == []


async def test_nobody_steps_in_that_sends_where_the_failed_one_did_not() -> None:
    clock = FakeClock()
    here = ScriptedInfiller([Unreachable("host", "Gone.", "Start it.")], clock, card=_card("host", sends=False))
    far = ScriptedInfiller(["far"], clock, card=_card("mistral", sends=True))
    with pytest.raises(Unreachable):
        await anext(Route([Leg(here), Leg(far)], clock).stream(fim_request()))
    assert far.requests == []


async def test_when_all_fail_the_first_error_is_the_one() -> None:
    journey = Journey([DENIED], [TimedOut("workspace", "Slow.", "Wait.")])
    with pytest.raises(Unauthorised):
        await journey.ask()
    assert journey.said == []


async def test_nobody_is_there() -> None:
    route = Route([], FakeClock())
    assert route.card.name == "auto"
    with pytest.raises(Unreachable, match="infill key set"):
        await anext(route.stream(fim_request()))
    with pytest.raises(Unreachable):
        await route.check()


async def test_the_card_is_that_of_the_one_that_would_be_asked() -> None:
    journey = Journey([DENIED], ["near"])
    assert journey.route.card.sends
    await journey.ask()
    assert journey.route.card.name == "workspace"
    await journey.clock.advance(SETTLED_PAUSE)
    assert journey.route.card.name == "mistral"


async def test_what_is_observed_and_forgotten_reaches_the_learners() -> None:
    journey = Journey([], [])
    snapshot = Snapshot("file:///a.py", Path("/a.py"), "python", 1, "")
    assert isinstance(journey.route, Learner)
    journey.route.observe(snapshot)
    journey.route.forget(Path("/a.py"))
    assert journey.workspace.learnt == [snapshot, Path("/a.py")]


async def test_closing_a_stream_closes_the_one_beneath() -> None:
    journey = Journey(["a", "b"], [])
    events = journey.route.stream(fim_request())
    await anext(events)
    await events.aclose()
    assert journey.mistral.open == 0


class Failing(ScriptedInfiller):
    """Scripted, but its check fails."""

    async def check(self) -> str:
        raise DENIED.anew()


async def test_check_is_on_the_first_and_names_the_next() -> None:
    journey = Journey(["far"], ["near"])
    says = "The scripted backend says what it is told."
    assert await journey.route.check() == f"{says} If it fails, the workspace model steps in."


@pytest.mark.parametrize(
    ("failover", "mend"), [(True, "Meanwhile the workspace model answers:"), (False, "Set another.")]
)
async def test_check_fails_where_the_first_does_and_says_who_answers_meanwhile(failover: bool, mend: str) -> None:
    clock = FakeClock()
    failing = Failing([], clock, card=_card("mistral", sends=True))
    near = ScriptedInfiller([], clock, card=_card("workspace", sends=False))
    with pytest.raises(Unauthorised) as caught:
        await Route([Leg(failing), Leg(near)], clock, failover=failover).check()
    assert mend in caught.value.mend
    assert caught.value.mend.startswith("Set another.")


async def test_closing_closes_all() -> None:
    journey = Journey([], [])
    await journey.route.aclose()
    assert (journey.mistral.closed, journey.workspace.closed) == (True, True)
