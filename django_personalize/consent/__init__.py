"""Trust: what this browser answered to each purpose. Unknown is no."""
