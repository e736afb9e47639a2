"""Values, protocols, the one clock, keyed digests. Nothing here knows Django's models or the shop."""
