import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from django_personalize.core.types import (
    CountDraft,
    DecisionDraft,
    EventDraft,
    GoneDraft,
    ImpressionDraft,
    Reason,
    RefusalDraft,
    Slot,
)
from django_personalize.events.lines import (
    LONGEST_LINE,
    Newer,
    Unreadable,
    blanked,
    decode,
    encode,
    facts_of,
    framed,
    unframed,
)
from django_personalize.testing.contracts import MOMENT, event

SLOT = Slot(
    slot=1, item_key="8", source="factors", score=-0.25, propensity=0.5,
    reason=Reason(code="because_viewed", anchor="7"), block="Kerzen & Licht \u2603",
)  # fmt: skip
FACTS = [
    event(1),
    EventDraft(
        uid=uuid4(), kind="add_to_cart", occurred_at=datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        visitor_id=uuid4(), item_key="shop.PhoneVariant:1", item_variant="1-rot", quantity=3, price=Decimal("2.5000"),
        list_price=Decimal("99999999999.9999"), currency="GBP", decision_id=uuid4(), item_list_id="x", index=32767,
        search_term="r\u00f6d \U0001f600", results=2**31 - 1, engagement_time_msec=1, reason="have_it", scope="de",
        device="mobile", referrer="search", campaign="fr\u00fchling", transaction_id="A", promotion_id="p",
    ),
    DecisionDraft(
        uid=uuid4(), visitor_id=uuid4(), placement="personal-home", decided_at=MOMENT, pipeline="personal",
        rung="ranker", model_version=7, context=("8",), rules=("cap:brand",), experiment="", variant="",
        consent=("analytics", "personalization"), slots=(SLOT,),
    ),
    DecisionDraft(
        uid=uuid4(), visitor_id=uuid4(), placement="x", decided_at=MOMENT, pipeline="x", rung="newest",
        model_version=None, context=(), rules=(), experiment="", variant="", consent=(), slots=(),
    ),
    DecisionDraft(
        uid=uuid4(), visitor_id=uuid4(), placement="x", decided_at=MOMENT, pipeline="x", rung="newest",
        model_version=None, context=(), rules=(), experiment="holdout", variant="control", consent=(), slots=(),
        surface="mail", page="shop:product", scope="de", device="mobile", language="uz", wanted=8, candidates=0,
        holdout=True, took_ms=12,
    ),
    ImpressionDraft(decision_id=uuid4(), slot=3, item_key="8", seen_at=MOMENT),
    ImpressionDraft(decision_id=uuid4(), slot=3, seen_at=MOMENT, visitor_id=uuid4()),
    CountDraft(day=date(2026, 3, 1), kind="view_item", item_key="8", scope="de", count=5),
    RefusalDraft(reason="unknown_item", count=4),
    GoneDraft(count=2, pad="---"),
]  # fmt: skip


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_what_was_written_is_read_back(fact):
    assert decode(encode(fact)) == fact


def test_a_fact_is_one_line_of_ascii():
    for fact in FACTS:
        body = encode(fact)
        assert body.isascii()
        assert b"\n" not in body


def test_a_count_and_a_refusal_are_as_many_facts_as_they_tell():
    assert [facts_of(fact) for fact in FACTS] == [1, 1, 1, 1, 1, 1, 1, 5, 4, 2]


def test_a_line_carries_the_writers_count_and_a_checksum():
    line = framed(encode(event(1)), 12)
    assert unframed(line[:-1]) == (12, encode(event(1)))


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_a_line_that_was_changed_anywhere_is_none(place):
    line = bytearray(framed(encode(event(1)), 12)[:-1])
    line[place] ^= 1
    assert unframed(bytes(line)) is None


@pytest.mark.parametrize("rubbish", [b"", b"x", b"00000000", b"zzzzzzzz 1 {}", b"00000000 x", b"\xff" * 40])
def test_rubbish_is_no_line(rubbish):
    assert unframed(rubbish) is None


def test_what_no_reader_would_take_is_not_written():
    with pytest.raises(ValueError, match="at most 1,048,576"):
        framed(b"x" * LONGEST_LINE, 1)


def told(**changes):
    fields = {"uid": UUID(int=1).hex, "kind": "view_item", "occurred_at": 0} | changes
    return json.dumps([1, "event", {name: value for name, value in fields.items() if value is not ...}]).encode()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"uid": "x"}, "uid"),
        ({"uid": 7}, "uid"),
        ({"uid": ...}, "uid"),
        ({"kind": "x" * 33}, "kind"),
        ({"kind": None}, "kind"),
        ({"occurred_at": 1e18}, "occurred_at"),
        ({"occurred_at": 10**30}, "occurred_at"),
        ({"occurred_at": True}, "occurred_at"),
        ({"item_key": "x" * 65}, "item_key"),
        ({"item_key": "a\0b"}, "item_key"),
        ({"item_key": "\ud800"}, "item_key"),
        ({"item_key": 7}, "item_key"),
        ({"quantity": 2**31}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"results": -1}, "results"),
        ({"index": 2**15}, "index"),
        ({"price": "NaN"}, "price"),
        ({"price": "Infinity"}, "price"),
        ({"price": "1e400"}, "price"),
        ({"price": 2.5}, "price"),
        ({"price": "9" * 41}, "price"),
        ({"visitor_id": "nobody"}, "visitor_id"),
        ({"engagement_time_msec": 2**63}, "engagement_time_msec"),
    ],
)
def test_a_value_that_no_column_holds_is_named_and_never_repeated(changes, named):
    with pytest.raises(Unreadable) as found:
        decode(told(**changes))
    assert (found.value.reason, found.value.detail.split()[0]) == ("bad_field", f"event.{named}")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b'["x"]', b'[1,"event",7]', b'[1,"nothing",{}]',
                                  b"[" * 100_000, b'[1,["event"],{}]'])  # fmt: skip
def test_what_is_no_fact_is_said_to_be_none(body):
    with pytest.raises(Unreadable) as found:
        decode(body)
    assert found.value.reason == "not_a_fact"


@pytest.mark.parametrize("body", [b'[3,"event",{}]', told(mood="good")])
def test_what_a_later_version_wrote_is_left_alone(body):
    with pytest.raises(Newer):
        decode(body)


def test_a_slot_is_checked_too():
    body = json.loads(encode(FACTS[2]))
    body[2]["slots"][0][3] = float("nan")
    with pytest.raises(Unreadable, match=r"decision\.slots"):
        decode(json.dumps(body).encode())


OLD = (
    b'[1,"decision",{"uid":"%s","visitor_id":"%s","placement":"personal-home","decided_at":1772366400000000,'
    b'"pipeline":"personal","rung":"ranker","model_version":7,"context":["8"],"rules":["cap:brand"],"experiment":"",'
    b'"variant":"","consent":["analytics"],"slots":[[1,"8","factors",0.5,1.0,"for_you","",""]]}]'
) % (b"1" * 32, b"2" * 32)
"""As 0.1 wrote it, and as it may still wait in a spool or a stream when this version begins to read."""


def test_a_decision_that_an_earlier_version_wrote_is_read_and_says_no_more_than_it_knew():
    draft = decode(OLD)
    assert (draft.uid, draft.visitor_id) == (UUID("1" * 32), UUID("2" * 32))
    assert (draft.placement, draft.decided_at, draft.model_version) == ("personal-home", MOMENT, 7)
    assert (draft.slots[0].item_key, draft.slots[0].propensity, draft.slots[0].reason.code) == ("8", 1.0, "for_you")
    assert (draft.surface, draft.page, draft.scope, draft.device, draft.language) == ("page", "", "", "", "")
    assert (draft.wanted, draft.candidates, draft.holdout, draft.took_ms) == (None, None, None, None)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_what_two_versions_can_say_is_read_alike_under_either(fact, version):
    told = json.loads(encode(fact))
    assert decode(json.dumps([version, *told[1:]]).encode()) == fact


@pytest.mark.parametrize("propensity", [0, -0.5, 1.0001, 7, float("nan"), "1", None, True])
def test_a_propensity_that_is_none_is_no_fact(propensity):
    body = json.loads(encode(FACTS[2]))
    body[2]["slots"][0][4] = propensity
    with pytest.raises(Unreadable, match=r"decision\.slots"):
        decode(json.dumps(body).encode())


@pytest.mark.parametrize(("field", "value"), [("holdout", 1), ("holdout", "true"), ("wanted", -1), ("page", "x" * 65)])
def test_a_decisions_new_fields_are_checked_as_well(field, value):
    body = json.loads(encode(FACTS[2]))
    body[2][field] = value
    with pytest.raises(Unreadable, match=rf"decision\.{field}"):
        decode(json.dumps(body).encode())


def test_a_blanked_fact_has_its_length_and_its_count_and_nothing_else():
    for fact in FACTS:
        body = encode(fact)
        if len(body) < 45:
            continue
        blank = blanked(body)
        assert len(blank) == len(body)
        gone = decode(blank)
        assert isinstance(gone, GoneDraft)
        assert gone.count == facts_of(fact)
        assert set(gone.pad) == {"-"}


def test_times_keep_their_microseconds():
    late = event(1, occurred_at=datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
    early = event(1, occurred_at=datetime(1969, 12, 31, tzinfo=UTC) + timedelta(microseconds=1))
    assert [decode(encode(each)).occurred_at for each in (late, early)] == [late.occurred_at, early.occurred_at]
