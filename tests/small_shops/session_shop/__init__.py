"""The session-cart shop of the books: no accounts, guests with only an e-mail, paid when a webhook says so."""
