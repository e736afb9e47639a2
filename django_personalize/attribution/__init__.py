"""Which slot earned which bought line: clicks and orders are tied together afterwards, and as often as they change."""
