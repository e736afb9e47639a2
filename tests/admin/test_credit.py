import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from django_personalize.attribution.attribute import attribute
from django_personalize.core import clock
from tests.attribution.world import HOUR, bought, clicked, shopper, shown

pytestmark = pytest.mark.django_db
URL = "/admin/personalize/credit/"
TODAY = "?since=2026-02-01&until=2026-03-01"


@pytest.fixture
def staff():
    boss = User.objects.create_user("boss", password="pw", is_staff=True)
    boss.user_permissions.add(Permission.objects.get(codename="view_revenue"))
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def sold(memory_shop, frozen):
    """Two placements that sold, one for a quarter of what the other did."""
    frozen(timedelta(minutes=30))
    me = shopper()
    for item, placement, count in (("1", "you-may-also-like", 4), ("2", "deals", 1)):
        decision = shown(me, item, placement=placement, experiment="holdout", holdout=False)
        clicked(me, decision, item, placement=placement, at=clock.now() - HOUR)
        bought("A", item, key=item, quantity=count)
    attribute()


def cells(page):
    """The first table's rows, as texts."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        for row in body.split("</tr>")[:-1]
    ]


def test_only_staff_who_may_see_revenue_get_the_page_and_the_table(staff):
    nobody, other = Client(), Client()
    other.force_login(User.objects.create_user("other", password="pw", is_staff=True))
    for address in (URL, f"{URL}table.csv"):
        assert nobody.get(address).status_code == 302
        assert other.get(address).status_code == 403
        assert staff.get(address).status_code == 200
    assert URL in staff.get("/admin/").content.decode()
    assert URL not in other.get("/admin/").content.decode()


def test_the_page_shows_what_each_placement_earned_and_how_they_compare(staff, sold):
    page = staff.get(f"{URL}{TODAY}").content.decode()
    assert cells(page) == [
        ["deals", "1", "0", "1", "", "1", "2.50", "0.00", "GBP", ""],
        ["You may also like", "1", "0", "1", "", "1", "10.00", "0.00", "GBP", ""],
    ]
    assert re.findall(r'<rect width="(\d+)"', page) == ["40", "160"]
    assert "Of 2 order lines bought in these days, 2 belong to somebody" in page
    assert "Held out, and treated" in page


def test_nothing_of_a_visitor_is_on_the_page_or_in_the_table(staff, sold):
    from django_personalize.models import Credit

    credit = Credit.objects.first()
    for address in (URL, f"{URL}table.csv"):
        answer = staff.get(f"{address}{TODAY}")
        text = b"".join(answer).decode() if answer.streaming else answer.content.decode()
        for secret in (credit.decision_id, credit.decision_id.hex, credit.decision.visitor_id, "transaction"):
            assert str(secret) not in text


def test_no_row_can_be_opened_changed_or_added(staff, admin_client, sold):
    from django_personalize.models import Credit

    for client in (staff, admin_client):
        for page in (f"{Credit.objects.first().pk}/change/", "add/", f"{Credit.objects.first().pk}/delete/"):
            assert client.get(f"{URL}{page}").status_code == 404
        assert client.post(URL).status_code in (200, 403)
    assert Credit.objects.count() == 2


def test_the_table_is_the_same_report(staff, sold):
    answer = staff.get(f"{URL}table.csv{TODAY}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="placements-2026-02-01-2026-03-01.csv"'
    assert "no-store" in answer["Cache-Control"]
    assert b"".join(answer).decode().splitlines()[1:] == [
        "deals,1,0,1,,GBP,1.000000,2.5000,0.0000",
        "you-may-also-like,1,0,1,,GBP,1.000000,10.0000,0.0000",
    ]


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("", ("2026-02-01", "2026-02-28")),
        ("?until=2026-01-28", ("2026-01-01", "2026-01-28")),
        ("?since=2026-02-20&until=2026-02-10", ("2026-02-10", "2026-02-20")),
        ("?since=yesterday&until=2026-02-31", ("2026-02-01", "2026-02-28")),
        ("?since=0001-01-01&until=9999-12-31", ("2026-02-01", "2026-02-28")),
    ],
)
def test_days_that_are_none_are_not_asked_for(staff, frozen, asked, days):
    page = staff.get(f"{URL}{asked}").content.decode()
    assert tuple(re.findall(r'type="date"[^>]*value="([^"]+)"', page)) == days


def test_an_empty_report_says_so(staff, frozen):
    assert "Nothing was shown in these days" in staff.get(URL).content.decode()
