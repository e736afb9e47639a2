"""Facts: the vocabulary, the way of a fact from a request to a row, and reading a person's history back."""
