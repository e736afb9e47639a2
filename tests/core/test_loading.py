import pytest

from django_personalize.core.loading import instance, load
from django_personalize.exceptions import ConfigurationError


def test_a_dotted_path_gives_the_object():
    assert load("decimal.Decimal").__name__ == "Decimal"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Decimal", "is no dotted path"),
        ("no_such_package.Thing", "Could not import 'no_such_package'"),
        ("decimal.Decimel", "Module 'decimal' has no 'Decimel'"),
    ],
)
def test_a_wrong_path_says_which_part_is_wrong(path, words):
    with pytest.raises(ConfigurationError, match=words):
        load(path)


def test_an_instance_is_made_once():
    assert instance("django_personalize.testing.doubles.StaticConsent") is instance(
        "django_personalize.testing.doubles.StaticConsent"
    )
