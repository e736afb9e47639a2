"""What every page of the shop shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .basket import Basket
from .models import Category

IN_MENU = 7


def shop(request: HttpRequest) -> dict[str, Any]:
    """The categories cost one query, and only pages that list them; the basket's count costs none."""
    categories = SimpleLazyObject(lambda: list(Category.objects.all()))
    return {
        "categories": categories,
        "categories_in_menu": IN_MENU,
        "basket_count": SimpleLazyObject(lambda: Basket(request.session).count() if hasattr(request, "session") else 0),
    }
