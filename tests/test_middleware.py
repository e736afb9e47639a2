"""The middleware at work, over a shop of three pages with answers that the test gives."""

import re

import pytest
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.views.decorators.cache import cache_page

from django_personalize.capture.drafts import draft
from django_personalize.events.sinks import DatabaseSink
from django_personalize.models import Decision, Event, Visitor
from django_personalize.privacy.erase import erase
from django_personalize.privacy.person import of_visitor
from django_personalize.visitors import cookie
from tests.conftest import line
from tests.people import request_of, token, visitor
from tests.shops import user

pytestmark = pytest.mark.django_db


def product(request, pk):
    greeting = f" for {request.user}" if "greet" in request.GET else ""
    return HttpResponse(f"Item {pk}{greeting}")


def home(request):
    html = Template("{% load personalize %}{% personal_home %}").render(Context({"request": request}))
    return HttpResponse(html)


def streamed(request):
    return StreamingHttpResponse(home(request).content for _ in range(1))


def streamed_slowly(request):
    def parts():
        yield "<h1>Welcome</h1>"
        yield home(request).content
        yield "<footer>"

    return StreamingHttpResponse(parts())


def answer(request):
    return HttpResponse("noted")


def enter(request):
    login(request, authenticate(username=request.POST["name"], password="pw"))
    return HttpResponse("in")


def leave(request):
    logout(request)
    return HttpResponse("out")


def api(request):
    request.user = AnonymousUser()  # as an API does that knows tokens only
    return HttpResponse("{}", content_type="application/json")


urlpatterns = [
    path("api/", api),
    path("products/<int:pk>/", product, name="product"),
    path("", home),
    path("cached/", cache_page(60)(home)),
    path("streamed/", streamed),
    path("streamed-slowly/", streamed_slowly),
    path("answer/", answer),
    path("in/", enter),
    path("out/", leave),
    path("personalize/", include("django_personalize.urls")),
]


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop):
    settings.ROOT_URLCONF = __name__
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]  # the package's own, not the example shop's


def known(client):
    """The visitor behind the client's cookie."""
    request = type("R", (), {"COOKIES": {cookie.NAME: client.cookies[cookie.NAME].value}})()
    return cookie.read(request)


def nothing_is_kept():
    return not (Visitor.objects.exists() or Event.objects.exists() or Decision.objects.exists())


@pytest.mark.parametrize("state", ["unknown", "denied"])
def test_without_a_yes_there_is_no_trace(client, answers, state):
    answers(personalization=state, analytics=state)
    for visit in (client.get("/"), client.get("/products/1/"), client.post("/answer/")):
        assert visit.status_code == 200
        assert cookie.NAME not in visit.cookies
    assert nothing_is_kept()


def test_a_yes_makes_a_visitor_in_answer_to_the_post_and_never_on_a_page(client, answers):
    answers(personalization="granted")
    assert cookie.NAME not in client.get("/").cookies
    assert nothing_is_kept()
    response = client.post("/answer/")
    assert "no-store" in response["Cache-Control"]
    assert Visitor.objects.get().granted == {"personalization": True}
    assert known(client).visitor_id == Visitor.objects.get().pk


def test_a_view_is_kept_once_per_visit_with_an_id_of_its_own(client, answers, frozen):
    answers(personalization="granted")
    client.post("/answer/")
    for _ in range(2):
        client.get("/products/3/")
    assert (
        list(Event.objects.values_list("kind", "item_key", "visitor_id"))
        == [("view_item", "3", known(client).visitor_id)] * 2
    )
    assert Event.objects.values("uid").distinct().count() == 2


def test_a_personal_page_is_private_and_leaves_its_decision(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    response = client.get("/")
    assert "private" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]
    assert str(Decision.objects.get().pk) in response.content.decode()


def test_a_page_that_is_drawn_while_it_is_sent_is_private_where_somebody_may_be_known(client, answers):
    assert "Cache-Control" not in client.get("/streamed/")
    answers(personalization="granted")
    client.post("/answer/")
    response = client.get("/streamed/")
    assert "private" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]
    assert b"data-pz-decision" in b"".join(response.streaming_content)


def decided_in(parts):
    return re.findall(r'data-pz-decision="([^"]+)"', b"".join(parts).decode())


def test_what_is_decided_while_a_page_is_sent_is_kept_when_it_has_been(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    response = client.get("/streamed-slowly/")
    assert not Decision.objects.exists()
    shown = decided_in(response.streaming_content)
    assert shown == [str(Decision.objects.get().pk)]


def test_the_reader_who_goes_early_leaves_the_decision_that_they_were_shown(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    response = client.get("/streamed-slowly/")
    parts = iter(response.streaming_content)
    shown = decided_in([next(parts), next(parts)])
    response._iterator.close()  # has the client close the response, as a server does whose peer has gone
    assert shown == [str(Decision.objects.get().pk)]


def test_a_decision_that_is_streamed_to_somebody_logged_in_is_kept(client, answers):
    user("somebody")
    answers(personalization="granted")
    client.post("/in/", {"name": "somebody"})
    shown = decided_in(client.get("/streamed-slowly/").streaming_content)
    assert shown == [str(Decision.objects.get().pk)]


def test_whoever_is_erased_while_a_page_is_sent_leaves_no_decision(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    parts = iter(client.get("/streamed-slowly/").streaming_content)
    shown = decided_in([next(parts), next(parts)])
    erase(of_visitor(Visitor.objects.get().pk))
    assert (len(shown), list(parts)) == (1, [b"<footer>"])
    assert nothing_is_kept()


def test_a_page_for_everybody_stays_cacheable(client, answers):
    response = client.get("/")
    assert "Cache-Control" not in response
    assert "Cookie" not in response.get("Vary", "")


def test_a_page_cache_never_serves_one_visitors_page_to_another(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    bodies = [client.get("/cached/").content for _ in range(2)]
    assert bodies[0] != bodies[1]  # each render has its own decision: nothing was cached
    answers()
    client.cookies.clear()
    assert b"data-pz-decision" not in client.get("/cached/").content


def test_the_per_site_cache_never_serves_one_visitors_page_to_another(client, answers, settings):
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    answers(personalization="granted")
    client.post("/answer/")
    bodies = [client.get("/").content for _ in range(2)]
    assert bodies[0] != bodies[1]
    answers()
    client.cookies.clear()
    strangers = [client.get("/").content for _ in range(2)]
    assert strangers[0] == strangers[1]
    assert b"data-pz-decision" not in strangers[0]
    assert cookie.NAME not in client.get("/").cookies


def test_a_no_erases_on_the_same_request_and_takes_the_cookie_away(client, answers):
    answers(personalization="granted", analytics="granted")
    client.post("/answer/")
    client.get("/products/3/"), client.get("/")
    answers(personalization="denied", analytics="denied")
    response = client.get("/products/3/")
    assert response.cookies[cookie.NAME]["max-age"] == 0
    assert "no-store" in response["Cache-Control"]
    assert nothing_is_kept()


def test_a_yes_that_lapsed_is_neither_read_nor_added_to_and_is_there_when_it_is_repeated(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    client.get("/products/3/")
    answers(personalization="unknown")
    assert "private" not in client.get("/").get("Cache-Control", "")
    client.get("/products/1/")
    assert (Event.objects.count(), Decision.objects.count()) == (1, 0)
    answers(personalization="granted")
    client.get("/products/1/")
    assert Event.objects.count() == 2


def test_a_changed_answer_is_kept_and_carried_by_the_cookie(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    answers(personalization="granted", analytics="granted")
    client.post("/answer/")
    assert Visitor.objects.get().granted == {"analytics": True, "personalization": True}
    assert {purpose.value for purpose in known(client).granted} == {"analytics", "personalization"}


def test_a_forged_cookie_is_replaced_at_the_next_post(client, answers):
    answers(personalization="granted")
    client.cookies[cookie.NAME] = token(visitor("personalization"))[:-2] + "xx"
    client.get("/products/3/")
    assert not Event.objects.exists()
    client.post("/answer/")
    assert Visitor.objects.filter(pk=known(client).visitor_id).exists()


def test_logging_in_joins_the_accounts_own_orders(client, answers, memory_shop):
    account = str(user("mia").pk)
    memory_shop.orders = [line("1", "A", "2", user_key=account), line("2", "B", "3", user_key="999")]
    answers(personalization="granted")
    client.post("/answer/")
    client.post("/in/", {"name": "mia"})
    assert Visitor.objects.get().user_key == account
    who = Visitor.objects.get().pk
    assert list(Event.objects.values_list("kind", "transaction_id", "visitor_id")) == [
        ("purchase", "A", who),
        ("login", "", who),
    ]


def test_saying_yes_while_logged_in_joins_them_too(client, answers, memory_shop):
    account = user("mia")
    memory_shop.orders = [line("1", "A", "2", user_key=str(account.pk))]
    client.force_login(account)
    answers(personalization="granted")
    client.get("/")  # no cookie yet: nothing happens on a page
    assert nothing_is_kept()
    client.post("/in/", {"name": "mia"})
    assert Event.objects.get(kind="purchase").visitor_id == Visitor.objects.get().pk


def test_a_log_in_that_was_a_get_is_joined_by_the_first_personal_page(client, answers, memory_shop):
    account = user("mia")
    memory_shop.orders = [line("1", "A", "2", user_key=str(account.pk))]
    answers(personalization="granted")
    client.post("/answer/")
    client.force_login(account)
    client.get("/")
    assert Event.objects.get(kind="purchase").visitor_id == Visitor.objects.get().pk


def test_statistics_alone_join_no_orders(client, answers, memory_shop):
    memory_shop.orders = [line("1", "A", "2", user_key=str(user("mia").pk))]
    answers(analytics="granted")
    client.post("/answer/")
    client.post("/in/", {"name": "mia"})
    assert list(Event.objects.values_list("kind", flat=True)) == ["login"]


def test_the_next_person_on_a_shared_computer_is_somebody_else(client, answers, memory_shop):
    user("mia"), user("leo")
    answers(personalization="granted")
    client.post("/answer/")
    client.post("/in/", {"name": "mia"})
    mias = known(client).visitor_id
    client.post("/out/")
    nobodys = known(client).visitor_id
    assert nobodys != mias
    client.get("/products/3/")
    client.post("/in/", {"name": "leo"})
    assert known(client).visitor_id == nobodys  # a browser that belonged to nobody becomes Leo's
    client.post("/in/", {"name": "mia"})
    assert known(client).visitor_id not in (mias, nobodys)
    assert list(Event.objects.filter(visitor_id=mias).values_list("kind", flat=True)) == ["login"]


def test_a_no_takes_everybody_along_that_the_browser_has_been(client, answers, memory_shop):
    memory_shop.orders = [line("1", "A", "2", user_key=str(user("mia").pk))]
    answers(personalization="granted")
    client.post("/answer/")
    client.post("/in/", {"name": "mia"})
    client.get("/products/3/")
    client.get("/")
    client.post("/out/")
    client.get("/products/1/")
    answers(personalization="denied")
    client.get("/")
    assert (Visitor.objects.count(), Decision.objects.count()) == (0, 0)
    assert list(Event.objects.values_list("kind", "visitor_id")) == [("purchase", None)]


def test_what_somebody_else_looks_at_is_not_written_under_the_last_account(client, answers):
    mia, leo = user("mia"), user("leo")
    answers(personalization="granted")
    client.post("/answer/")
    client.post("/in/", {"name": "mia"})
    client.force_login(leo)  # by a GET, as single sign-on does: no POST tells us
    client.get("/products/3/?greet")
    client.get("/products/3/")  # this page never looks at the session: nobody can say whose visit it is
    assert not Event.objects.filter(kind="view_item").exists()
    client.force_login(mia)
    client.get("/products/3/?greet")
    views = Event.objects.filter(kind="view_item")
    assert list(views.values_list("item_key", "visitor__user_key")) == [("3", str(mia.pk))]


def test_a_personal_page_is_private_whatever_fails_behind_it(client, answers, monkeypatch, caplog):
    answers(personalization="granted")
    client.post("/answer/")
    monkeypatch.setattr("django_personalize.middleware.view_of", None)
    response = client.get("/")
    assert b"data-pz-decision" in response.content
    assert "private" in response["Cache-Control"]
    assert [(record.msg, record.step) for record in caplog.records] == [("step_failed", "notes")]


def test_a_cookie_of_an_older_secret_is_signed_anew_at_the_next_post_so_that_the_old_one_may_go(
    client, answers, settings
):
    answers(personalization="granted")
    client.post("/answer/")
    who = known(client)
    assert cookie.NAME not in client.post("/answer/").cookies
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "z" * 60
    assert cookie.NAME not in client.get("/products/1/").cookies
    assert cookie.NAME in client.post("/answer/").cookies
    settings.SECRET_KEY_FALLBACKS = []
    cookie.forget()
    assert known(client) == who


def test_a_page_never_sets_the_cookie_not_even_for_a_changed_answer(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    answers(personalization="granted", analytics="granted")
    assert cookie.NAME not in client.get("/products/1/").cookies
    answers(personalization="denied", analytics="granted")
    assert cookie.NAME not in client.get("/products/1/").cookies
    assert Visitor.objects.get().granted == {"analytics": True}


def test_an_answer_that_lapsed_teaches_nothing(client, answers, memory_shop):
    memory_shop.orders = [line("1", "A", "2", user_key=str(user("mia").pk))]
    answers(personalization="granted")
    client.post("/answer/")
    client.post("/in/", {"name": "mia"})
    assert Event.objects.get(kind="purchase").visitor_id is not None
    answers(personalization="unknown")
    client.get("/products/1/")
    assert Event.objects.get(kind="purchase").visitor_id is None
    answers(personalization="granted")
    client.post("/answer/")
    assert Event.objects.get(kind="purchase").visitor_id is not None


def test_an_api_that_knows_no_sessions_makes_nobody_somebody_else(client, answers):
    user("mia")
    answers(personalization="granted")
    client.post("/answer/")
    client.post("/in/", {"name": "mia"})
    mias = known(client)
    client.post("/api/")
    assert known(client) == mias
    assert Visitor.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_lapsed_is_noted_once_and_then_costs_one_look(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    answers(personalization="unknown")
    client.get("/products/1/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/products/1/")
    assert [query["sql"].split()[0] for query in asked] == ["SELECT"]


def test_a_failure_of_ours_never_reaches_the_page(client, answers, monkeypatch, caplog):
    answers(personalization="granted")
    monkeypatch.setattr("django_personalize.middleware.register", None)
    assert client.post("/answer/").status_code == 200
    assert [(record.msg, record.step) for record in caplog.records] == [("step_failed", "settle")]


def test_a_no_erases_also_where_it_cannot_be_put_on_record(client, answers, monkeypatch, caplog):
    answers(personalization="granted")
    client.post("/answer/")
    answers(personalization="denied")
    monkeypatch.setattr("django_personalize.middleware.record", None)
    client.get("/products/1/")
    assert nothing_is_kept()
    assert [(record.msg, record.step) for record in caplog.records] == [("step_failed", "proof")]


def test_nobody_is_made_of_a_yes_that_cannot_be_put_on_record(client, answers, monkeypatch, caplog):
    answers(personalization="granted")
    monkeypatch.setattr("django_personalize.middleware.record", None)
    assert cookie.NAME not in client.post("/answer/").cookies
    assert nothing_is_kept()
    assert [(record.msg, record.step) for record in caplog.records] == [("step_failed", "settle")]


@pytest.mark.django_db(transaction=True)
def test_a_stranger_costs_no_query(client, answers, django_assert_num_queries):
    client.get("/products/1/")
    with django_assert_num_queries(0):
        client.get("/products/1/")


@pytest.mark.django_db(transaction=True)
def test_a_visitors_view_is_stored_after_the_page_is_made(client, answers):
    answers(personalization="granted")
    client.post("/answer/")
    client.get("/products/1/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/products/1/")
    # With the sink that stores at once: who is here, the view, the account.
    told = [sql.split()[0] for sql in statements(asked) if "SAVEPOINT" not in sql]
    assert told == ["SELECT", "SELECT", "INSERT", "INSERT"]


def statements(asked):
    sqls = [query["sql"].removeprefix("1 times: ") for query in asked]
    return [sql for sql in sqls if sql.split()[0] not in ("BEGIN", "COMMIT")]


@pytest.mark.django_db(transaction=True)
def test_what_a_visitor_did_who_is_gone_is_left_out():
    gone, here = visitor("personalization"), visitor("personalization")
    request = request_of(gone)
    events = [draft(request, gone.pk, "view_item", item_key="1"), draft(request, here.pk, "login")]
    gone.delete()
    assert DatabaseSink().write(events) == 1
    assert list(Event.objects.values_list("kind", flat=True)) == ["login"]
