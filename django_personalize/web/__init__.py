"""Doors: the few plain views that pages call."""
