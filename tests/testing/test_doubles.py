import pytest

from django_personalize.core.types import ConsentState, Purpose
from django_personalize.testing.contracts import TrainerContract
from django_personalize.testing.doubles import SingularTrainer, StaticConsent


class TestSingularTrainer(TrainerContract):
    @pytest.fixture
    def trainer(self):
        return SingularTrainer()


def test_nothing_is_granted_until_a_test_says_so():
    assert StaticConsent().states(None) == dict.fromkeys(Purpose, ConsentState.UNKNOWN)
