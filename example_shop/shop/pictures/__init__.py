"""Draws a picture for every product, since no photographs of them exist: always the same one for the same name."""

from .draw import picture, version

__all__ = ["picture", "version"]
