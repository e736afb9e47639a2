"""The store, made personal: what was added stands between the marks; below it is what the tests alone want."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.stores.salesman.plain import *  # noqa: F403

# --- personalisation: begin ---------------------------------------------------------------------------------------
INSTALLED_APPS = [*INSTALLED_APPS, "cookie_consent", "django_personalize"]  # noqa: F405
MIDDLEWARE = [*MIDDLEWARE, "django_personalize.middleware.PersonalizeMiddleware"]  # noqa: F405
PERSONALIZE = {
    "SHOP": "django_personalize.integrations.salesman.SalesmanShop",
    "PRODUCT": {"types": {"shop.PhoneVariant": {"group": "phone"}}},
}
# --- personalisation: end -----------------------------------------------------------------------------------------

ROOT_URLCONF = "tests.stores.salesman.personal.urls"
PERSONAL = BASE_DIR / "personal" / "templates"  # noqa: F405
TEMPLATES = [{**TEMPLATES[0], "DIRS": [PERSONAL, *TEMPLATES[0]["DIRS"]]}]  # noqa: F405
ARTIFACTS = os.environ.get("SALESMAN_STORE_ARTIFACTS")
if not ARTIFACTS:
    ARTIFACTS = tempfile.mkdtemp(prefix="salesman-store-")
    atexit.register(shutil.rmtree, ARTIFACTS, ignore_errors=True)
PERSONALIZE |= {
    "ARTIFACTS": ARTIFACTS,
    "SPOOL": str(Path(ARTIFACTS) / "spool"),
    # Most tests run in a transaction that no drainer's connection sees: the default sink has tests of its own.
    "SINK": "django_personalize.events.sinks.DatabaseSink",
    "TRAINERS": ["django_personalize.testing.doubles.SingularTrainer"],
}
