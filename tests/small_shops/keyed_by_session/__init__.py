"""The shop with a cart in tables, keyed by the session, and re-pointed at the member who logs in."""
