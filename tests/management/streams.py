"""What a command writes to and reads from: a terminal, or a pipe."""

from __future__ import annotations

import io


class Terminal(io.StringIO):
    """Somebody sits there, and has typed all this already; `interrupt` is their Ctrl-C after it."""

    def __init__(self, typed: str = "", *, interrupt: bool = False) -> None:
        super().__init__(typed)
        self.interrupt = interrupt

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1, /) -> str:
        line = super().readline(size)
        if not line and self.interrupt:
            raise KeyboardInterrupt
        return line
