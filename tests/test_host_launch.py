"""A host that is wished for is started once, in peace and quiet: not again while it starts, later and later where it fails."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backends import discovery
from backends.api import Preparing
from backends.breaker import Breaker
from backends.discovery import Host, own_folder
from backends.errors import BackendError, BadRequest, RateLimited, Unreachable
from backends.host.launch import CannotStart, Launcher, process
from backends.host.seat import Seat, Taken
from backends.registry import BackendConfig, build
from backends.running_host import RunningHost
from backends.to_host import ToHost
from backends.wiring import Wiring
from context.privacy import Gate
from tests.fake_clock import FakeClock
from tests.requests import fim_request

MODEL = "owner/tiny"


@dataclass
class Child:
    """A process as `Launcher` sees it; `status` None while it runs."""

    command: list[str]
    environment: Mapping[str, str]
    folder: Path
    status: int | None = None

    def poll(self) -> int | None:
        return self.status


@dataclass
class Machine:
    """Where hosts are started, without one being."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    children: list[Child] = field(default_factory=list)

    def start(self, command: list[str], environment: Mapping[str, str], folder: Path) -> Child:
        self.children.append(Child(command, environment, folder))
        return self.children[-1]

    def launcher(self) -> Launcher:
        return Launcher(MODEL, self.clock, folder=self.folder, start=self.start)

    def says(self, **state: object) -> None:
        state_file = own_folder(self.folder, MODEL) / "starting.json"
        state_file.parent.mkdir(mode=0o700, exist_ok=True)
        state_file.write_text(json.dumps(state))
        state_file.chmod(0o600)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "infill"
    folder.mkdir(mode=0o700)
    return Machine(folder)


def refused(launcher: Launcher) -> CannotStart:
    with pytest.raises(CannotStart) as caught:
        launcher.ensure()
    return caught.value


def test_it_is_started_once(machine: Machine) -> None:
    launcher = machine.launcher()
    assert "Starting the model host for owner/tiny" in launcher.ensure()
    machine.says(pid=os.getpid(), doing="Loading owner/tiny (1.0 GB).")
    assert launcher.ensure() == "Loading owner/tiny (1.0 GB)."
    assert len(machine.children) == 1


def test_a_host_is_our_own_program_and_nothing_of_the_project(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "a-key")
    machine.launcher().ensure()
    child = machine.children[0]
    assert child.command[:3] == [sys.executable, "-I", "-c"]
    assert json.loads(child.command[-1])["model"] == MODEL
    assert child.folder == own_folder(machine.folder, MODEL), "not the project's folder"
    assert "MISTRAL_API_KEY" not in child.environment
    assert child.environment["OMP_WAIT_POLICY"] == "passive"


@pytest.mark.parametrize("model", ["./tiny", "../tiny", "."])
def test_a_folder_that_begins_nowhere_starts_nothing(machine: Machine, model: str) -> None:
    """It was looked for in the host's own runtime folder; the project's would let a project choose the model."""
    error = refused(Launcher(model, machine.clock, folder=machine.folder, start=machine.start))
    assert f"`model` is {model}" in str(error)
    assert not error.after, "only the user can help"
    assert not machine.children


def test_what_another_editor_starts_is_waited_for(machine: Machine) -> None:
    machine.says(pid=os.getpid(), doing="Loading.")
    assert machine.launcher().ensure() == "Loading."
    assert not machine.children


def test_what_a_dead_process_said_counts_for_nothing(machine: Machine) -> None:
    machine.says(pid=2**22 + 1, doing="Loading.")
    machine.launcher().ensure()
    assert len(machine.children) == 1


async def test_a_start_that_fails_is_tried_later_and_later(machine: Machine) -> None:
    launcher, waits = machine.launcher(), []
    for _ in range(9):
        launcher.ensure()
        machine.says(pid=2**22 + 1, failed="It needs 99 GB.")
        machine.children[-1].status = 1
        error = refused(launcher)
        assert str(error) == "It needs 99 GB."
        waits.append(error.after)
        await machine.clock.advance(error.after / 2)
        refused(launcher)
        await machine.clock.advance(error.after)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    assert len(machine.children) == 9


def test_a_host_that_ended_in_peace_is_started_again(machine: Machine) -> None:
    """Nobody asked for long, or another editor's host was first."""
    launcher = machine.launcher()
    launcher.ensure()
    machine.children[0].status = 0
    launcher.ensure()
    assert len(machine.children) == 2


def test_without_the_libraries_the_user_is_told_which(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backends.host.launch.find_spec", lambda name: None)
    error = refused(machine.launcher())
    assert "torch" in str(error)
    assert "install" in str(error) and "[host]" in str(error)
    assert error.after == 0


def test_a_folder_that_others_may_enter_starts_nothing(machine: Machine) -> None:
    machine.folder.chmod(0o755)
    assert "open to other users" in str(refused(machine.launcher()))
    assert not machine.children


def test_the_log_is_for_the_user_alone(tmp_path: Path) -> None:
    child = process([sys.executable, "-c", "print('words')"], os.environ, tmp_path)
    assert child.wait(30) == 0
    assert (tmp_path / "host.log").read_text() == "words\n"
    assert (tmp_path / "host.log").stat().st_mode & 0o777 == 0o600


def test_one_seat_for_each_model(tmp_path: Path) -> None:
    folder = tmp_path / "infill"
    with Seat(folder, "one") as first, Seat(folder, "two") as second:
        assert first.announced_in == folder
        assert second.announced_in == own_folder(folder, "two")
        with pytest.raises(Taken):
            Seat(folder, "one")
        discovery.announce(Host(os.getpid(), "one", 8, socket=first.announced_in / "host.sock"), first.announced_in)
        discovery.announce(Host(os.getpid(), "two", 8, socket=second.announced_in / "host.sock"), second.announced_in)
        assert discovery.find(folder).model == "one"
        assert discovery.find(folder, "two").model == "two"
        with pytest.raises(discovery.NoHost, match="another model than three"):
            discovery.find(folder, "three")
    with Seat(folder, "one"):
        pass


def test_an_alias_finds_the_host(tmp_path: Path) -> None:
    folder = tmp_path / "infill"
    with Seat(folder, "owner/tiny"):
        discovery.announce(Host(os.getpid(), "owner/tiny", 8, port=4000, aliases=("tiny",)), folder)
        assert discovery.find(folder, "tiny").model == "owner/tiny"


class TestTheBackend:
    def backend(self, machine: Machine) -> tuple[RunningHost, list[str]]:
        said: list[str] = []
        way = ToHost(
            clock=machine.clock,
            wiring=Wiring(),
            model=MODEL,
            folder=machine.folder,
            launcher=machine.launcher(),
            notify=said.append,
        )
        return RunningHost(way), said

    async def asked(self, host: RunningHost) -> BackendError:
        with pytest.raises(BackendError) as caught:
            async for _ in host.stream(fim_request()):
                pass
        return caught.value

    async def test_while_it_loads_the_user_reads_what_it_does(self, machine: Machine) -> None:
        host, _ = self.backend(machine)
        assert isinstance(await self.asked(host), RateLimited)
        machine.says(pid=os.getpid(), doing="Loading owner/tiny (1.0 GB).")
        error = await self.asked(host)
        assert isinstance(error, RateLimited)
        assert error.what == "Loading owner/tiny (1.0 GB)."

    async def test_what_only_the_user_can_mend(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("backends.host.launch.find_spec", lambda name: None)
        assert isinstance(await self.asked(self.backend(machine)[0]), BadRequest)

    async def test_a_failed_start_says_why_and_when_again(self, machine: Machine) -> None:
        host, _ = self.backend(machine)
        await self.asked(host)
        machine.says(pid=2**22 + 1, failed="It needs 99 GB.")
        machine.children[0].status = 1
        error = await self.asked(host)
        assert isinstance(error, Unreachable)
        assert error.what == "It needs 99 GB."
        assert "5 s" in error.mend

    async def test_progress_is_told_until_it_is_there(self, machine: Machine) -> None:
        import asyncio

        host, said = self.backend(machine)
        assert isinstance(Breaker(host, machine.clock), Preparing)
        preparing = asyncio.create_task(host.prepare(60))
        await machine.clock.advance(1)
        machine.says(pid=os.getpid(), doing="Loading owner/tiny (1.0 GB).")
        await machine.clock.advance(1)
        discovery.announce(Host(os.getpid(), MODEL, 8, port=4000), machine.folder)
        await machine.clock.advance(1)
        await preparing
        assert said == ["Starting the model host for owner/tiny.", "Loading owner/tiny (1.0 GB).", ""]

    def test_only_a_model_that_the_user_set_is_started(self, tmp_path: Path) -> None:
        clock = FakeClock()
        for config, starts in (
            (BackendConfig("host"), False),
            (BackendConfig("host", model=MODEL), True),
        ):
            breaker = build(config, roots=(), gate=Gate([tmp_path]), clock=clock)
            assert isinstance(breaker, Breaker)
            host = breaker.inner
            assert isinstance(host, RunningHost)
            assert (host._way.launcher is not None) is starts
