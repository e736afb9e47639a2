"""The shop on top of an old merchandise system: keys of two columns, prices as text, lines of deleted articles."""
