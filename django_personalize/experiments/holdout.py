"""The control group: a share of the shoppers whose pages no history changes, so that one can see what histories do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from django_personalize.conf import settings
from django_personalize.core import clock
from django_personalize.core.memo import once
from django_personalize.core.types import History, Purpose
from django_personalize.experiments.assignment import is_below
from django_personalize.models import Visitor
from django_personalize.visitors.resolve import permitted
from django_personalize.visitors.unit import unit_of


@dataclass(frozen=True, slots=True)
class Arm:
    """What a decision writes of the draw."""

    experiment: str
    variant: str
    held: bool | None


NOT_DRAWN = Arm("", "", None)
CONTROL = Arm("holdout", "control", True)
TREATED = Arm("holdout", "treated", False)


def draw(visitor: Visitor, at: datetime) -> Arm:
    """Return the arm of this visitor at that time; each year draws another share, so that nobody is in it for ever."""
    if not settings.HOLDOUT:
        return NOT_DRAWN
    return CONTROL if is_below(settings.HOLDOUT, f"holdout:{at.year}", unit_of(visitor)) else TREATED


def arm_of(request: HttpRequest, visitor: Visitor | None) -> Arm:
    """Return the arm of whoever is here, the same all through a request.

    Only somebody who says yes to `analytics` is drawn: nobody else's decisions may be counted.
    """
    if visitor is None or Purpose.ANALYTICS not in permitted(request):
        return NOT_DRAWN
    return once(request, "arm", lambda: draw(visitor, clock.now()))


def held_out(request: HttpRequest, visitor: Visitor | None, history: History) -> History:
    """Return what of a history may have a say: nothing of the control group's.

    What they asked not to be shown stays away all the same: that is a wish, and no personalisation of ours.
    """
    return History(dismissed=history.dismissed) if arm_of(request, visitor).held else history
