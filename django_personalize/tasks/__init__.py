"""Doors: Celery tasks. `train` stands apart from what a web process may enqueue, and is imported by workers only."""
