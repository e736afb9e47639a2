"""The shop whose cart is an unfinished order: members only, links that add by GET, float prices, one refund flag."""
