"""The shop, made personal. Everything that was added to the plain shop is in this file, in `urls_personal.py`, and in
the few templates under `personal/`."""

import os

from django.db.models import Q
from django.db.models.functions import Coalesce

from example_shop.plain import *  # noqa: F403

# --- personalisation: begin ---------------------------------------------------------------------------------------
INSTALLED_APPS = [*INSTALLED_APPS, "cookie_consent", "django_personalize"]  # noqa: F405
MIDDLEWARE = [*MIDDLEWARE, "django_personalize.middleware.PersonalizeMiddleware"]  # noqa: F405
PERSONALIZE = {
    "PRODUCT": {
        "model": "shop.Product",
        "title": "name",
        "price": "price",
        "list_price": "was_price",
        "currency": "GBP",
        "image": "picture_url",
        "category": "category__name",
        "category_url": "category__get_absolute_url",
        "brand": "collection__name",
        "created": "created",
        "stock": "stock",
        "visible": Q(is_visible=True),
        "in_stock": Q(stock__gt=0),
    },
    "ORDER_LINES": {
        "model": "shop.OrderLine",
        "item": "product_id",
        "order": "order__number",
        "date": "order__placed_at",
        "qty": "quantity",
        "price": "unit_price",
        "list_price": "list_price",
        "currency": "GBP",
        "user": "order__user_id",
        "placed": Q(),
        "cancelled": Q(order__status="cancelled"),
        "cancelled_qty": "returned_quantity",
        "cancelled_at": Coalesce("returned_at", "order__cancelled_at"),
    },
    "CART": {"session": "basket"},
}
# --- personalisation: end -----------------------------------------------------------------------------------------

# The demo alone is in a hurry.
PERSONALIZE["TRAINERS"] = ["example_shop.demo.trainer.QuickLightFM"]
ROOT_URLCONF = "example_shop.urls_personal"
PERSONAL = BASE_DIR / "example_shop" / "personal"  # noqa: F405
TEMPLATES = [{**TEMPLATES[0], "DIRS": [PERSONAL / "templates", *TEMPLATES[0]["DIRS"]]}]  # noqa: F405
STATICFILES_DIRS = [PERSONAL / "static"]
INSTALLED_APPS += ["example_shop.demo"]
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "memory://")
