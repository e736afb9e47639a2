import pytest
from django.http import HttpRequest

from django_personalize.core.memo import once


def test_a_value_is_made_once_per_request_and_name_even_where_it_is_none():
    request, made = HttpRequest(), []

    def make():
        made.append(1)

    assert [once(request, "a", make), once(request, "a", make)] == [None, None]
    assert len(made) == 1
    once(request, "b", make), once(HttpRequest(), "a", make)
    assert len(made) == 3


def test_a_failure_is_tried_again():
    request = HttpRequest()
    with pytest.raises(ZeroDivisionError):
        once(request, "a", lambda: 1 / 0)
    assert once(request, "a", lambda: 7) == 7
