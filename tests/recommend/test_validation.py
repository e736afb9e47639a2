import pytest

from django_personalize.recommend.pipeline import PIPELINES
from django_personalize.recommend.validation import check_pipelines


def told(given):
    return [(message.id.removeprefix("personalize."), message.msg, message.hint) for message in check_pipelines(given)]


def test_what_is_shipped_is_well():
    assert told(PIPELINES) == []
    assert told({"gifts": ["django_personalize.testing.doubles.MemoryStep", "best_sellers", "newest"]}) == []


@pytest.mark.parametrize(
    ("given", "code", "words", "hint"),
    [
        ([], "E003", "is a list; wanted a dict", '"PIPELINES": {"similar": ["similar", "best_sellers", "newest"]}'),
        ({"summer-gifts": ["newest"]}, "E007", "names 'summer-gifts'", "summer_gifts"),
        ({"gifts": "newest"}, "E007", "wanted a list", '"PIPELINES": '),
        ({"gifts": []}, "E007", "wanted a list", '"PIPELINES": '),
        ({"gifts": ["best_seller"]}, "E007", "'best_seller', which is no step", 'Did you mean "best_sellers"?'),
        ({"gifts": [5]}, "E007", "is 5, which is no step", "Known are personal, similar"),
        ({"gifts": ["newest", "similar"]}, "E007", 'nothing comes after "newest"', "goes last"),
        ({"gifts": ["nowhere.at_all"]}, "E006", "Could not import 'nowhere'", "A dotted path"),
        ({"gifts": ["django_personalize.recommend.pipeline.NEWEST"]}, "E006", "is no function", "Name a function."),
    ],
)
def test_what_is_wrong_is_told_with_what_was_meant(given, code, words, hint):
    [(found, message, mend)] = told(given)
    assert found == code
    assert words in message
    assert hint in mend
