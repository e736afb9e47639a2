from __future__ import annotations

from typing import Any

from celery.signals import worker_init
from django.apps import AppConfig


class PersonalizeConfig(AppConfig):
    """One app label and one migration history, so that one line in INSTALLED_APPS is enough."""

    name = "django_personalize"
    label = "personalize"
    verbose_name = "Personalisation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_personalize import checks  # noqa: F401  registers the system checks
        from django_personalize.capture import watch
        from django_personalize.privacy import departed

        watch.connect()
        departed.connect()
        worker_init.connect(_import_tasks, dispatch_uid="django_personalize.tasks")


def _import_tasks(**kwargs: Any) -> None:
    """Sent in workers only, and after Django is set up there: a web process must not import what trains."""
    from django_personalize.tasks import attribute, drain, purge, refresh, segments, sync, train  # noqa: F401
