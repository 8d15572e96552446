"""The way to this machine's model host: found anew each time, started where the user set a model, and proved first."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from backends import discovery
from backends.discovery import Host, NoHost
from backends.errors import BackendError, BadRequest, RateLimited, Unreachable
from backends.host.launch import CannotStart, Launcher
from backends.http import Client
from backends.wiring import Wiring
from context.clock import Clock

NAME = "host"
RESTART = "Start the host again, or choose another backend."
MEND = "Start one with `infill serve --model MODEL`, set `model` to have one started, or choose another backend."
LOADING = 1.0
"""Seconds until a host that is being started is looked for again."""
LOOK_EVERY = 0.25


class ToHost:
    """To whatever host `discovery` finds in `folder`, of `model` where that is set. `launcher` starts one where there is none;
    `notify` gets what it does meanwhile, a sentence at a time, and an empty one when it is there."""

    def __init__(
        self,
        *,
        clock: Clock,
        wiring: Wiring,
        model: str = "",
        folder: Path | None = None,
        launcher: Launcher | None = None,
        notify: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.clock, self.model, self.launcher = clock, model, launcher
        self._wiring, self._folder, self._notify = wiring, folder, notify
        self._proved: Host | None = None

    def find(self) -> Host | None:
        """The host that runs now; None where there is none."""
        try:
            return discovery.find(self._folder, self.model)
        except NoHost:
            return None

    async def prepare(self, seconds: float) -> None:
        """See `backends.api.Preparing`: waits for a host that is being started, and tells what it does."""
        told, until = "", self.clock.now() + seconds
        while self.find() is None and self.launcher is not None and self.clock.now() < until:
            try:
                doing = self.launcher.ensure()
            except CannotStart:
                return  # the request that follows says why
            if doing != told:
                self._notify(doing)
            told = doing
            await self.clock.sleep(LOOK_EVERY)
        if told:
            self._notify("")

    async def reach(self) -> Host:
        """The host, proved to be ours. Raises a `BackendError` that says what is being done, or what to do."""
        try:
            host = discovery.find(self._folder, self.model)
        except NoHost as error:
            raise self._absent(error) from error
        if self.launcher is not None:
            self.launcher.found()
        if host != self._proved:
            await self._prove(host)
            self._proved = host
        return host

    def wiring_to(self, host: Host) -> Wiring:
        return replace(self._wiring, socket=host.socket)

    def _absent(self, error: NoHost) -> BackendError:
        """No host is there: started, where that is wished, and what the user is told meanwhile."""
        if self.launcher is None:
            return Unreachable(NAME, str(error), MEND)
        try:
            return RateLimited(NAME, self.launcher.ensure(), f"Asking again in {LOADING:.0f} s.", LOADING)
        except CannotStart as cannot:
            if cannot.after:
                mend = f"Tried again in {cannot.after:.0f} s; `infill doctor` tries now."
                return Unreachable(NAME, str(cannot), mend)
            return BadRequest(NAME, str(cannot), "Or choose another backend.")

    async def _prove(self, host: Host) -> None:
        """See `discovery`: another program at the host's port gets neither token nor text."""
        if host.token is None:
            return
        nonce = secrets.token_hex(16)
        stranger = Client(NAME, host.root, wiring=self._wiring, clock=self.clock)
        try:
            said = await stranger.fetch("GET", f"/infill/proof/{nonce}")
        finally:
            await stranger.aclose()
        wanted = discovery.proof(host.token, nonce)
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), wanted.encode()):
            raise Unreachable(NAME, f"Another program answers at {host.root}, the model host's address.", RESTART)
