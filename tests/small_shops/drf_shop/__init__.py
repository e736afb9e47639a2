"""The shop behind an API and a per-site page cache: carts without quantities, orders that are paid carts."""
