"""Guessing the mapping: what the shop's own models look like, put as a proposal that a human confirms."""
