"""For this visit only: the answer that a shopper gives by a button of the banner."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from django_personalize.conf import settings
from django_personalize.visitors import session_tier


@csrf_protect
@require_POST
def visit(request: HttpRequest) -> HttpResponse:
    """Remember what is looked at from now on until the browser is closed, and go back to the page at `next`.

    Changes nothing for a browser that has answered the banner: that answer stands until it is changed there.
    """
    if not settings.SESSION_TIER:
        raise Http404('PERSONALIZE["SESSION_TIER"] is off.')
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(target if safe else get_script_prefix())
    add_never_cache_headers(response)
    if session_tier.may_be_chosen(request):
        session_tier.write(request, response, session_tier.seen(request) or ())
    return response
