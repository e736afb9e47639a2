"""A spool of one's own, which only the test drains."""

from tests.events.conftest import directory, spooled

__all__ = ["directory", "spooled"]
