"""The same middleware in an asynchronous stack, before synchronous and asynchronous views."""

import asyncio

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import path

from django_personalize.capture.visit import current
from django_personalize.core.types import CartLine
from django_personalize.middleware import PersonalizeMiddleware
from django_personalize.models import Cart, Decision, Event, Visitor
from django_personalize.testing.doubles import MemoryShop

pytestmark = pytest.mark.django_db(transaction=True)


def product(request, pk):
    current().cart_touched = True
    return HttpResponse(f"Item {pk}")


async def product_async(request, pk):
    assert current() is not None
    return HttpResponse(f"Item {pk}")


async def add(request, pk):
    MemoryShop.basket = [CartLine(item_key=str(pk), quantity=1)]
    return HttpResponse("added")


async def streamed(request):
    async def parts():
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(parts())


async def streamed_home(request):
    async def parts():
        yield b"<h1>Welcome</h1>"
        page = Template("{% load personalize %}{% personal_home %}")
        yield (await sync_to_async(page.render)(Context({"request": request}))).encode()
        yield b"<footer>"

    return StreamingHttpResponse(parts())


urlpatterns = [
    path("products/<int:pk>/", product),
    path("async/<int:pk>/", product_async, name="async"),
    path("add/<int:pk>/", add),
    path("stream/", streamed),
    path("home/", streamed_home),
]


@pytest.fixture(autouse=True)
def _shop(settings, memory_shop, answers):
    settings.ROOT_URLCONF = __name__
    memory_shop.basket = []
    answers(personalization="granted")


def told():
    return list(Event.objects.order_by("pk").values_list("kind", "item_key"))


def test_views_and_carts_are_recorded_behind_either_kind_of_view(async_client):
    async def visit():
        await async_client.post("/stream/")
        for url in ("/products/1/", "/async/2/"):
            assert (await async_client.get(url)).status_code == 200
        await async_client.post("/add/3/")

    async_to_sync(visit)()
    assert told() == [("view_item", "1"), ("add_to_cart", "3")]
    assert (Visitor.objects.count(), Cart.objects.count()) == (1, 1)


def test_a_stream_goes_through_untouched(async_client):
    async def read():
        response = await async_client.get("/stream/")
        return b"".join([part async for part in response.streaming_content])

    assert async_to_sync(read)() == b"onetwo"


@pytest.mark.parametrize("read", [2, 3], ids=["the reader goes early", "to its end"])
def test_what_is_decided_while_a_page_is_sent_is_kept_when_it_has_been(async_client, settings, read):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]  # the package's own, not the example shop's

    async def visit():
        await async_client.post("/stream/")
        response = await async_client.get("/home/")
        parts = aiter(response.streaming_content)
        page = b"".join([await anext(parts) for _ in range(read)])
        await sync_to_async(response.close)()  # as the handler does, whether all was sent or its reader has gone
        return page.decode()

    page = async_to_sync(visit)()
    assert f'data-pz-decision="{Decision.objects.get().pk}"' in page


def test_notes_of_two_requests_at_once_do_not_mix():
    seen = []

    async def view(request):
        mine = current()
        await asyncio.sleep(0.01)
        assert current() is mine
        seen.append(mine)
        return HttpResponse()

    async def at_once():
        middleware = PersonalizeMiddleware(view)
        assert iscoroutinefunction(middleware)
        await asyncio.gather(*(middleware(RequestFactory().get("/")) for _ in range(5)))

    async_to_sync(at_once)()
    assert len({id(each) for each in seen}) == 5
    assert current() is None


def test_a_synchronous_stack_stays_synchronous():
    assert not iscoroutinefunction(PersonalizeMiddleware(lambda request: HttpResponse()))
