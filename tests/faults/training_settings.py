"""For processes that train while they are killed: a trainer that counts its fits."""

from tests.served_settings import *  # noqa: F403

PERSONALIZE["TRAINERS"] = ["tests.faults.training.Counting"]  # noqa: F405
