"""What another shop says that its people answered, and the proof of it."""

import pytest

from django_personalize.api.people import browsers_of, settle
from django_personalize.consent.ledger import verify
from django_personalize.core.types import Purpose
from django_personalize.events.counts import keep
from django_personalize.models import ConsentRecord, DailyCount, Visitor

pytestmark = pytest.mark.django_db
YES, BOTH = {Purpose.ANALYTICS}, {Purpose.ANALYTICS, Purpose.PERSONALIZATION}


def proven():
    assert verify().wrong == ()
    return [(row.fields["granted"], row.fields["refused"]) for row in ConsentRecord.objects.all()]


def test_every_change_of_an_answer_is_on_record_under_our_id_of_the_browser_and_a_repeated_one_is_not():
    for granted, refused in ((YES, False), (YES, False), (BOTH, False), (set(), False), (BOTH, False), (set(), True)):
        settle("5f0c6a", "", granted, refused=refused)
    assert proven() == [
        (["analytics"], []),
        (["analytics", "personalization"], []),
        ([], []),
        (["analytics", "personalization"], []),
        ([], ["analytics", "personalization"]),
    ]
    assert set(ConsentRecord.objects.values_list("subject", flat=True)) == {browsers_of("5f0c6a")[0]}
    assert set(ConsentRecord.objects.values_list("fields__source", "fields__text")) == {("api", "")}
    assert not Visitor.objects.exists()


def test_a_no_of_somebody_of_whom_nothing_is_kept_is_nothing():
    for _ in range(2):
        assert settle("5f0c6a", "", set(), refused=True) is None
    keep()
    assert (ConsentRecord.objects.count(), DailyCount.objects.count(), Visitor.objects.count()) == (0, 0, 0)


def test_another_account_in_the_same_browser_is_no_other_answer():
    settle("5f0c6a", "", YES, refused=False)
    settle("5f0c6a", "7", YES, refused=False)
    settle("5f0c6a", "8", YES, refused=False)
    assert len(proven()) == 1
