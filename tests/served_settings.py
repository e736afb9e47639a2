"""For processes that tests start: a database on disk, the brokers that the test names."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.served_urls"
DEBUG = True  # the development server then serves the static files
