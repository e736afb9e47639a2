import json
from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from django_personalize.conf import settings as ours
from django_personalize.core import clock
from django_personalize.events import sinks, spool
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import Decision, Event, Membership, Visitor
from django_personalize.visitors import cookie
from tests.people import token, visitor
from tests.privacy.canaries import dump, told
from tests.shops import user

pytestmark = pytest.mark.django_db
PAGE = "/personalize/my-data/"
SWITCH, REMOVE, DOWNLOAD, FORGET = (f"{PAGE}{name}/" for name in ("switch", "remove", "download", "forget"))
NOTHING = "Nothing is kept about you."


@pytest.fixture(autouse=True)
def _asked(memory_shop, answers):
    answers(personalization="granted", analytics="granted")


@pytest.fixture
def guest(client):
    return arrive(client, visitor("personalization", "analytics"))


def arrive(client, who):
    client.cookies[cookie.NAME] = token(who)
    return who


def looked_at(who, *keys):
    ours.sink.write([told(who.pk, item_key=key) for key in keys])


def logged_in(client, name, **changes):
    somebody = user(name)
    client.force_login(somebody)
    if changes:
        User.objects.filter(pk=somebody.pk).update(**changes)
    return somebody


def text(client, url=PAGE):
    response = client.get(url)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


# --- what it shows


def test_somebody_of_whom_nothing_is_kept_reads_just_that(client):
    page = text(client)
    assert NOTHING in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    assert not Visitor.objects.exists()


def test_it_shows_history_interests_reasons_and_how_long(client, guest):
    looked_at(guest, "1", "2", "3", "1")
    slot = {"slot": 1, "item_key": "2", "anchor": "1", "reason": "because_viewed"}
    Decision.objects.create(
        visitor=guest, placement="x", decided_at=clock.now(), pipeline="x", rung="popular", slots=[slot]
    )
    page = text(client)
    assert NOTHING not in page
    for told_of in ("Lantern", "Candle", "Mug", "looked at", "Light", "Because you looked at Lantern", "13 months"):
        assert told_of in page
    assert page.index("Light</li>") < page.index("Kitchen</li>")


@pytest.mark.parametrize(("reason", "liked"), [("not_interested", False), ("was_a_gift", False), ("have_it", True)])
def test_what_somebody_dismissed_is_nothing_that_they_like(client, guest, reason, liked):
    looked_at(guest, "1")
    ours.sink.write([told(guest.pk, kind="dismiss", reason=reason)])
    assert ("Light</li>" in text(client)) is liked


def test_it_shows_the_segments_in_plain_words_and_none_once_they_object(client, guest):
    for slug in ("loyal", "a-rule-that-is-no-more"):
        Membership.objects.create(visitor=guest, segment=slug, since=clock.now(), as_of=clock.now())
    page = text(client)
    assert "Loyal repeat buyers" in page
    assert "You order again and again, with some regularity." in page
    client.post(SWITCH, {"to": "object"})
    assert "Groups you are in" not in text(client)


def test_a_product_that_is_gone_can_still_be_removed(client, guest):
    looked_at(guest, "77")
    page = text(client)
    assert "A product that is no longer sold (77)" in page
    client.post(REMOVE, {"item": "77"})
    assert "(77)" not in text(client)


def test_a_paused_visitor_still_sees_what_is_kept(client, guest):
    looked_at(guest, "1")
    client.post(SWITCH, {"to": "pause"})
    page = text(client)
    assert "Paused" in page
    assert "Lantern" in page
    assert "Resume" in page


def test_a_title_of_the_shops_is_text(client, guest, memory_shop):
    memory_shop.stock["1"] = replace(memory_shop.stock["1"], title="<script>alert(1)</script>")
    looked_at(guest, "1")
    assert "<script>alert" not in text(client)


def test_it_has_no_inline_script_or_style(client, guest):
    looked_at(guest, "1")
    page = text(client).partition("<main")[2].partition("</main>")[0]
    assert "<script" not in page
    assert "style=" not in page


# --- whose it is


@pytest.fixture
def owner(client):
    """An account with a visitor in this browser, with a past."""
    somebody = logged_in(client, "owner")
    me = arrive(client, visitor("personalization", "analytics", user_key=str(somebody.pk)))
    looked_at(me, "1")
    return me


@pytest.mark.parametrize("who", ["other", "anonymous", "staff"])
def test_nobody_sees_or_changes_what_is_an_accounts_but_that_account(client, owner, who):
    stranger = Client()
    stranger.cookies[cookie.NAME] = client.cookies[cookie.NAME].value  # on a shared computer
    if who != "anonymous":
        logged_in(stranger, who, is_staff=who == "staff", is_superuser=who == "staff")
    assert NOTHING in text(stranger)
    assert json.loads(b"".join(stranger.get(DOWNLOAD)))["visitors"] == []
    for url, body in ((SWITCH, {"to": "pause"}), (REMOVE, {"item": "1"}), (FORGET, {})):
        assert stranger.post(url, body).status_code == 302
    assert Event.objects.filter(visitor=owner).count() == 1
    assert Visitor.objects.get(pk=owner.pk).paused_at is None
    assert "Lantern" in text(client)


def test_an_account_sees_all_its_browsers_wherever_it_is_logged_in(owner):
    phone = Client()
    phone.force_login(User.objects.get(username="owner"))
    assert "Lantern" in text(phone)


def test_a_cookie_that_somebody_made_up_is_nobodys(client, guest):
    looked_at(guest, "1")
    stranger = Client()
    stranger.cookies[cookie.NAME] = f"{guest.pk.hex}.personalization.{guest.browser.hex}..:made-up"
    assert NOTHING in text(stranger)


def test_staff_of_a_headless_project_are_nobody_of_the_other_shop(client, settings):
    settings.PERSONALIZE = {**settings.PERSONALIZE, "SHOP": "django_personalize.integrations.http.FeedShop"}
    somebody = logged_in(client, "staff", is_staff=True)
    visitor("personalization", user_key=str(somebody.pk))
    assert NOTHING in text(client)


@pytest.mark.parametrize("url", [SWITCH, REMOVE, FORGET])
def test_a_post_of_another_site_is_refused(url, guest, client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[cookie.NAME] = client.cookies[cookie.NAME].value
    assert strict.post(url, {"to": "pause", "item": "1"}).status_code == 403


@pytest.mark.parametrize("url", [REMOVE, DOWNLOAD, FORGET])
def test_whoever_drains_the_spool_does_it_outside_of_the_requests_transaction(url):
    assert "default" in resolve(url).func._non_atomic_requests


@pytest.mark.parametrize("url", [SWITCH, REMOVE])
def test_a_get_changes_nothing(url, client, guest):
    assert client.get(url, {"to": "pause"}).status_code == 405


# --- what it does


def test_the_download_is_a_file_that_no_cache_keeps(client, guest):
    response = client.get(DOWNLOAD)
    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert "no-store" in response["Cache-Control"]
    assert json.loads(b"".join(response))["visitors"][0]["id"] == str(guest.pk)


def test_an_asynchronous_server_hands_over_the_same_file(client, guest, async_client):
    async_client.cookies[cookie.NAME] = client.cookies[cookie.NAME].value
    response = async_to_sync(async_client.get)(DOWNLOAD)
    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert json.loads(response.content)["visitors"][0]["id"] == str(guest.pk)


@pytest.mark.parametrize(("off", "on", "flag"), [("pause", "resume", "p"), ("object", "allow", "o")])
def test_the_cookie_says_what_is_switched_off_and_forgets_it_when_taken_back(client, guest, off, on, flag):
    def flags():
        cookie.forget()
        return client.cookies[cookie.NAME].value.split(":")[0].split(".")[4]

    client.post(SWITCH, {"to": off})
    assert flags() == flag
    client.post(SWITCH, {"to": on})
    assert flags() == ""


def test_an_unknown_switch_changes_nothing(client, guest):
    assert client.post(SWITCH, {"to": "everything"}).status_code == 302
    assert Visitor.objects.get(pk=guest.pk).paused_at is None


def test_forgetting_is_asked_once_more(client, guest):
    looked_at(guest, "1")
    page = text(client, FORGET)
    assert "cannot be undone" in page
    assert "password" not in page.partition("<main")[2]
    assert Event.objects.exists()


def test_a_guest_is_forgotten_and_the_cookie_goes(client, guest):
    looked_at(guest, "1")
    response = client.post(FORGET)
    assert response["Location"] == reverse("personalize:my_data")
    assert client.cookies[cookie.NAME].value == ""
    assert guest.pk.hex not in dump()
    assert NOTHING in text(client)


def test_somebody_who_has_just_logged_in_is_not_asked_for_a_password(client, owner):
    assert "password" not in text(client, FORGET).partition("<main")[2]
    client.post(FORGET)
    assert not Visitor.objects.exists()


def test_somebody_who_logged_in_a_while_ago_is(client, owner):
    User.objects.update(last_login=timezone.now() - timedelta(hours=3))
    assert 'name="password"' in text(client, FORGET)
    for wrong in ({}, {"password": ""}, {"password": "wrong"}):
        refused = client.post(FORGET, wrong)
        assert refused.status_code == 403
        assert "Nothing was erased" in refused.content.decode()
    assert Visitor.objects.exists()
    assert client.post(FORGET, {"password": "pw"}).status_code == 302
    assert not Visitor.objects.exists()


def test_the_banners_yes_is_taken_back_so_that_nothing_begins_anew(client, settings):
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "CONSENT": "django_personalize.integrations.cookie_consent.CookieConsent",
    }
    create_groups()
    client.post("/cookies/accept/", {"cookie_groups": ["personalization", "analytics"]})
    me = Visitor.objects.get()
    client.post(FORGET)
    assert not Visitor.objects.exists()
    assert client.cookies["cookie_consent"].value.startswith(("analytics=-1", "personalization=-1"))
    client.post("/i18n/setlang/", {"language": "en"})
    assert not Visitor.objects.exists()
    assert me.pk.hex not in dump()


def test_another_browser_of_the_account_does_not_begin_anew_either(client, settings):
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "CONSENT": "django_personalize.integrations.cookie_consent.CookieConsent",
    }
    create_groups()
    phone = Client()
    for each in (client, phone):
        logged_in(each, "owner")
        each.post("/cookies/accept/", {"cookie_groups": ["personalization", "analytics"]})
    assert Visitor.objects.count() == 2
    client.post(FORGET)
    phone.post("/i18n/setlang/", {"language": "en"})
    assert not Visitor.objects.exists()
    assert phone.cookies[cookie.NAME].value == ""
    phone.post("/cookies/accept/", {"cookie_groups": ["personalization"]})
    assert Visitor.objects.count() == 1


def test_while_the_drainer_does_not_pause_nothing_is_erased_and_it_can_be_tried_again(
    client, guest, settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(sinks, "PATIENCE", 0.02)
    spooling = {"SINK": "django_personalize.events.sinks.SpoolSink", "SPOOL": str(tmp_path), "DRAIN": "command"}
    settings.PERSONALIZE = {**settings.PERSONALIZE, **spooling}
    with spool.alone(tmp_path):
        busy = client.post(FORGET)
    assert (busy.status_code, Visitor.objects.count()) == (503, 1)
    assert "The shop is busy storing" in busy.content.decode()
    assert client.post(FORGET).status_code == 302
    assert not Visitor.objects.exists()
