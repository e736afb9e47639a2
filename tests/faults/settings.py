"""A served shop in which everybody has said yes, with the default sink; for processes that are killed on purpose."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.faults.urls"
PERSONALIZE = {
    **PERSONALIZE,  # noqa: F405
    "CONSENT": "tests.faults.urls.Everybody",
    "SHOP": "tests.faults.urls.Shelf",
    "CAPTURE": "beacon",
    "SINK": os.environ.get("PERSONALIZE_TEST_SINK", "django_personalize.events.sinks.SpoolSink"),  # noqa: F405
    "DRAIN": os.environ.get("PERSONALIZE_TEST_DRAIN", "thread"),  # noqa: F405
}
PERSONALIZE.pop("CART", None)
MIDDLEWARE = [  # what a new project has, and ours
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_personalize.middleware.PersonalizeMiddleware",
]
if "PERSONALIZE_TEST_REDIS" in os.environ:  # noqa: F405
    PERSONALIZE["REDIS"] = os.environ["PERSONALIZE_TEST_REDIS"]  # noqa: F405
LOGGING = {"version": 1, "disable_existing_loggers": False}
if "PERSONALIZE_TEST_PG_PORT" in os.environ:  # noqa: F405
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": "127.0.0.1",
            "PORT": os.environ["PERSONALIZE_TEST_PG_PORT"],  # noqa: F405
            "OPTIONS": {"connect_timeout": 2},
        }
    }
