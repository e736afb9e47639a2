from datetime import timedelta

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import RequestFactory

from django_personalize.capture.arrivals import arrival_of, device_of, note_arrival
from django_personalize.capture.drafts import draft
from django_personalize.events.sinks import DatabaseSink
from django_personalize.models import Event, Visitor
from tests.conftest import NOON
from tests.people import visitor

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
IPAD = "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36"
TAB = "Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"


def request(url="/", **headers):
    return RequestFactory().get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("agent", "device"),
    [(IPHONE, "mobile"), (PIXEL, "mobile"), (IPAD, "tablet"), (TAB, "tablet"), (LINUX, "desktop"), ("", "")],
)
def test_a_device_is_one_word(agent, device):
    assert device_of(request(User_Agent=agent)) == device


def test_a_browser_that_hides_its_name_still_says_that_it_is_small():
    assert device_of(request(User_Agent="Mozilla/5.0 (Linux; K)", Sec_CH_UA_Mobile="?1")) == "mobile"


@pytest.mark.parametrize(
    ("url", "headers", "arrival"),
    [
        ("/", {"Referer": "https://www.google.co.uk/search?q=my+name"}, ("search", "")),
        ("/", {"Referer": "https://yandex.ru/"}, ("search", "")),
        ("/", {"Referer": "https://l.facebook.com/l.php"}, ("social", "")),
        ("/", {"Referer": "https://t.co/abc"}, ("social", "")),
        ("/", {"Referer": "https://mail.google.com/"}, ("mail", "")),
        ("/", {"Referer": "https://a-blog.example/my-page?token=secret"}, ("referral", "")),
        ("/?utm_source=news&utm_medium=Email&utm_campaign=spring", {}, ("mail", "spring")),
        ("/?utm_source=partner&utm_campaign=spring", {}, ("campaign", "spring")),
        ("/?gclid=abc", {"Referer": "https://www.google.com/"}, ("campaign", "")),
        ("/?utm_campaign=somebody@example.com&utm_source=x", {}, ("campaign", "")),
        ("/?utm_campaign=spring%00sale&utm_source=x", {}, ("campaign", "springsale")),
        ("/", {"Sec_Fetch_Site": "none"}, ("direct", "")),
        ("/", {"Referer": "http://testserver/elsewhere/"}, None),
        ("/", {"Referer": "http://www.testserver/elsewhere/", "Sec_Fetch_Site": "same-site"}, None),
        ("/", {}, None),
        ("/", {"Referer": "https://[broken"}, None),
    ],
)
def test_an_arrival_is_a_kind_of_place_and_a_campaign(url, headers, arrival):
    assert arrival_of(request(url, **headers)) == arrival


@pytest.mark.django_db
def test_an_arrival_is_kept_with_the_visitor_and_goes_with_what_they_do_that_day(memory_shop, frozen):
    mia = visitor("personalization")
    note_arrival(request("/?utm_campaign=spring&utm_source=x"), HttpResponse(), mia.pk)
    kept = Visitor.objects.get()
    assert (kept.referrer, kept.campaign, kept.arrived_at) == ("campaign", "spring", NOON)
    DatabaseSink().write([draft(request(User_Agent=IPHONE), kept.pk, "view_item", item_key="1")])
    frozen(timedelta(hours=24))
    DatabaseSink().write([draft(request(), kept.pk, "view_item", item_key="2")])
    stored = Event.objects.order_by("item_key").values_list("referrer", "campaign", "device")
    assert list(stored) == [("campaign", "spring", "mobile"), ("", "", "")]


@pytest.mark.django_db
def test_a_step_within_the_shop_and_an_answer_in_json_are_no_arrival(django_assert_num_queries):
    mia = visitor("personalization")
    with django_assert_num_queries(0):
        note_arrival(request(Referer="http://testserver/"), HttpResponse(), mia.pk)
        note_arrival(request(Referer="https://bing.com/"), JsonResponse({}), mia.pk)
    assert Visitor.objects.get().arrived_at is None
