"""What this package raises. Each message says what was found, where, what was wanted and what to do."""

from __future__ import annotations


class PersonalizeError(Exception):
    """The root of everything that this package raises on purpose."""


class ConfigurationError(PersonalizeError):
    """The `PERSONALIZE` setting cannot be used as it stands."""


class ShopError(PersonalizeError):
    """The shop's tables gave something that the mapping does not allow."""


class ArtifactError(PersonalizeError):
    """A published model is missing, torn or altered."""


class NotEnoughData(PersonalizeError):
    """There is too little to learn from; the rung below keeps serving."""


class TrainerUnavailable(PersonalizeError):
    """A trainer's outside package is not installed; the message holds the line to paste."""


class TrainingRunning(PersonalizeError):
    """Another process is training at this moment."""


class AccountsMissing(PersonalizeError):
    """So many accounts are missing at once that the user table is not believed; nobody was erased."""


class SpoolFull(PersonalizeError):
    """More waits to be stored than the setting allows; nothing was taken. Say so, and have it sent again later."""


class NothingNew(PersonalizeError):
    """There is nothing that the live model does not know already; it stays as it is."""
