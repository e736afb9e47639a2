"""Trust: who is here, under a pseudonym, and only after a yes."""
