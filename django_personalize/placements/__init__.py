"""Decision: choose (pure), then present: what is true now, drawn, and written down."""
