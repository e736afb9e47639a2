"""The shop's stock and orders as data: reading, cleaning and dating them, without Django."""
