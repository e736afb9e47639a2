"""What this site says of itself: that it honours Global Privacy Control."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from django_personalize.conf import settings


@require_safe
def gpc(request: HttpRequest) -> JsonResponse:
    """Belongs at `/.well-known/gpc.json`, where a browser looks for it."""
    return JsonResponse({"gpc": "gpc" in settings.SIGNALS})
