"""What a visitor of another shop answered and did, as it comes over HTTP."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection

from django_personalize.api import people
from django_personalize.core.types import Purpose
from django_personalize.events.history import history_of
from django_personalize.models import Decision, Event, Impression, OrderLink, Visitor
from django_personalize.testing.override import override_personalize
from tests.api.conftest import order, product, several_writers, told, view
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture(autouse=True)
def _catalogue(ok, frozen):
    ok("products/", {"products": [product("1"), product("2"), product("red", item_group_id="mug")]})


def event(number, name, **params):
    return {"id": str(UUID(int=number)), "name": name, "ago": 0, "params": params}


def test_an_event_is_kept_with_its_circumstances(ok):
    body = told("b1", event(1, "add_to_cart", currency="GBP", items=[{"item_id": "red", "quantity": 2, "price": 6.5}]))
    body["events"][0]["ago"] = 1500
    body["context"] = {"device": "mobile", "referrer": "campaign", "campaign": "spring", "scope": "uk"}
    assert ok("events/", body) == {"stored": 1, "refused": {}}
    [row] = Event.objects.all()
    assert (row.kind, row.item_key, row.item_variant, row.quantity, row.price, row.currency) == (
        "add_to_cart", "mug", "red", 2, Decimal("6.5"), "GBP"
    )  # fmt: skip
    assert (row.occurred_at, row.received_at) == (NOON - timedelta(seconds=1.5), NOON)
    assert (row.device, row.referrer, row.campaign, row.scope) == ("mobile", "campaign", "spring", "uk")
    assert row.visitor == Visitor.objects.get()


def test_the_same_again_stores_nothing_and_says_so(ok):
    body = told("b1", view(1, "1"), view(2, "2"))
    assert [ok("events/", body)["stored"] for _ in range(3)] == [2, 0, 0]
    assert (Event.objects.count(), Visitor.objects.count()) == (2, 1)


def test_what_cannot_be_taken_is_counted_by_reason_and_the_rest_is_stored(ok):
    events = [view(1, "1"), view(2, "no such"), view(3, "1", name="purchase"), view(4, "1", id="x"), None]
    refused = {"unknown_item": 1, "not_claimable": 1, "bad_id": 1, "not_an_event": 1}
    assert ok("events/", told("b1", *events)) == {"stored": 1, "refused": refused}


def test_the_other_shop_may_tell_what_a_page_of_ours_would_be_seen_to_do(ok):
    events = [view(1, "1"), event(2, "search", search_term="mug", results=2), event(3, "login"),
              event(4, "add_to_cart", items=[{"item_id": "1"}])]  # fmt: skip
    with override_personalize(CAPTURE="server"):
        assert ok("events/", told("b1", *events)) == {"stored": 4, "refused": {}}


def test_events_of_two_browsers_may_have_the_same_ids(ok):
    assert [ok("events/", told(browser, view(1, "1")))["stored"] for browser in ("b1", "b2")] == [1, 1]


def test_an_event_that_is_sent_again_after_the_login_is_stored_once(ok):
    before = told("b1", view(1, "1"))
    ok("events/", before)
    ok("events/", told("b1", view(2, "1"), user="77"))
    assert ok("events/", before)["stored"] == 0
    assert Event.objects.count() == 2


@pytest.mark.parametrize("consent", ["granted", "unknown"])
def test_the_browsers_own_answers_to_us_have_no_say(ok, answers, consent):
    answers(analytics=consent, personalization=consent)
    ok("events/", told("b1", view(1, "1"), granted=["analytics"]))
    assert [visitor.granted for visitor in Visitor.objects.all()] == [{"analytics": True}]


class TestIds:
    def test_the_other_shops_id_of_a_browser_is_stored_nowhere(self, ok):
        ok("events/", told("a-very-telling-id", view(1, "1"), event(2, "search", search_term="mug")))
        ok("orders/", {"orders": [order("A", "1", visitor="a-very-telling-id")]})
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                assert "telling" not in str(cursor.fetchall()), table

    def test_ours_depends_on_the_secret_key(self, settings):
        before = people.browsers_of("b1")
        assert people.browsers_of("b1") == before != people.browsers_of("b2")
        settings.SECRET_KEY = "another"
        assert people.browsers_of("b1") != before

    @pytest.mark.parametrize("visitor", [
        None, [], "b1", {}, {"granted": []}, {"id": "", "granted": []}, {"id": "a@b.example", "granted": []},
        {"id": "x" * 65, "granted": []}, {"id": "b1", "granted": [], "user": "a@b.example"},
        {"id": True, "granted": []},
        {"id": "b1", "granted": [], "session": "x"}, {"id": "a\x00", "granted": []}, {"id": "\ud800", "granted": []},
    ])  # fmt: skip
    def test_a_visitor_who_cannot_be_told_is_refused(self, send, visitor):
        response = send("events/", {"visitor": visitor, "events": [view(1, "1")]})
        assert response.status_code == 400
        assert response.json()["found"].startswith("visitor")
        assert not Visitor.objects.exists()

    @pytest.mark.parametrize("answer", [
        {}, {"granted": ["everything"]}, {"granted": "analytics"}, {"granted": None}, {"refused": "yes"},
        {"refused": False}, {"refused": True, "granted": ["analytics"]},
        {"granted": {"analytics": True}}, {"granted": [["analytics"]]},
    ])  # fmt: skip
    def test_an_answer_that_is_none_or_two_is_refused(self, send, answer):
        response = send("events/", {"visitor": {"id": "b1", **answer}, "events": [view(1, "1")]})
        assert (response.status_code, response.json()["found"].partition(":")[0]) in (
            (400, "visitor.granted"), (400, "visitor.refused")
        )  # fmt: skip
        assert not Visitor.objects.exists()

    @pytest.mark.parametrize("context", [
        [], "mobile", {"device": "phone"}, {"device": None}, {"campaign": "a@b.example"}, {"scope": "x" * 33},
        {"user_agent": "Mozilla"}, {"referrer": "https://search.example/"},
    ])  # fmt: skip
    def test_circumstances_are_a_few_words_and_no_address(self, send, context):
        response = send("events/", told("b1", view(1, "1")) | {"context": context})
        assert (response.status_code, Event.objects.count()) == (400, 0)


class TestAnswers:
    def granted(self):
        return [sorted(visitor.granted) for visitor in Visitor.objects.order_by("created_at", "pk")]

    @pytest.mark.parametrize("answer", [{"granted": []}, {"refused": True}, {"granted": ["offers", "email"]}])
    def test_without_a_purpose_that_permits_an_id_nothing_is_kept(self, ok, answer):
        body = told("b1", view(1, "1"), view(2, "2"), user="77", **answer)
        assert ok("events/", body) == {"stored": 0, "refused": {"no_consent": 2}}
        assert (Visitor.objects.count(), Event.objects.count()) == (0, 0)

    def test_an_answer_alone_is_kept(self, ok):
        assert ok("events/", told("b1")) == {"stored": 0, "refused": {}}
        assert self.granted() == [["analytics", "personalization"]]
        assert ok("events/", told("b1", granted=["analytics"])) == {"stored": 0, "refused": {}}
        assert self.granted() == [["analytics"]]

    def test_a_no_erases_in_the_same_request(self, ok):
        ok("events/", told("b1", view(1, "1"), user="77"))
        ok("events/", told("b1", view(2, "1")))
        ok("events/", told("b2", view(1, "1")))
        ok("orders/", {"orders": [order("A", "1", user="77", visitor="b1")]})
        assert (Visitor.objects.count(), OrderLink.objects.count()) == (3, 1)
        assert ok("events/", told("b1", view(3, "1"), refused=True)) == {"stored": 0, "refused": {"no_consent": 1}}
        assert [visitor.browser for visitor in Visitor.objects.all()] == [people.browsers_of("b2")[0]]
        assert sorted(Event.objects.values_list("kind", "visitor__browser")) == [
            ("purchase", None), ("view_item", people.browsers_of("b2")[0])
        ]  # fmt: skip
        assert not OrderLink.objects.exists()

    def test_a_no_beside_a_yes_to_something_else_erases_too(self, ok):
        ok("events/", told("b1", view(1, "1")))
        ok("events/", told("b1", granted=["email"]))
        assert Event.objects.count() == 1
        ok("events/", told("b1", granted=["email"], refused=True))
        assert (Visitor.objects.count(), Event.objects.count()) == (0, 0)

    def test_a_no_reaches_what_was_kept_under_a_former_secret_key(self, ok, settings):
        ok("events/", told("b1", view(1, "1")))
        ok("orders/", {"orders": [order("A", "1", visitor="b1")]})
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
        ok("orders/", {"orders": [order("B", "1", visitor="b1")]})
        assert OrderLink.objects.count() == 2
        ok("events/", told("b1", view(2, "1")))
        assert [visitor.events.count() for visitor in Visitor.objects.all()] == [4]
        settings.SECRET_KEY_FALLBACKS = []
        ok("events/", told("b1", refused=True))
        assert (Visitor.objects.count(), Event.objects.exclude(kind="purchase").count()) == (0, 0)

    def test_a_yes_after_a_no_begins_with_nothing(self, ok):
        ok("events/", told("b1", view(1, "1")))
        ok("events/", told("b1", refused=True))
        assert ok("events/", told("b1", view(2, "2")))["stored"] == 1
        assert Event.objects.get().item_key == "2"

    def test_an_answer_that_lapsed_is_neither_used_nor_erased(self, ok):
        ok("events/", told("b1", view(1, "1")))
        assert ok("events/", told("b1", view(2, "1"), granted=[]))["stored"] == 0
        [visitor] = Visitor.objects.all()
        assert (visitor.granted, Event.objects.count(), bool(history_of(visitor))) == ({}, 1, False)
        ok("events/", told("b1"))
        assert len(history_of(Visitor.objects.get()).item_keys) == 1

    def test_an_answer_counts_for_all_that_the_browser_has_been(self, ok):
        ok("events/", told("b1", user="77"))
        ok("events/", told("b1"))
        ok("events/", told("b1", granted=["analytics"]))
        assert self.granted() == [["analytics"], ["analytics"]]

    def test_a_yes_that_is_said_again_counts_from_then_on(self, ok, frozen):
        ok("events/", told("b1"))
        for _ in range(2):
            frozen(timedelta(days=300))
            ok("events/", told("b1", view(1, "1")))
        assert Visitor.objects.granting(Purpose.PERSONALIZATION).count() == 1


class TestAccounts:
    def visitors(self):
        return dict(Visitor.objects.order_by("user_key").values_list("user_key", "pk"))

    def test_the_first_account_takes_over_what_the_browser_did_before(self, ok):
        ok("events/", told("b1", view(1, "1")))
        ok("events/", told("b1", view(2, "2"), user="77"))
        [visitor] = Visitor.objects.all()
        assert (visitor.user_key, visitor.events.count()) == ("77", 2)

    def test_a_shared_computer_never_merges_two_people(self, ok):
        ok("events/", told("b1", view(1, "1"), user="77"))
        ok("events/", told("b1", view(2, "2"), user="78"))
        ok("events/", told("b1", view(3, "red")))
        ok("events/", told("b1", view(4, "red"), user="79"))
        seen = {
            account: list(Event.objects.filter(visitor=pk).values_list("item_key", flat=True))
            for account, pk in self.visitors().items()
        }
        assert seen == {"": ["mug"], "77": ["1"], "78": ["2"], "79": ["mug"]}

    def test_coming_and_going_makes_no_new_visitors(self, ok):
        for _ in range(3):
            for account in ("77", "", "78", ""):
                ok("events/", told("b1", user=account))
        assert sorted(self.visitors()) == ["", "77", "78"]
        assert Visitor.objects.count() == 3

    def test_two_browsers_of_one_account_are_one_person(self, ok):
        ok("events/", told("b1", view(1, "1"), user="77"))
        ok("events/", told("b2", view(2, "2"), user="77"))
        assert set(history_of(Visitor.objects.first()).item_keys) == {"1", "2"}

    def test_a_visitor_who_was_deleted_alone_is_made_anew(self, ok):
        for account in ("77", "78"):
            ok("events/", told("b1", user=account))
        Visitor.objects.filter(user_key="77").delete()
        ok("events/", told("b1", user="79"))
        assert sorted(self.visitors()) == ["78", "79"]


class TestDecisions:
    """What was chosen here and shown there is told like everything else."""

    def test_what_was_seen_is_an_impression_of_the_visitors_own_decision(self, ok):
        ok("events/", told("b1"))
        decision = Decision.objects.create(
            visitor=Visitor.objects.get(), placement="you-may-also-like", decided_at=NOON, pipeline="p", rung="popular",
            slots=[{"slot": 1, "item_key": "1"}, {"slot": 2, "item_key": "2"}],
        )  # fmt: skip
        seen = event(1, "view_item_list", decision=str(decision.pk), slots=[1, 2])
        assert ok("events/", told("b1", seen)) == {"stored": 2, "refused": {}}
        assert ok("events/", told("b2", seen)) == {"stored": 0, "refused": {"unknown_decision": 2}}
        assert sorted(Impression.objects.values_list("slot", "item_key")) == [(1, "1"), (2, "2")]


class TestNotAcknowledged:
    @pytest.fixture
    def _sink_that_fails(self, monkeypatch):
        def write(self, batch):
            raise OSError("no space left")

        monkeypatch.setattr("django_personalize.events.sinks.DatabaseSink.write", write)

    @pytest.mark.usefixtures("_sink_that_fails")
    def test_what_was_not_stored_is_not_acknowledged(self, send, caplog):
        response = send("events/", told("b1", view(1, "1")))
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert "events_not_acknowledged" in caplog.text

    def test_a_fault_of_ours_is_not_passed_off_as_a_busy_database(self, client, send, monkeypatch):
        def write(self, batch):
            raise KeyError("a fault")

        monkeypatch.setattr("django_personalize.events.sinks.DatabaseSink.write", write)
        client.raise_request_exception = False
        assert send("events/", told("b1", view(1, "1"))).status_code == 500

    def test_an_acknowledgement_comes_after_the_sink_has_it(self, ok, monkeypatch):
        from django_personalize.events.sinks import DatabaseSink

        written = []
        write = DatabaseSink.write
        monkeypatch.setattr(
            DatabaseSink, "write", lambda self, batch: written.append(write(self, batch)) or written[-1]
        )
        assert ok("events/", told("b1", view(1, "1")))["stored"] == 1
        assert written == [1]


@pytest.mark.django_db(transaction=True)
@several_writers
def test_two_first_requests_at_once_are_one_visitor():
    def first():
        people.settle("b1", "77", [Purpose.PERSONALIZATION], refused=False)
        connection.close()

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Visitor.objects.count() == 1
