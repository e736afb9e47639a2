"""A real django-oscar store: plain (`plain`, `plain_urls`), and made personal (`settings`, `urls`, `templates/`).

`.ci/oscar.sh` installs oscar and runs the tests in here under `tests.stores.oscar.settings`.
"""
