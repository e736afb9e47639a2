"""Doors: the HTTP interface for a shop that runs in another process or language, whose back end holds a secret key."""
