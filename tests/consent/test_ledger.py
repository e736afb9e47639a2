import threading
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.models import F

from django_personalize.consent.ledger import erase, head, record, text_of, verify
from django_personalize.core.types import Purpose
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.models import ConsentKey, ConsentRecord

pytestmark = pytest.mark.django_db
ANN, BOB = UUID(int=1), UUID(int=2)
YES, ALL = [Purpose.PERSONALIZATION], [Purpose.PERSONALIZATION, Purpose.ANALYTICS]


def wrong(**expected):
    return [(each.number, each.problem) for each in verify(**expected).wrong]


def say(*answers):
    for subject, granted in answers:
        record(subject, granted, [], source="test")


def test_an_answer_is_kept_with_everything_that_proves_it(frozen):
    create_groups()
    record(ANN, YES, [Purpose.ANALYTICS], source="banner")
    kept = ConsentRecord.objects.get()
    assert (kept.number, kept.subject) == (1, ANN)
    assert kept.fields == {
        "at": "2026-03-01T12:00:00+00:00",
        "granted": ["personalization"],
        "refused": ["analytics"],
        "text": text_of(ALL),
        "language": "en",
        "source": "banner",
    }
    assert len(kept.fields["text"]) == 64
    assert wrong() == []


def test_the_text_is_of_what_was_asked_and_as_it_read():
    from cookie_consent.models import CookieGroup

    assert text_of(YES) == ""
    create_groups()
    before = text_of(YES)
    assert before not in (text_of(ALL), "")
    group = CookieGroup.objects.get(varname="personalization")
    group.description = "Something else"
    group.save()
    assert text_of(YES) != before


def test_the_same_answer_said_again_is_no_record():
    say((ANN, YES), (ANN, YES), (ANN, ALL), (BOB, YES), (ANN, YES))
    rows = ConsentRecord.objects.values_list("number", "subject")
    assert list(rows) == [(1, ANN), (2, ANN), (3, BOB), (4, ANN)]


def test_what_was_altered_is_named():
    say((ANN, YES), (BOB, YES), (ANN, ALL), (BOB, ALL))
    ConsentRecord.objects.filter(number=2).update(fields={"granted": []})
    ConsentRecord.objects.filter(number=3).update(subject=BOB)
    ConsentRecord.objects.filter(number=4).update(fields=None)
    assert wrong() == [(2, "altered"), (3, "altered"), (4, "altered")]


def test_what_was_removed_is_named_by_its_number():
    say((ANN, YES), (BOB, YES), (ANN, ALL), (BOB, ALL))
    ConsentRecord.objects.filter(number__in=(1, 3)).delete()
    assert wrong() == [(1, "removed"), (3, "removed")]


def test_records_that_were_made_to_follow_another_are_broken():
    say((ANN, YES), (BOB, YES))
    ConsentRecord.objects.filter(number=1).update(chain="f" * 64)
    assert wrong() == [(1, "broken"), (2, "broken")]


def test_numbers_that_were_moved_up_do_not_hide_a_removal():
    say((ANN, YES), (BOB, YES), (ANN, ALL))
    ConsentRecord.objects.filter(number=2).delete()
    ConsentRecord.objects.filter(number=3).update(number=F("number") - 1)
    assert wrong() == [(2, "broken"), (2, "altered")]


def test_an_end_that_was_cut_off_is_found_by_the_head_that_was_kept_elsewhere():
    say((ANN, YES))
    early = head()
    say((BOB, YES), (ANN, ALL))
    late = head()
    assert (wrong(expected=early), wrong(expected=late)) == ([], [])
    ConsentRecord.objects.filter(number=3).delete()
    assert wrong() == []
    assert wrong(expected=late) == [(2, "cut_off")]
    say((ANN, []))  # another in its place
    assert wrong(expected=late) == [(3, "cut_off")]


def test_an_empty_ledger_verifies_and_has_a_head():
    assert head() == verify().head == f"0:{'0' * 64}"
    assert wrong(expected=head()) == []


def test_who_is_erased_leaves_commitments_that_still_verify():
    say((ANN, YES), (BOB, YES), (ANN, ALL))
    before = head()
    assert erase(ANN) == 2
    found = verify(expected=before)
    assert (found.records, found.erased, found.head, found.wrong) == (3, 2, before, ())
    assert list(ConsentKey.objects.values_list("subject", flat=True)) == [BOB]
    assert set(ConsentRecord.objects.exclude(number=2).values_list("subject", "fields")) == {(None, None)}
    say((ANN, YES))  # a new key, and nothing joins them to what was
    assert (verify().records, wrong()) == (4, [])


def test_a_key_that_was_destroyed_alone_is_told():
    say((ANN, YES))
    ConsentKey.objects.all().delete()
    assert wrong() == [(1, "keyless")]


def test_the_command_says_how_it_stands_and_ends_with_1_where_it_does_not(capsys):
    say((ANN, YES), (BOB, YES))
    erase(ANN)
    call_command("personalize_ledger")
    assert capsys.readouterr().out.splitlines() == ["2 records, 1 of them erased. All verify.", f"Head: {head()}"]
    kept = head()
    ConsentRecord.objects.filter(number=2).delete()
    with pytest.raises(CommandError) as failed:
        call_command("personalize_ledger", expect=kept)
    assert failed.value.returncode == 1
    assert "Record 1: The ledger does not lead to the expected head" in str(failed.value)
    with pytest.raises(CommandError, match="'abc' is no head"):
        call_command("personalize_ledger", expect="abc")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_numbered_without_a_gap_the_first_included():
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    begin, failed = threading.Barrier(8), []

    def answer():
        try:
            begin.wait()
            for _ in range(5):
                record(uuid4(), YES, [], source="test")
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert list(ConsentRecord.objects.values_list("number", flat=True)) == list(range(1, 41))
    assert wrong() == []
