from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from django_personalize.core import clock
from django_personalize.testing.override import override_personalize
from tests.attribution.world import HOUR, bought, clicked, shopper, shown

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sold(memory_shop, frozen):
    frozen(timedelta(minutes=30))
    me = shopper()
    clicked(me, shown(me, "1"), "1", at=clock.now() - HOUR)
    bought("A", "1")
    bought("B", "2")


def said(**options):
    out = StringIO()
    call_command("personalize_attribute", stdout=out, **options)
    return out.getvalue().splitlines()


def test_it_says_what_it_looked_at_and_what_changed():
    assert said() == ["Orders read: 2", "2 orders looked at, 1 line of them credited: 1 credit written, 0 removed."]
    assert said() == ["Orders read: 2", "2 orders looked at, 1 line of them credited. All was there already."]
    assert said(rebuild=True)[-1] == "2 orders looked at, 1 line of them credited. All was there already."


class Strange:
    def weights(self, touches):
        return [-1.0 for _ in touches]


def test_a_rule_that_gives_no_weights_is_told_in_words():
    with override_personalize(ATTRIBUTION=f"{__name__}.Strange"), pytest.raises(CommandError, match="gave the weights"):
        said()
