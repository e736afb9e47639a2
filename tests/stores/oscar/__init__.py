"""A real django-oscar store: `python -m pytest tests/stores/oscar --ds tests.stores.oscar.settings`."""
