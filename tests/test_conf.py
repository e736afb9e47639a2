from pathlib import Path

import pytest

from django_personalize.conf import settings
from django_personalize.exceptions import ConfigurationError
from django_personalize.testing.doubles import MemorySink
from django_personalize.testing.override import override_personalize


def test_what_is_not_set_has_its_default():
    assert settings.THREADS == 1
    assert settings.SEED == 0


def test_an_override_takes_effect_at_once_and_ends_with_the_block():
    before = settings.sink
    with override_personalize(SINK="django_personalize.testing.doubles.MemorySink", THREADS=2):
        assert isinstance(settings.sink, MemorySink)
        assert settings.THREADS == 2
    assert type(settings.sink) is type(before)
    assert settings.THREADS == 1


def test_a_name_that_is_no_setting_is_an_attribute_error():
    with pytest.raises(AttributeError, match="PERSONALIZE has no setting 'TREADS'"):
        _ = settings.TREADS


def test_artefacts_lie_beside_the_project_unless_told_otherwise(settings):
    from django_personalize.conf import settings as ours

    settings.BASE_DIR = "/srv/shop"
    with override_personalize(ARTIFACTS=None):
        assert Path("/srv/shop/personalize_artifacts") == ours.ARTIFACTS


def test_without_a_project_directory_artefacts_must_be_told(settings):
    from django_personalize.conf import settings as ours

    del settings.BASE_DIR
    with override_personalize(ARTIFACTS=None), pytest.raises(ConfigurationError, match="ARTIFACTS"):
        _ = ours.ARTIFACTS
