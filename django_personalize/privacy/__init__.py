"""The account: what is kept about a person ends here when they say so."""
