"""What host and engine say to each other can be loaded without torch, and its errors are sentences."""

from __future__ import annotations

import subprocess
import sys

from backends.host.jobs import HostBroke, HostBusy, HostClosing, HostError, HostOutOfMemory, TooLong, Unsuitable


def test_the_seam_needs_no_torch() -> None:
    program = "import sys, backends.host.jobs; print('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60).stdout == "False\n"
    )


def test_every_error_says_what_to_do() -> None:
    errors: tuple[HostError, ...] = (
        TooLong(9, 9, 9),
        HostBusy(3, 2.0),
        HostOutOfMemory(),
        HostClosing(),
        Unsuitable("Model"),
        HostBroke("TypeError"),
    )
    assert {type(error) for error in errors} == {
        made for made in HostError.__subclasses__() if made.__module__ == "backends.host.jobs"
    }
    for error in errors:
        assert str(error).endswith("."), "a sentence"
        assert "again" in str(error) or "fewer" in str(error), "and what to do"
