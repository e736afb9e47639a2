"""One outside package per file, found by dotted path."""
