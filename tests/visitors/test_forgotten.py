from datetime import timedelta

import pytest

from django_personalize.models import Forgotten
from django_personalize.visitors import forgotten as module
from django_personalize.visitors.forgotten import Kind, forget, forgotten, item_of
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def test_nothing_is_forgotten_until_somebody_asks_and_the_look_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert forgotten({Kind.USER: {"7"}, Kind.ORDER: {"A", "B"}}) == {"user": {}, "order": {}}
    with django_assert_num_queries(0):
        assert forgotten({Kind.USER: set()}) == {"user": {}}


def test_a_mark_says_since_when_and_counts_for_its_kind_only(django_assert_num_queries):
    forget(Kind.ORDER, ["A"], NOON)
    with django_assert_num_queries(2):
        assert forgotten({Kind.ORDER: {"A", "B"}, Kind.USER: {"A"}}) == {"order": {"A": NOON}, "user": {}}


def test_a_repeated_wish_moves_the_moment_on():
    forget(Kind.USER, ["7"], NOON)
    forget(Kind.USER, ["7"], NOON + timedelta(days=1))
    assert Forgotten.objects.count() == 1
    assert forgotten({Kind.USER: {"7"}}) == {"user": {"7": NOON + timedelta(days=1)}}


def test_a_mark_left_under_an_older_key_of_the_project_is_known(settings):
    forget(Kind.USER, ["7"], NOON)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert forgotten({Kind.USER: {"7"}}) == {"user": {"7": NOON}}
    forget(Kind.USER, ["7"], NOON + timedelta(days=1))
    assert forgotten({Kind.USER: {"7"}}) == {"user": {"7": NOON + timedelta(days=1)}}


def test_nobody_can_read_who_it_was():
    forget(Kind.ITEM, [item_of("canary", "1")], NOON)
    assert "canary" not in repr(list(Forgotten.objects.values()))


def test_more_than_one_query_can_ask_are_asked_in_parts(monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    forget(Kind.ORDER, [str(n) for n in range(5)], NOON)
    assert forgotten({Kind.ORDER: {str(n) for n in range(9)}})["order"].keys() == {"0", "1", "2", "3", "4"}
