"""Threats S1, S3, S4 and S14: who is heard at each address of ours, and about whom."""

from __future__ import annotations

import json
import re
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client

from django_personalize.core import clock
from django_personalize.models import Cart, Credit, Event, Impression, Visitor
from django_personalize.visitors import cookie
from tests.capture.test_beacon import about, decision, event
from tests.people import token, visitor
from tests.security.register import ADDRESSES

pytestmark = pytest.mark.django_db
HOST = "http://testserver"
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": HOST}
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": HOST},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://blog.testserver"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Referer": f"{HOST}/"},
    {},
]
OWN = {name: address for name, address in ADDRESSES.items() if address.who == "browser"}
SERVERS = {name: address for name, address in ADDRESSES.items() if address.who == "server"}


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers):
    settings.ROOT_URLCONF = "tests.security.urls"
    settings.PERSONALIZE = {
        **settings.PERSONALIZE,
        "CAPTURE": "beacon",
        "SESSION_TIER": True,
        "INGEST_KEYS": ["k" * 40],
    }
    answers(personalization="granted", analytics="granted")


def url(address: str, decision: object = UUID(int=8)) -> str:
    return "/personalize/" + re.sub(r"<[^>]+>", "8", re.sub(r"<uuid:[^>]+>", str(decision), address))


def known(client: Client, of: Visitor) -> Visitor:
    client.cookies[cookie.NAME] = token(of)
    return of


def somebody(**changes) -> Visitor:
    """A visitor with a history."""
    made = visitor("personalization", "analytics", **changes)
    for key in ("1", "2"):
        Event.objects.create(
            uid=uuid4(), kind="view_item", occurred_at=clock.now(), received_at=clock.now(), visitor=made, item_key=key
        )
    decision(made, "1")
    return made


def rows() -> list[int]:
    return [model.objects.count() for model in (Visitor, Event, Impression, Cart)]


def body() -> str:
    return json.dumps({"events": [event("view_item", params=about("1"))]})


ASKED = {"put": {"analytics": False}, "patch": {"paused": True}, "delete": {}}
"""What the API is sent that would change something, by method."""


def unsafe(client: Client, address: str, method: str, headers: dict[str, str]):
    if ADDRESSES[address].guard == "token" and address.startswith("api/"):
        asked = json.dumps(ASKED[method])
        return getattr(client, method)(url(address), asked, content_type="application/json", headers=headers)
    if ADDRESSES[address].guard == "token":
        given = {"to": "pause", "item": "1", "password": "pw"}
        return getattr(client, method)(url(address), given, headers=headers)
    return getattr(client, method)(url(address), body(), content_type="application/json", headers=headers)


UNSAFE = [
    (name, method)
    for name, address in ADDRESSES.items()
    for method in address.methods
    if method != "get" and address.guard != "safe"
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(("address", "method"), UNSAFE)
def test_a_foreign_page_is_heard_nowhere(address, method, headers):
    """With everything that the browser of a logged-in shopper would send along."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("anna", password="pw"))
    known(client, somebody())
    before = rows()
    response = unsafe(client, address, method, headers)
    assert response.status_code in (401, 403)
    assert rows() == before
    assert Visitor.objects.get().paused_at is None


@pytest.mark.parametrize("address", [name for name, address in ADDRESSES.items() if address.guard == "token"])
def test_what_changes_anything_wants_a_token(address):
    client = Client(enforce_csrf_checks=True)
    known(client, somebody())
    for method in ADDRESSES[address].methods:
        if method == "get":
            continue
        assert unsafe(client, address, method, SAME).status_code == 403
        client.cookies["csrftoken"] = "t" * 32
        if address.startswith("api/"):
            answer = unsafe(client, address, method, {**SAME, "X-CSRFToken": "t" * 32})
            assert answer.status_code in (200, 204, 409)  # the tests' source of answers only reads
        else:
            given = {"to": "pause", "item": "1", "csrfmiddlewaretoken": "t" * 32}
            assert client.post(url(address), given, headers=SAME).status_code == 302
        del client.cookies["csrftoken"]


@pytest.mark.parametrize("address", [name for name, address in OWN.items() if "get" in address.methods])
def test_to_look_changes_nothing(client, address):
    known(client, somebody())
    before = rows()
    assert client.get(url(address)).status_code == (404 if "<uuid:decision>" in address else 200)
    assert rows() == before


@pytest.mark.parametrize("address", [name for name, address in ADDRESSES.items() if not address.kept])
def test_no_cache_keeps_an_answer(client, address):
    known(client, somebody())
    for method in ADDRESSES[address].methods:
        response = client.get(url(address)) if method == "get" else unsafe(client, address, method, SAME)
        assert "no-store" in response["Cache-Control"], (address, method, response.status_code)


# S4: owner, another, nobody, staff without a permission


@pytest.fixture
def four():
    """(name, client): the owner of a history, somebody else, somebody unknown, staff without any permission."""
    owner, other, nobody, staff = Client(), Client(), Client(), Client()
    known(owner, somebody())
    known(other, visitor("personalization", "analytics"))
    staff.force_login(User.objects.create_user("staff", password="pw", is_staff=True))
    return {"owner": owner, "other": other, "nobody": nobody, "staff": staff}


@pytest.mark.parametrize("who", ["other", "nobody", "staff"])
@pytest.mark.parametrize("address", sorted(OWN))
def test_what_is_anothers_is_neither_read_nor_changed(four, address, who):
    """Whatever the request names: nobody is named by it, but by the signed cookie and the log-in alone."""
    owner = Visitor.objects.get(pk=Event.objects.values("visitor").distinct().get()["visitor"])
    mine = Event.objects.filter(visitor=owner).count()
    uid = str(owner.pk)
    client = four[who]
    named = {"visitor": uid, "visitor_id": uid, "user": owner.user_key, "id": uid, "to": "pause", "item": "1"}
    for method in OWN[address].methods:
        if method == "get":
            response = client.get(url(address, owner_decision(owner)), named)
            text = b"".join(response.streaming_content) if response.streaming else response.content
            assert uid.encode() not in text.replace(b"visitor=", b"")
            assert owner.pk.hex.encode() not in text
            assert b"Lantern" not in text  # what the owner looked at
        elif OWN[address].guard == "origin":
            told = [event("view_item_list", params={"decision": str(owner_decision(owner)), "slots": [1]})]
            client.post(
                url(address), json.dumps({"events": told} | named), content_type="application/json", headers=SAME
            )
        elif address.startswith("api/"):
            unsafe(client, address, method, SAME)
        else:
            client.post(url(address), named)
    owner.refresh_from_db()
    assert owner.paused_at is None
    assert Event.objects.filter(visitor=owner).count() == mine
    assert not Impression.objects.exists()


def owner_decision(owner: Visitor):
    from django_personalize.models import Decision

    return Decision.objects.get(visitor=owner).pk


@pytest.mark.parametrize(("address", "erased"), [("my-data/forget/", True), ("my-data/switch/", False)])
def test_the_owner_reads_and_changes_what_is_theirs(four, address, erased):
    client = four["owner"]
    assert b"Lantern" in client.get("/personalize/my-data/").content
    assert b'"1"' in b"".join(client.get("/personalize/my-data/download/").streaming_content)
    before = Visitor.objects.count()
    client.post(url(address), {"to": "pause"})
    assert Visitor.objects.count() == before - erased
    assert Visitor.objects.filter(paused_at__isnull=False).exists() is not erased


def test_on_a_shared_computer_the_next_one_sees_nothing_of_the_last(client):
    anna = User.objects.create_user("anna", password="pw")
    known(client, somebody(user_key=str(anna.pk)))
    assert b"Lantern" not in client.get("/personalize/my-data/").content
    client.force_login(User.objects.create_user("bert", password="pw"))
    assert b"Lantern" not in client.get("/personalize/my-data/").content
    client.force_login(anna)
    assert b"Lantern" in client.get("/personalize/my-data/").content


@pytest.mark.parametrize("address", sorted(SERVERS))
@pytest.mark.parametrize("who", ["owner", "other", "nobody", "staff"])
@pytest.mark.parametrize(
    "key", ["", "Bearer ", "Bearer wrong", f"Bearer {'k' * 39}", f"Basic {'k' * 40}", f"Token {'k' * 40}"]
)
def test_other_servers_show_a_key(four, address, who, key):
    for method in SERVERS[address].methods:
        response = getattr(four[who], method)(url(address), headers={"Authorization": key} if key else {})
        assert response.status_code == 401
        assert "k" * 39 not in response.content.decode()


OURS = [model for model in admin.site._registry if model._meta.app_label == "personalize"]


def desk(model) -> str:
    return f"/admin/personalize/{model._meta.model_name}/"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_the_desk_is_for_staff_who_may(four, model):
    pages = [
        desk(model),
        f"{desk(model)}1/change/",
        f"{desk(model)}1/history/",
        f"{desk(model)}add/",
        f"{desk(model)}1/delete/",
    ]
    if model is Credit:
        pages = pages[:1]  # it shows sums, and no row has an address
    for who in ("owner", "other", "nobody"):
        for page in pages:
            response = four[who].get(page)
            assert response.status_code == 302
            assert response["Location"].startswith("/admin/login/")
    for page in pages:
        assert four["staff"].get(page).status_code in (302, 403)
        assert four["staff"].post(page, {"action": "delete_selected", "_selected_action": "1"}).status_code in (
            302,
            403,
        )
    looking = User.objects.create_user("looking", password="pw", is_staff=True)
    may = "view_revenue" if model is Credit else f"view_{model._meta.model_name}"
    looking.user_permissions.add(Permission.objects.get(codename=may))
    client = Client()
    client.force_login(looking)
    assert client.get(desk(model)).status_code == 200
    if model is not Credit:
        assert client.get(f"{desk(model)}add/").status_code == 403


# S3, S14


def test_no_address_names_a_person(client):
    """Addresses end in logs, histories and referrers."""
    for address in ADDRESSES:
        assert not re.search(r"user|mail|visitor|token|session", address)
    me = known(client, somebody())
    for page in ("/", "/products/1/", "/search/?q=mug", "/personalize/my-data/"):
        response = client.get(page)
        text = response.content.decode() + str(response.headers)
        assert me.pk.hex not in text
        assert str(me.pk) not in text
        assert token(me) not in text
        assert "ETag" not in response.headers


def test_a_strangers_decision_is_refused_as_one_that_is_not_there(client):
    """At the door, or an hour later where it may be on its way; its id is random, so nobody finds one by asking."""
    known(client, visitor("personalization"))
    theirs, none = decision(somebody(), "1"), uuid4()
    for slots in ([1], [9]):
        told = [event("select_item", params={"decision": str(named), "slots": slots}) for named in (theirs, none)]
        client.post("/personalize/events/", json.dumps({"events": told}), content_type="application/json", headers=SAME)
    assert not Event.objects.filter(kind="select_item").exists()
