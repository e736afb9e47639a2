from django.apps import apps
from django.db import models

from django_personalize.models import Decision, Visitor
from django_personalize.privacy.register import REGISTER, AboutNobody, AboutPeople

NAMES = {"visitor", "user", "user_key", "account", "browser", "subject", "session", "email", "ip", "phone", "name_of"}
"""What a column that holds somebody would be called."""


def ours():
    return set(apps.get_app_config("personalize").get_models())


def test_every_model_says_how_it_is_exported_and_erased_or_why_it_is_about_nobody():
    assert set(REGISTER) == ours()
    assert all(entry.why for entry in REGISTER.values() if isinstance(entry, AboutNobody))


def test_no_model_that_is_about_nobody_has_a_column_that_can_hold_somebody():
    about_people = {model for model, entry in REGISTER.items() if isinstance(entry, AboutPeople)}
    for model, entry in REGISTER.items():
        if isinstance(entry, AboutNobody):
            for field in model._meta.concrete_fields:
                where = f"{model.__name__}.{field.name}"
                assert not isinstance(field, models.UUIDField), where
                assert field.name not in NAMES, where
                assert field.related_model not in about_people, where


def test_every_table_that_points_at_a_person_is_about_people():
    for model in ours():
        if any(field.related_model in (Visitor, Decision) for field in model._meta.concrete_fields):
            assert isinstance(REGISTER[model], AboutPeople), model


def test_no_two_kinds_of_rows_share_a_section():
    sections = [entry.section for entry in REGISTER.values() if isinstance(entry, AboutPeople)]
    assert len(set(sections)) == len(sections)
