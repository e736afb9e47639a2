"""The JavaScript client in a real browser: on the shop's own pages, and for another front end by a token."""

from __future__ import annotations

import pytest

from tests.browser.conftest import visitor_of
from tests.browser.test_script import eventually, key_of, product_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def run(page, code, argument=None):
    """Evaluate `code`, in which `api` is the client's module."""
    body = f"""async (argument) => {{
        const api = await import("/static/personalize/client.js");
        {code}
    }}"""
    return page.evaluate(body, argument)


def say_yes(page):
    page.goto("/")
    return run(page, "return api.consent.set({ personalization: true, analytics: true });")


def test_an_answer_is_given_and_read(page):
    page.goto("/")
    before = run(page, "return api.consent.get();")
    assert (before["ask"], before["permitted"], visitor_of(page)) == (True, [], "")
    after = say_yes(page)
    assert (after["ask"], after["permitted"]) == (False, ["analytics", "personalization"])
    assert visitor_of(page)
    page.goto("/")
    assert page.get_by_role("button", name="Accept").count() == 0
    assert run(page, "return api.consent.set({ personalization: false, analytics: false });")["permitted"] == []
    assert visitor_of(page) == ""


def test_rows_are_chosen_for_whoever_asks_and_their_reasons_told(page, served):
    say_yes(page)
    key = key_of(product_page(page))
    rows = run(
        page,
        """return api.placements([{ slug: "you-may-also-like", items: [argument] }, { slug: "personal-home" }]);""",
        key,
    )
    keys = [slot["key"] for placement in rows for row in placement["rows"] for slot in row["slots"]]
    assert len(keys) == len(set(keys)) > 8
    assert key not in [slot["key"] for row in rows[0]["rows"] for slot in row["slots"]]
    sql = "SELECT COUNT(*) FROM personalize_decision WHERE uid = ?"
    eventually(lambda: served.rows(sql, rows[1]["decision"].replace("-", "")), [(1,)])
    told = run(page, "return api.why(argument);", rows[1]["decision"])
    assert [slot["item"] for slot in told["slots"]] == [slot["key"] for row in rows[1]["rows"] for slot in row["slots"]]
    assert all(slot["reason"] for slot in told["slots"])


def test_what_is_told_goes_with_what_the_script_tells(page, served):
    page.clock.install()
    say_yes(page)
    run(page, """await api.track("add_to_wishlist", { items: [{ item_id: "1" }] });""")
    page.clock.run_for(6_000)
    eventually(lambda: served.events(page, "add_to_wishlist", "item_key"), [("1",)])


def test_what_is_kept_is_shown_paused_taken_out_and_erased(page, served):
    say_yes(page)
    path = product_page(page)
    page.goto(path)
    eventually(lambda: served.events(page, "view_item", "item_key"), [(key_of(path),)])
    assert [each["item"] for each in run(page, "return (await api.myData.get()).history;")] == [key_of(path)]
    assert run(page, "return api.myData.pause();")["paused"] is True
    assert run(page, "return api.myData.resume();")["paused"] is False
    assert run(page, "await api.myData.remove(argument); return (await api.myData.get()).history;", key_of(path)) == []
    assert len(run(page, "return (await api.myData.export()).visitors;")) == 1
    run(page, "await api.myData.erase();")
    assert visitor_of(page) == ""


def test_a_refusal_says_what_was_found(page_without_network):
    page = page_without_network  # whose console may say that a request was refused
    page.goto("/")
    told = run(
        page,
        """try { await api.placements([{ slug: "no-such" }]); }
        catch (error) { return [error instanceof api.Refused, error.status, error.found, error.message]; }""",
    )
    assert told[:3] == [True, 400, 'placements[0].slug: "no-such"']
    assert "Wanted: one of" in told[3]


def test_a_token_that_has_run_out_is_refused_as_such(page_without_network):
    page = page_without_network
    page.goto("/")
    told = run(
        page,
        """try { await api.connect({ token: "pzv.no.token:at-all" }).myData.get(); }
        catch (error) { return [error.status, error.do]; }""",
    )
    assert told[0] == 401
    assert "token" in told[1]
