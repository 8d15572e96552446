"""One typing session: a person types a passage, a policy shows ghost text, and every key is accounted for.

The person types on and does not wait. Ghost text that has been on the screen long enough to be read, and is right, is taken;
so is one that comes up while the person is thinking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from editors.headless.buffer import Buffer, Ghost
from editors.headless.fingers import Fingers
from editors.headless.passage import Passage
from editors.headless.policy import Policy
from editors.headless.stage import Timeline
from editors.headless.typist import next_key, worth_taking

AFTER_OPENING = 5.0  # seconds from opening the file to the first key
AT_ONCE = 0.005  # seconds within which ghost text that was there already must be there again


@dataclass(slots=True)
class Key:
    """One key. `expected`: ghost text that was on the screen and agrees with it, less what was typed; `waited`: seconds until
    something was to be seen, None where the next key came first; `fresh`: it was not there already."""

    accept: bool
    expected: str
    waited: float | None = None
    fresh: bool = False


@dataclass(slots=True)
class Record:
    keys: list[Key] = field(default_factory=list)
    accepted: int = 0  # characters
    accepts: int = 0


class Session:
    def __init__(self, timeline: Timeline, passage: Passage, fingers: Fingers) -> None:
        text = passage.snapshot.text
        self.buffer = Buffer(text[: passage.start] + text[passage.end :], passage.start)
        self.record, self.over = Record(), False
        self._timeline, self._fingers = timeline, fingers
        self._rest = passage.text  # what is still to be typed
        self._wrong = 0  # characters before the cursor that do not belong there
        self._unnoticed = 0
        self._ghost: Ghost | None = None
        self._read_after = 0.0
        self._key_at = 0.0
        self._next: int | None = None
        self._policy: Policy

    def begin(self, make: Callable[[Callable[[Ghost | None, float], None]], Policy]) -> Policy:
        self._policy = make(self._show)
        self._plan(self._timeline.now + AFTER_OPENING)
        return self._policy

    def _plan(self, at: float) -> None:
        if self._next is not None:
            self._timeline.off(self._next)
        self._next = self._timeline.at(at, self._act)

    def _act(self) -> None:
        """The hand comes down on a key."""
        self._next = None
        ghost, now = self._ghost, self._timeline.now
        taken = worth_taking(ghost, self._rest) if not self._wrong and now >= self._read_after else 0
        ahead = self._rest[self._wrong :]
        if self._wrong and (self._unnoticed <= 0 or not ahead or ahead[0] in "\r\n"):
            self._backspace()
        elif ghost is not None and taken:
            self._accept(ghost, taken)
        else:
            self._type(next_key(ahead))
        if not self._rest and not self._wrong:
            self.over = True
            return
        pause = self._fingers.pause(self.buffer.before, next_key(self._rest) if self._rest else " ")
        self._plan(now + (pause if not taken else pause + self._fingers.hand.reads))

    def _type(self, key: str) -> None:
        slip = "" if self._wrong else self._fingers.slip(key)
        typed = slip or key
        self._note(typed, accept=False)
        if slip:
            self._wrong, self._unnoticed = 1, self._fingers.notice()
        elif self._wrong:
            self._wrong, self._unnoticed = self._wrong + len(key), self._unnoticed - 1
        if not self._wrong:
            self._rest = self._rest[len(key) :]
        self._policy.changed(self.buffer.insert(typed))

    def _backspace(self) -> None:
        self._note("\b", accept=False)
        self._wrong -= 1
        self._policy.changed(self.buffer.delete())

    def _accept(self, ghost: Ghost, length: int) -> None:
        self._note(ghost.text[:length], accept=True)
        self._rest = self._rest[length:]
        self.record.accepts += 1
        self.record.accepted += length
        whole = length == len(ghost.text)
        self._policy.changed(self.buffer.insert(ghost.text[:length], ghost.replaces if whole else 0))
        if whole:
            self._policy.accepted(ghost)

    def _note(self, typed: str, *, accept: bool) -> None:
        shown = self._ghost.text if self._ghost is not None else ""
        self.record.keys.append(Key(accept, shown[len(typed) :] if shown.startswith(typed) else ""))
        self._key_at = self._timeline.now
        if not self.record.keys[-1].expected:
            self._ghost = None  # an editor takes away what no longer fits

    def _show(self, ghost: Ghost | None, worked: float) -> None:
        if not self.record.keys:
            return
        key, now = self.record.keys[-1], self._timeline.now
        was, self._ghost = self._ghost, ghost
        if ghost is None:
            return
        carried_on = bool(key.expected) and ghost.text.startswith(key.expected)
        if key.waited is None:
            key.waited, key.fresh = now - self._key_at + worked, not carried_on
        first_line = ghost.text.strip().partition("\n")[0]
        for request in reversed(self._policy.requests):
            if first_line in request.text:
                request.seen = True
                break
        if not carried_on and not (was is not None and was.text.endswith(ghost.text)):
            self._read_after = now + self._fingers.read()
        if worth_taking(ghost, self._rest) and not self._wrong and self._next is not None:
            # Seen while the hand is still: it need not come down on the next letter first.
            self._sooner(self._read_after + 0.01)

    def _sooner(self, at: float) -> None:
        assert self._next is not None
        if at < self._timeline.when(self._next):
            self._plan(at)
