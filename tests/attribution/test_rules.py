import pytest

from django_personalize.attribution.rules import LastClick, Linear
from django_personalize.testing.contracts import AttributionContract, touch


class TestLastClick(AttributionContract):
    @pytest.fixture
    def rule(self):
        return LastClick()


class TestLinear(AttributionContract):
    @pytest.fixture
    def rule(self):
        return Linear()


def test_the_last_click_earns_it_all():
    assert LastClick().weights([touch(1), touch(2), touch(3)]) == [0.0, 0.0, 1.0]


def test_every_click_earns_as_much():
    assert Linear().weights([touch(1), touch(2), touch(3)]) == [1.0, 1.0, 1.0]
