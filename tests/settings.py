"""The example shop on an empty database, with what tests want: fast hashing, one cache per process, own artefacts."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from example_shop.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if "PERSONALIZE_TEST_STATE" in os.environ:
    STATE = Path(os.environ["PERSONALIZE_TEST_STATE"])
else:
    STATE = Path(tempfile.mkdtemp(prefix="personalize-tests-"))
    atexit.register(shutil.rmtree, STATE, ignore_errors=True)
PERSONALIZE = {name: value for name, value in PERSONALIZE.items() if name != "TRAINERS"}  # noqa: F405  the default
PERSONALIZE["ARTIFACTS"] = str(STATE / "artifacts")
PERSONALIZE["SPOOL"] = str(STATE / "spool")
PERSONALIZE["EXPLORE"] = 0  # rows are compared slot by slot; what is left to chance has tests of its own
PERSONALIZE["BUDGET"] = {"placement": 60_000, "page": 60_000}  # a busy machine is no reason to fail
# Most tests run in a transaction that no drainer's connection sees: the default sink has tests of its own.
PERSONALIZE["SINK"] = "django_personalize.events.sinks.DatabaseSink"
CELERY_TASK_ALWAYS_EAGER = False
DEBUG = False
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("PERSONALIZE_TEST_QUEUE", "celery")
INSTALLED_APPS = [  # the small shops, each opened by its own tests only
    *INSTALLED_APPS,  # noqa: F405
    "django.contrib.sites",
    "tests.shop.odd",
    "tests.small_shops.session_shop",
    "tests.small_shops.order_is_cart",
    "tests.small_shops.cookie_shop",
    "tests.small_shops.keyed_by_session",
    "tests.small_shops.uuid_variants",
    "tests.small_shops.translated",
    "tests.small_shops.drf_shop",
    "tests.small_shops.composite",
]
SITE_ID = 1
