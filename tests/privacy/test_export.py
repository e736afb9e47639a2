import json

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from django_personalize.conf import settings
from django_personalize.events import sinks, spool
from django_personalize.models import Event
from django_personalize.privacy.export import SCHEMA, export
from django_personalize.privacy.person import Person, of_account, of_visitor
from django_personalize.privacy.register import REGISTER, AboutPeople
from tests.people import visitor
from tests.privacy.canaries import ACCOUNT, dump, marks_in, person, told

pytestmark = pytest.mark.django_db


def exported(whom):
    return json.loads("".join(export(whom)))


def as_json(value):
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def test_every_column_of_every_row_is_in_it(memory_shop):
    person()
    whom = of_account(ACCOUNT)
    told_of = exported(whom)
    for model, entry in REGISTER.items():
        if not isinstance(entry, AboutPeople):
            continue
        assert entry.rows(whom).exists(), model
        rows = {str(row[model._meta.pk.attname]): row for row in told_of[entry.section]}
        for values in entry.rows(whom).values():
            row = rows[str(values[model._meta.pk.attname])]
            for name, value in values.items():
                wanted = bytes(value).decode() if isinstance(value, bytes | memoryview) else as_json(value)
                assert row[name] == wanted, (model, name)


def test_all_marks_in_the_tables_are_in_it(memory_shop):
    person()
    there = marks_in(dump())
    assert len(there) > 40
    assert there - marks_in("".join(export(of_account(ACCOUNT)))) == set()


def test_it_says_its_version_its_time_and_how_long_things_are_kept(memory_shop, frozen):
    assert exported(Person()) | {"events": []} == {
        "schema": SCHEMA,
        "exported_at": "2026-03-01T12:00:00Z",
        "complete": True,
        "account": "",
        "kept_for_days": {"events": 395, "orders": 760, "aggregates": 760, "quarantine": 90},
        "interests": {"categories": [], "brands": [], "reasons": []},
        **{entry.section: [] for entry in REGISTER.values() if isinstance(entry, AboutPeople)},
    }


def test_nothing_of_anybody_else_is_in_it(memory_shop):
    person()
    other = visitor("personalization", user_key="other")
    told_of = exported(of_visitor(other.pk))
    assert [row["id"] for row in told_of["visitors"]] == [str(other.pk)]
    assert [name for name, rows in told_of.items() if isinstance(rows, list) and rows] == ["visitors"]


@pytest.mark.django_db(transaction=True)
def test_what_waits_in_the_spool_is_in_it(memory_shop, spooled):
    me = visitor("analytics")
    spooled.write([told(me.pk, search_term="lantern")])
    assert [row["search_term"] for row in exported(of_visitor(me.pk))["events"]] == ["lantern"]


@pytest.mark.django_db(transaction=True)
def test_it_says_so_where_another_process_keeps_what_waits_for_too_long(memory_shop, spooled, monkeypatch):
    me = visitor("analytics")
    spooled.write([told(me.pk, search_term="lantern")])
    monkeypatch.setattr(sinks, "PATIENCE", 0.0)
    with spool.alone(settings.SPOOL) as ours:
        assert ours
        told_of = exported(of_visitor(me.pk))
    assert (told_of["complete"], told_of["events"]) == (False, [])
    told_of = exported(of_visitor(me.pk))
    assert (told_of["complete"], len(told_of["events"])) == (True, 1)


def test_what_is_derived_is_in_it(memory_shop):
    me = visitor("personalization")
    draft = told(me.pk, item_key="1")
    Event.objects.create(
        kind="view_item", occurred_at=draft.occurred_at, received_at=draft.occurred_at, visitor=me, item_key="1"
    )
    assert exported(of_visitor(me.pk))["interests"]["categories"] == ["Light"]
