import pytest

from django_personalize.capture.findings import keep
from django_personalize.core.tally import Tally

pytestmark = pytest.mark.django_db
URL = "/admin/personalize/finding/"


def test_the_desk_says_what_was_found_and_what_to_do(admin_client):
    tally = Tally()
    tally.add("cart_of_unknown_shape", "CART", 3)
    keep(tally, again=False)
    page = admin_client.get(URL).content.decode()
    assert "A cart of a shape that the mapping does not describe." in page
    assert '<td class="field-count">3</td>' in page
    assert admin_client.get(f"{URL}add/").status_code == 403


def test_the_menu_names_findings_only_where_there_are_some(admin_client):
    assert URL not in admin_client.get("/admin/").content.decode()
    tally = Tally()
    tally.add("product_gone")
    keep(tally, again=False)
    assert URL in admin_client.get("/admin/").content.decode()
