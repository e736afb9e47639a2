"""Personalisation for an existing Django shop, in the shop's own process and database."""

__version__ = "0.1.0"
