"""Text from outside, made fit to be kept."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return the text without what no database keeps: NUL, and halves of surrogate pairs."""
    return "".join(letter for letter in text if letter != "\0" and not "\ud800" <= letter <= "\udfff")


def impersonal(text: str) -> str:
    """Return the words of a text with single spaces, without those that look like somebody's e-mail address."""
    return " ".join(word for word in printable(text).split() if "@" not in word)
