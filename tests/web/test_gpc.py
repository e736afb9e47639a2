import pytest
from django.urls import path

from django_personalize.testing.override import override_personalize
from django_personalize.web.gpc import gpc

urlpatterns = [path(".well-known/gpc.json", gpc)]


@pytest.fixture(autouse=True)
def _urls(settings):
    settings.ROOT_URLCONF = __name__


def test_the_site_says_that_it_honours_the_signal_where_it_does(client):
    response = client.get("/.well-known/gpc.json")
    assert (response.status_code, response["Content-Type"], response.json()) == (200, "application/json", {"gpc": True})
    with override_personalize(SIGNALS=["dnt"]):
        assert client.get("/.well-known/gpc.json").json() == {"gpc": False}


def test_it_only_says(client):
    assert client.post("/.well-known/gpc.json").status_code == 405
