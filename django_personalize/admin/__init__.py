"""Doors: the merchandiser's desk in the stock Django admin. One file per noun, imported here for Django to find."""

from django_personalize.admin import (  # noqa: F401
    consent_record,
    credit,
    finding,
    intake,
    model_version,
    promotion,
    quarantined,
    rule,
    training_run,
)
