"""A no counts on the next request, also for what is still on its way: in the spool, and set aside."""

from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.urls import include, path

from django_personalize.conf import settings as ours
from django_personalize.events import quarantine
from django_personalize.events.intake import account
from django_personalize.models import Decision, Event, Impression, Quarantined, Visitor
from django_personalize.testing.override import override_personalize

pytestmark = pytest.mark.django_db
BATCHES, EACH = 20, 50


def product(request, pk):
    return HttpResponse(f"Item {pk}")


def answer(request):
    return HttpResponse("noted")


urlpatterns = [
    path("products/<int:pk>/", product, name="product"),
    path("answer/", answer),
    path("personalize/", include("django_personalize.urls")),
]


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers, tmp_path):
    settings.ROOT_URLCONF = __name__
    spool = {"SINK": "django_personalize.events.sinks.SpoolSink", "SPOOL": str(tmp_path), "DRAIN": "command"}
    with override_personalize(CAPTURE="beacon", **spool):
        yield


def report(client, name, count=1, **params):
    events = [{"id": str(uuid4()), "name": name, "ago": 0, "params": params} for _ in range(count)]
    told = client.post(
        "/personalize/events/", {"events": events}, content_type="application/json", HTTP_SEC_FETCH_SITE="same-origin"
    )
    assert told.status_code == 204


def rows():
    return [model.objects.count() for model in (Visitor, Event, Decision, Impression)]


def test_a_thousand_facts_that_wait_in_the_spool_become_nothing_after_a_no(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    for _ in range(BATCHES):
        report(client, "view_item", EACH, items=[{"item_id": "1"}])
    assert ours.sink.waiting() == BATCHES * EACH
    answers(personalization="denied")
    client.get("/products/2/")
    ours.sink.drain()
    assert rows() == [0, 0, 0, 0]
    summed = account()
    assert (summed.received, summed.erased, summed.waiting, summed.difference) == (1000, 1000, 0, 0)


def test_what_was_set_aside_becomes_nothing_after_a_no(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    report(client, "view_item_list", decision=str(uuid4()), slots=[1])
    ours.sink.drain()
    assert Quarantined.objects.get().reason == "unknown_decision"
    answers(personalization="denied")
    client.get("/products/2/")
    quarantine.replay(Quarantined.objects.values_list("pk", flat=True))
    assert rows() == [0, 0, 0, 0]
    assert (Quarantined.objects.count(), account().erased, account().difference) == (0, 1, 0)


def test_what_a_beacon_in_flight_tells_after_the_no_is_not_taken(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    answers(personalization="denied")
    report(client, "view_item", items=[{"item_id": "1"}])
    assert ours.sink.waiting() == 0


def test_what_was_told_under_a_yes_that_lapsed_since_is_stored_and_unused(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    report(client, "view_item", items=[{"item_id": "1"}])
    answers(personalization="unknown")
    client.get("/products/2/")
    ours.sink.drain()
    assert rows() == [1, 1, 0, 0]
    assert Visitor.objects.get().granted == {}
