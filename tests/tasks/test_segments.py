from datetime import timedelta

import pytest

from django_personalize.conf import settings as ours
from django_personalize.core import clock
from django_personalize.models import Membership
from django_personalize.tasks.segments import segments
from tests.people import visitor
from tests.privacy.canaries import told


@pytest.mark.django_db
def test_it_finds_who_is_in_which_segment_as_of_now_and_says_how_many(memory_shop, frozen):
    me = visitor("personalization", user_key="7")
    ours.sink.write([told(me.pk, kind="add_to_cart")])
    assert segments() == {"people": 1, "began": 0, "stayed": 0, "ended": 0}
    frozen(timedelta(days=2))
    assert segments() == {"people": 1, "began": 1, "stayed": 0, "ended": 0}
    assert list(Membership.objects.values_list("visitor", "segment", "since")) == [
        (me.pk, "basket-abandoners", clock.now())
    ]
    frozen(timedelta(days=30))
    assert segments() == {"people": 1, "began": 0, "stayed": 0, "ended": 1}
