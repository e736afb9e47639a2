from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from django_personalize.capture import budget
from django_personalize.capture.budget import (
    BATCHES_A_MINUTE,
    FACTS_A_MINUTE,
    FACTS_OF_A_NETWORK,
    VISITORS_OF_A_NETWORK,
    is_too_much,
    may_come,
    network_of,
    spend,
)
from django_personalize.models import Visitor
from django_personalize.visitors import cookie


def of(address, **headers):
    return RequestFactory().post("/", REMOTE_ADDR=address, headers=headers)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("8.8.8.8", "4/80808"),
        ("8.8.8.200", "4/80808"),
        ("8.8.9.8", "4/80809"),
        ("2001:4860:4860::8888", "6/200148604860"),
        ("2001:4860:4860:ffff::1", "6/200148604860"),
        ("::ffff:8.8.8.8", "4/80808"),
        ("fe80::1%eth0", ""),
        ("127.0.0.1", ""),
        ("10.1.2.3", ""),
        ("192.168.0.7", ""),
        ("", ""),
        ("unix:", ""),
        ("8.8.8.8:4711", ""),
    ],
)
def test_a_network_is_the_first_bits_of_the_address_that_the_server_saw(address, network):
    assert network_of(of(address)) == network


def test_what_a_client_writes_of_its_address_is_not_believed():
    assert network_of(of("8.8.8.8", **{"X-Forwarded-For": "1.1.1.1", "X-Real-IP": "1.1.1.1"})) == "4/80808"


def test_a_flood_of_visitors_of_one_network_is_damped_and_nobody_elses(frozen, caplog):
    here, there = of("8.8.8.8"), of("8.8.9.8")
    told = [is_too_much(of(f"8.8.8.{number % 250}"), uuid4()) for number in range(50)]
    assert set(told) == {False}
    spend(here, uuid4(), FACTS_OF_A_NETWORK - 50)
    assert is_too_much(here, uuid4())
    assert not is_too_much(there, uuid4())
    assert not is_too_much(of("127.0.0.1"), uuid4())
    assert [(record.message, record.what) for record in caplog.records] == [("network_damped", "facts")]
    frozen(timedelta(minutes=1))
    assert not is_too_much(here, uuid4())


def test_one_visitor_is_held_to_less_than_a_network(frozen):
    me = uuid4()
    assert [is_too_much(of("8.8.8.8"), me) for _ in range(BATCHES_A_MINUTE + 1)] == [False] * BATCHES_A_MINUTE + [True]
    assert not is_too_much(of("8.8.8.8"), uuid4())


def test_facts_and_batches_of_one_visitor_are_told_apart(frozen):
    me, here = uuid4(), of("127.0.0.1")
    for _ in range(BATCHES_A_MINUTE - 1):
        assert not is_too_much(here, me)
    spend(here, me, FACTS_A_MINUTE - 1)
    assert not is_too_much(here, me)  # the last batch, with one fact left
    other = uuid4()
    spend(here, other, FACTS_A_MINUTE)
    assert is_too_much(here, other)
    frozen(timedelta(minutes=1))
    assert not is_too_much(here, me)
    assert not is_too_much(here, other)


def test_so_many_visitors_come_from_one_network_in_a_minute(frozen):
    came = [may_come(of(f"8.8.8.{number % 250}")) for number in range(VISITORS_OF_A_NETWORK + 3)]
    assert came == [True] * VISITORS_OF_A_NETWORK + [False] * 3
    assert may_come(of("8.8.9.8"))


def test_no_address_is_in_any_key(frozen, monkeypatch):
    keys = []
    monkeypatch.setattr(cache, "add", lambda key, *rest: keys.append(key))
    may_come(of("8.8.8.8"))
    frozen(timedelta(minutes=1))
    may_come(of("8.8.8.8"))
    assert len({key.split(":")[2] for key in keys}) == 2  # and nobody sees by it that it is the network of before
    assert not [key for key in keys if "8.8" in key or "80808" in key]
    assert [len(key.split(":")[2]) for key in keys] == [32, 32]


def test_a_cache_that_is_away_limits_nobody(monkeypatch):
    def away(*args):
        raise ConnectionError

    monkeypatch.setattr(budget.cache, "add", away)
    assert may_come(of("8.8.8.8"))
    assert not is_too_much(of("8.8.8.8"), uuid4())


@pytest.mark.django_db
def test_who_comes_past_the_budget_is_nobody_until_they_answer_again(frozen, answers, monkeypatch):
    monkeypatch.setattr(budget, "VISITORS_OF_A_NETWORK", 2)
    answers(personalization="granted")

    def come(address):
        browser = Client(REMOTE_ADDR=address)
        return cookie.NAME in browser.post("/cookies/accept/", {"all_groups": "true"}).cookies

    assert [come(f"8.8.8.{number}") for number in range(4)] == [True, True, False, False]
    assert come("8.8.9.1")
    assert Visitor.objects.count() == 3
    frozen(timedelta(minutes=1))
    assert come("8.8.8.9")
