"""A shop: catalogue, basket, checkout, orders and accounts."""
