"""The plain store, made personal: the lines between the marks are all that changes in its settings."""

from tests.stores.oscar.plain import *  # noqa: F403

# --- personalisation: begin ---------------------------------------------------------------------------------------
INSTALLED_APPS += ["cookie_consent", "django_personalize"]  # noqa: F405
MIDDLEWARE += ["django_personalize.middleware.PersonalizeMiddleware"]  # noqa: F405
PERSONALIZE = {"SHOP": "django_personalize.integrations.oscar.OscarShop"}
# --- personalisation: end -----------------------------------------------------------------------------------------

# In a store these are the very files that it has already; here they lie beside the plain ones, to be compared with.
ROOT_URLCONF = "tests.stores.oscar.urls"
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]  # noqa: F405
PERSONALIZE["ARTIFACTS"] = str(STATE / "artifacts")  # noqa: F405
PERSONALIZE["SPOOL"] = str(STATE / "spool")  # noqa: F405
# Most tests run in a transaction that no drainer's connection sees: the default sink has tests of its own.
PERSONALIZE["SINK"] = "django_personalize.events.sinks.DatabaseSink"
