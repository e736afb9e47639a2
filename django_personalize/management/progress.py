"""A progress bar for commands: drawn in place on a terminal, one line a stage elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

WIDTH = 28
STAGES = {
    "read": "Reading what was sold",
    "factors": "Learning who likes what",
    "measure": "Trying it on later orders",
    "count": "Counting what sells now",
    "publish": "Publishing the model",
    "report": "Holding out the last days",
}
"""What the stages of a training are called before a human."""


class Progress:
    """Used as a context manager, so that the cursor is on a new line however the work ends."""

    def __init__(self, stdout: Any, title: str = "") -> None:
        self.stdout = stdout
        self.title = title
        self.drawn = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_line()

    def update(self, done: int, total: int) -> None:
        self.stage(self.title, done, total)

    def stage(self, title: str, done: int, total: int) -> None:
        """Draw `title` at `done` of `total`; a new title begins a new line."""
        if title != self.title:
            self._end_line()
            self.title = title
        if not self.stdout.isatty():
            if done >= total:
                self.stdout.write(f"{STAGES[title]}: done" if title in STAGES else f"{title}: {done:,}")
            return
        title = STAGES.get(title, title)
        share = min(1.0, done / total) if total else 1.0
        filled = round(share * WIDTH)
        self.drawn = f"{title:<34} [{'#' * filled}{'.' * (WIDTH - filled)}] {share:4.0%}"
        self.stdout.write(f"\r{self.drawn}", ending="")
        self.stdout.flush()

    def _end_line(self) -> None:
        if self.drawn:
            self.stdout.write("")
            self.drawn = ""
