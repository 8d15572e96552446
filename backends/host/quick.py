"""How long a prompt this machine reads before somebody loses patience: measured at the start, told to the clients.

A GPU reads ten thousands of tokens in a second, a CPU some hundreds, and the first request in a file has to read all of its
prompt. With the 4,096 tokens that clients send by themselves, a model of 135 million weights took 3 to 10 s on two busy cores.
"""

from __future__ import annotations

from backends.host.attention import Row
from backends.host.choosing import likeliest
from backends.host.engine import Engine
from context.clock import Clock

PATIENCE = 2.0
"""Seconds to read a whole prompt in."""
LEAST = 512
STEP = 256
PIECE = 64
TRIES = 8
"""The fastest counts: other programs disturb, and what is found holds for hours. A model too large for its machine is not tried
for longer than `PATIENCE`."""


def quick_tokens(engine: Engine, clock: Clock) -> int:
    """Tokens that are read within `PATIENCE`; 0 where that is more than the model takes anyway."""
    took, began, tries = float("inf"), clock.now(), 0
    while tries < TRIES and clock.now() - began < PATIENCE:
        took, tries = min(took, _reading(engine, clock)), tries + 1
    tokens = max(int(PIECE * PATIENCE / took) // STEP * STEP, LEAST) if took > 0 else engine.context
    return tokens if tokens < engine.context else 0


def _reading(engine: Engine, clock: Clock) -> float:
    """Seconds for one piece of a prompt."""
    ids = list(range(min(PIECE, engine.vocabulary, engine.context)))
    with engine.thread():
        sequence = engine.take(ids, "", len(ids))
        if sequence is None:
            return 0.0
        began = clock.now()
        likeliest(engine.read([Row(sequence, ids, 1)]))  # which a GPU must have finished
        took = clock.now() - began
        engine.reader.drop(sequence)
    return took * PIECE / len(ids)
