"""Doors: Celery tasks. `train` stands apart from what any process may enqueue, and is imported by workers only."""
