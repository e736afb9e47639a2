"""Named places where a test may kill the process: each step of a fact's way is hit once, on purpose, not by luck."""

from __future__ import annotations

import os
import signal

VARIABLE = "PERSONALIZE_FAILPOINT"
"""`name` kills this process the first time that it reaches that place, `name:3` the third time."""
_name, _, _nth = os.environ.get(VARIABLE, "").partition(":")
_left = int(_nth or 1)


def reach(name: str) -> None:
    """Die here, as by `kill -9`, where the environment says so."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
