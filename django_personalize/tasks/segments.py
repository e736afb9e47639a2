"""What finds anew every night who is in which segment. It trains nothing, so that any process may enqueue it."""

from __future__ import annotations

from celery import shared_task

from django_personalize.core import clock
from django_personalize.segments.membership import census, refresh


@shared_task(name="personalize.segments", ignore_result=False)
def segments() -> dict[str, int]:
    """Refresh all memberships as of now; return how many began, stayed and ended, of how many people."""
    taken = census(clock.now())
    changes = refresh(taken)
    return {
        "people": len(taken.features),
        "began": changes.began.total(),
        "stayed": changes.stayed.total(),
        "ended": changes.ended.total(),
    }
