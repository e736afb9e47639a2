from django_personalize.placements.resolve import resolved_of
from tests.people import request_of


def test_the_shop_is_asked_about_an_item_once_per_page_also_where_it_cannot_be_sold(memory_shop, monkeypatch):
    asked, items = [], memory_shop.items

    def ask(self, keys, **more):
        asked.append(keys)
        return items(self, keys, **more)

    monkeypatch.setattr(memory_shop, "items", ask)
    request = request_of()
    resolved_of(request).ask(["1", "4", "1"])
    resolved_of(request).ask(["4", "1"])
    resolved_of(request).ask(["1", "2"])
    assert asked == [["1", "4"], ["2"]]
    assert sorted(resolved_of(request)) == ["1", "2"]
    assert len(resolved_of(request)) == 2
    assert resolved_of(request).get("4") is None
    resolved_of(request_of()).ask(["1"])
    assert asked[-1] == ["1"]


def test_what_the_shop_said_of_its_own_accord_need_not_be_asked(memory_shop, monkeypatch):
    request = request_of()
    resolved_of(request).add([memory_shop.stock["3"]])
    monkeypatch.setattr(memory_shop, "items", None)
    resolved_of(request).ask(["3"])
    assert resolved_of(request)["3"].title == "Mug"
