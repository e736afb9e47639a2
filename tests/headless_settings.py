"""A project that serves a headless shop, set up as docs/headless.md says."""

import os

from tests.headless_recipe import settings_snippet, template_snippet
from tests.served_settings import *  # noqa: F403

_given = {"os": os}
exec(settings_snippet(), _given)
PERSONALIZE = _given["PERSONALIZE"] | {"ARTIFACTS": str(STATE / "artifacts")}  # noqa: F405
ROOT_URLCONF = "tests.headless_urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "loaders": [
                ("django.template.loaders.locmem.Loader", {"beside.html": template_snippet()}),
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }
]
