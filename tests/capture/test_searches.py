import pytest
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.urls import path, resolve

from django_personalize.capture.searches import say, search_of, searched
from django_personalize.testing.override import override_personalize


def page(request):
    return HttpResponse()


urlpatterns = [path("search/", page, name="search")]


@pytest.fixture(autouse=True)
def _urls(settings):
    settings.ROOT_URLCONF = __name__


def request(url, **headers):
    made = RequestFactory().get(url, headers=headers)
    made.resolver_match = resolve("/search/")
    return made


@pytest.mark.parametrize(
    ("url", "term"),
    [
        ("/search/?q=red+mug", "red mug"),
        ("/search/?q=++red%20%20mug%0A", "red mug"),
        ("/search/?query=mug", "mug"),
        ("/search/?search=mug&page=1", "mug"),
        ("/search/?q=mug&page=2", None),
        ("/search/?q=", None),
        ("/search/?q=reset+mia@example.com", "reset"),
        ("/search/?q=mia@example.com", None),
        ("/search/?q=a%00b", "ab"),
        ("/search/", None),
        (f"/search/?q={'x' * 300}", "x" * 100),
    ],
)
def test_the_words_are_in_the_address(url, term):
    assert searched(request(url)) == term


def test_the_shop_may_call_its_parameter_otherwise():
    with override_personalize(SEARCH={"params": ["suche"]}):
        assert searched(request("/search/?suche=mug")) == "mug"
        assert searched(request("/search/?q=mug")) is None


@pytest.mark.parametrize(
    "response",
    [HttpResponse(status=404), HttpResponse(status=302), JsonResponse({"count": 3})],
    ids=["not found", "elsewhere", "suggestions"],
)
def test_what_is_no_whole_page_is_no_search(response):
    assert search_of(request("/search/?q=mug"), response) is None


@pytest.mark.parametrize("headers", [{"X-Requested-With": "XMLHttpRequest"}, {"HX-Request": "true"}])
def test_a_part_of_a_page_that_is_asked_for_at_every_key_press_is_no_search(headers):
    assert search_of(request("/search/?q=mug", **headers), HttpResponse()) is None
    boosted = request("/search/?q=mug", **{"HX-Request": "true", "HX-Boosted": "true"})
    assert search_of(boosted, HttpResponse()) == ("mug", None)


def test_an_answer_in_json_counts_where_the_shop_names_the_view():
    response = JsonResponse({})
    response.data = {"count": 3, "results": []}
    with override_personalize(SEARCH={"views": ["search"]}):
        assert search_of(request("/search/?q=mug"), response) == ("mug", 3)


def test_the_count_is_the_paginators_where_the_view_has_asked_for_it():
    paginator = Paginator(list(range(31)), 10)
    response = TemplateResponse(request("/"), "x.html", {"page_obj": paginator.page(1), "paginator": paginator})
    assert search_of(request("/search/?q=mug"), response) == ("mug", 31)


def test_nothing_found_is_a_count_too_and_asking_for_it_fetches_no_page():
    class Rows(list):
        def __len__(self):
            return super().__len__()

        def __getitem__(self, place):
            raise AssertionError("fetched")

    paginator = Paginator(Rows(), 10)
    assert paginator.count == 0
    page = Page(Rows(), 1, paginator)
    assert search_of(request("/search/?q=mug"), TemplateResponse(request("/"), "x.html", {"page_obj": page})) == (
        "mug",
        0,
    )


def test_a_count_that_nobody_asked_for_is_not_asked_for_now():
    response = TemplateResponse(request("/"), "x.html", {"paginator": Paginator(list(range(31)), 10)})
    assert search_of(request("/search/?q=mug"), response) == ("mug", None)


def count_of(request, response):
    return int(response.headers["X-Found"])


def test_the_shop_may_count_itself():
    response = HttpResponse(headers={"X-Found": "12"})
    with override_personalize(SEARCH={"results": f"{__name__}.count_of"}):
        assert search_of(request("/search/?q=mug"), response) == ("mug", 12)


def test_what_the_page_says_itself_goes_before_what_its_address_tells():
    made = request("/search/?category=7")
    assert say(made, "  Mugs ", 0) == "Mugs"
    assert search_of(made, HttpResponse()) == ("Mugs", 0)


def test_turning_the_page_is_no_new_search_whoever_says_it():
    made = request("/search/?category=7&page=2")
    assert say(made, "Mugs", 31) == ""
    assert search_of(made, HttpResponse()) is None
