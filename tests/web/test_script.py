"""The shipped script, as a file; what it does is tried in a browser."""

import gzip
import re
from pathlib import Path

from django.contrib.staticfiles import finders

from django_personalize.capture import claims
from django_personalize.capture.refusals import REFUSALS
from django_personalize.events.vocabulary import CLAIMABLE, VIEW_ITEM_LIST
from django_personalize.visitors import cookie
from django_personalize.web.events import MAX_BYTES

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "script.md").read_text()
SOURCE = Path(finders.find("personalize/personalize.js")).read_text()
ROWS = Path(finders.find("personalize/placement.js")).read_text()


def listed(name):
    return re.findall(r'"(\w+)"', re.search(rf"const {name} = \[(.*?)\]", SOURCE, re.S)[1])


def number(name):
    return int(re.search(rf"const {name} = ([\d_]+)", SOURCE)[1].replace("_", ""))


def test_it_weighs_four_kilobytes_at_most():
    assert len(gzip.compress(SOURCE.encode(), compresslevel=9)) <= 4096


def test_it_stands_alone_and_runs_under_a_strict_policy():
    for word in ("import", "eval", "Function(", "innerHTML", ".style", "localStorage", "sessionStorage", "indexedDB"):
        assert word not in SOURCE


def test_what_helps_rows_along_weighs_two_and_tells_nothing_by_itself():
    assert len(gzip.compress(ROWS.encode(), compresslevel=9)) <= 2048
    for word in ("import", "eval", "Function(", "innerHTML", ".style", "Storage", "fetch", "sendBeacon", "cookie"):
        assert word not in ROWS


def test_it_speaks_only_with_the_leave_that_the_server_gives():
    assert f'includes("{cookie.LEAVE}=1")' in SOURCE
    assert cookie.NAME not in SOURCE


def test_it_sends_what_the_server_reads():
    read = set(claims._READERS) | {"decision", "slots"}
    assert set(listed("OF_EVENT")) | set(listed("OF_ITEM")) == read
    assert set(listed("OF_LAYER")) <= CLAIMABLE - {VIEW_ITEM_LIST}


def test_its_batches_are_within_the_servers_bounds():
    assert number("MOST") <= claims.MAX_EVENTS
    assert number("MOST_FACTS") <= claims.MAX_FACTS
    assert number("LARGEST") < MAX_BYTES
    assert f".slice(0, {claims.MAX_ITEMS})" in SOURCE


def table(head):
    """The names in the first column of the document's table under this head."""
    rows = DOCUMENT.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return set(re.findall(r"^\| `(\w+)` \|", rows, re.M))


def test_the_document_tells_every_refusal_and_every_field():
    for reason, meaning in REFUSALS.items():
        assert f"| `{reason}` | {meaning} |" in DOCUMENT
    assert table("refused | means") == set(REFUSALS)
    assert table("field | of | holds") == set(claims._READERS) | {"decision", "slots"}


def test_the_document_tells_what_is_read_of_a_data_layer():
    read = DOCUMENT.split('`gtag("event", "add_to_cart", {...})`', 1)[1].split(".", 1)[0]
    assert set(re.findall(r"`(\w+)`", read)) == set(listed("OF_LAYER"))


def test_the_document_names_every_attribute():
    assert set(re.findall(r"data-pz-(\w+)", DOCUMENT)) == {
        re.sub("^pz", "", name).lower() for name in re.findall(r"\b(pz[A-Z]\w+)", SOURCE)
    } | {"decision", "slot"}
