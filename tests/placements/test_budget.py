import time

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from django_personalize.placements import budget
from django_personalize.placements.budget import FAILURES, REST_SECONDS, Deadline, Rest, Spent, limited
from django_personalize.testing.override import override_personalize

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


@pytest.fixture(autouse=True)
def _rested():
    budget.forget()
    yield
    budget.forget()


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_the_clock_is_asked_between_the_steps():
    deadline = Deadline(-0.001)
    with pytest.raises(Spent):
        deadline.check()
    assert Deadline(60).check() is None


@pytest.mark.django_db
@override_personalize(BUDGET={"placement": 60_000, "page": 1})
def test_rows_take_from_what_the_page_has_left_and_the_next_begins_no_more():
    request = HttpRequest()
    with limited(request, "rows"):
        until = time.perf_counter() + 0.002
        while time.perf_counter() < until:
            pass
    with pytest.raises(Spent), limited(request, "rows"):
        pytest.fail("It began.")
    with limited(HttpRequest(), "rows") as deadline:  # another page
        assert 0 < deadline.left <= 0.001


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [False, True])
@override_personalize(BUDGET={"placement": 100, "page": 60_000})
def test_the_database_stops_what_takes_longer_and_serves_on(atomic):
    def page():
        began = time.perf_counter()
        with pytest.raises(DatabaseError), limited(HttpRequest(), "rows"):
            run(ENDLESS[connection.vendor])
        assert time.perf_counter() - began < 30
        assert run("SELECT 7") == [(7,)]

    if atomic:
        with transaction.atomic():
            page()
            assert run("SELECT 8") == [(8,)]
    else:
        page()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [False, True])
@override_personalize(BUDGET={"placement": 50, "page": 60_000})
def test_the_limit_ends_with_the_row(atomic):
    def page():
        with limited(HttpRequest(), "rows"):
            assert run("SELECT 7") == [(7,)]
            assert run("SELECT 8, 9") == [(8, 9)]
        if connection.vendor == "postgresql":
            assert run("SHOW statement_timeout") == [("17s",)]
            run("SELECT pg_sleep(0.1)")
        else:
            slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500000) SELECT max(i) FROM n"
            assert run(slow) == [(500_000,)]

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '17s'")
    try:
        if atomic:
            with transaction.atomic():
                page()
        else:
            page()
    finally:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")


@pytest.mark.django_db
@override_personalize(BUDGET={"placement": 5, "page": 60_000})
def test_no_query_begins_after_the_deadline():
    with limited(HttpRequest(), "rows") as deadline:
        while deadline.left > 0:
            pass
        with pytest.raises(Spent):
            run("SELECT 7")


@pytest.mark.django_db
def test_an_error_of_the_rows_leaves_the_shops_transaction_whole():
    with transaction.atomic():
        with pytest.raises(DatabaseError), limited(HttpRequest(), "rows"):
            run("SELECT * FROM no_such_table")
        assert run("SELECT 7") == [(7,)]


def test_what_fails_time_and_again_rests_and_is_then_tried_once():
    now = [100.0]
    rest = Rest(lambda: now[0])
    for _ in range(FAILURES - 1):
        rest.failed("person")
    assert rest.asks("person")
    rest.failed("person")
    assert not rest.asks("person")
    assert rest.asks("items")  # each rests for itself
    now[0] += REST_SECONDS
    assert rest.asks("person")
    assert not rest.asks("person")  # one trial at a time
    rest.worked("person")
    assert rest.asks("person")


def test_a_failed_trial_sends_it_to_rest_again_and_a_success_in_between_starts_the_count_anew():
    now = [100.0]
    rest = Rest(lambda: now[0])
    for _ in range(FAILURES):
        rest.failed("person")
    now[0] += REST_SECONDS
    assert rest.asks("person")
    rest.failed("person")
    now[0] += REST_SECONDS - 1
    assert not rest.asks("person")
    rest.worked("person")
    for _ in range(FAILURES - 1):
        rest.failed("person")
    assert rest.asks("person")
