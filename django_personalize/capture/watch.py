"""Listening to the shop's own signals. Receivers make no query, raise nothing, and do nothing outside a request."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.signals import setting_changed
from django.db.models.signals import m2m_changed, post_delete, post_save

from django_personalize.capture.visit import current
from django_personalize.conf import settings
from django_personalize.core.types import Watched

logger = logging.getLogger("django_personalize.capture")
_SIGNALS = (post_save, post_delete)
_watched: dict[Any, Watched] = {}


def connect() -> None:
    """Listen to the models that the shop's adapter names, and to no others: a listener to deletions costs its model
    the quick way of deleting.

    A mapping that cannot be used names none; a system check says what is wrong with it.
    """
    for model in _watched:
        for signal in _SIGNALS:
            signal.disconnect(_row_changed, sender=model, dispatch_uid=_uid(model))
        m2m_changed.disconnect(_relation_changed, dispatch_uid=_uid(model))
    _watched.clear()
    try:
        _watched.update({each.model: each for each in settings.shop.watched()})
    except Exception as error:
        logger.debug("nothing_watched: %s", error)
        return
    for model in _watched:
        for signal in _SIGNALS:
            signal.connect(_row_changed, sender=model, dispatch_uid=_uid(model), weak=False)
        for field in model._meta.local_many_to_many:
            m2m_changed.connect(
                _relation_changed, sender=getattr(model, field.name).through, dispatch_uid=_uid(model), weak=False
            )


def _uid(model: Any) -> str:
    return f"django_personalize.watch.{model._meta.label}"


def _row_changed(sender: Any, instance: Any, created: bool = False, raw: bool = False, **kwargs: Any) -> None:
    visit = current()
    watched = _watched.get(sender)
    if visit is None or watched is None or raw:
        return
    if watched.cart:
        visit.cart_touched = True
    if watched.refer is None:
        return
    try:
        reference = watched.refer(instance, created)
    except Exception:
        logger.exception("order_not_noted", extra={"model": sender._meta.label})
        return
    if reference is not None:
        visit.refer(reference)


def _relation_changed(sender: Any, instance: Any, action: str, **kwargs: Any) -> None:
    if action.startswith("post_"):
        _row_changed(type(instance), instance)


def _account_changed(sender: Any, signal: Any, **kwargs: Any) -> None:
    visit = current()
    if visit is not None:
        visit.account_changed = True
        visit.logged_in = signal is user_logged_in


def _setting_changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "PERSONALIZE":
        connect()


user_logged_in.connect(_account_changed, dispatch_uid="django_personalize.logged_in")
user_logged_out.connect(_account_changed, dispatch_uid="django_personalize.logged_out")
setting_changed.connect(_setting_changed, dispatch_uid="django_personalize.watch")
