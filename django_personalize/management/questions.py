"""Asking at a terminal, by numbers. Whoever answers with nothing takes the first; the end of input takes it for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO


class Questions:
    """Reads from `stdin`; on anything but a terminal it asks nothing and takes the guess."""

    def __init__(self, stdin: TextIO, stdout: Any) -> None:
        self.stdin, self.stdout = stdin, stdout
        self.asks = bool(stdin.isatty())

    def one(self, question: str, choices: Sequence[str]) -> int:
        """Return the place of the chosen one; 0 for a plain return."""
        return self._numbers(question, choices, most=1)[0]

    def several(self, question: str, choices: Sequence[str]) -> list[int]:
        """Return the places of the chosen ones, at least one of them, such as `1 3` or `1,3`."""
        return self._numbers(question, choices, most=len(choices))

    def _numbers(self, question: str, choices: Sequence[str], most: int) -> list[int]:
        if not self.asks:
            return [0]
        self.stdout.write(f"\n{question}")
        for number, choice in enumerate(choices, 1):
            self.stdout.write(f"  {number}. {choice}")
        while True:
            self.stdout.write("Number (1): " if most == 1 else "Numbers, as in 1 3 (1): ", ending="")
            self.stdout.flush()
            line = self.stdin.readline()
            if not line:
                self.asks = False
                self.stdout.write("")
            words = line.replace(",", " ").split()
            if not words:
                return [0]
            if len(words) <= most and all(word.isdecimal() and 1 <= int(word) <= len(choices) for word in words):
                return sorted({int(word) - 1 for word in words})
            self.stdout.write(f"Wanted {'a number' if most == 1 else 'numbers'} from 1 to {len(choices)}.")
