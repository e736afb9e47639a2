"""What a merchandiser of this shop might have set: three promotions and a rule, to be changed in the admin."""

from __future__ import annotations

from django.urls import reverse

from django_personalize.models import Promotion, Rule
from example_shop.shop.models import Category

RULE = "No more than three of one collection"
PROMOTIONS = (
    {
        "name": "Long evenings",
        "look": "banner",
        "priority": 3,
        "image": "personal/lights.svg",
        "about": "Candles & Lanterns",
        "for_fans": False,
        "texts": {
            "en": {"title": "Long evenings, warm light", "text": "Lanterns and candles for the dark half of the year.", "button": "See the lights"},
            "ru": {"title": "Долгие вечера, тёплый свет", "text": "Фонари и свечи для тёмной половины года.", "button": "Посмотреть"},
            "uz": {"title": "Uzun oqshomlar, iliq nur", "text": "Yilning qorongʻi yarmi uchun fonar va shamlar.", "button": "Koʻrish"},
        },
    },
    {
        "name": "Something for the kitchen",
        "look": "card",
        "priority": 0,
        "image": "personal/kitchen.svg",
        "about": "Kitchen & Baking",
        "for_fans": False,
        "texts": {
            "en": {"title": "Bake something today", "text": "Tins, moulds and mugs."},
            "ru": {"title": "Испеките что-нибудь сегодня", "text": "Формы, банки и кружки."},
            "uz": {"title": "Bugun biror narsa pishiring", "text": "Qoliplar, idishlar va krujkalar."},
        },
    },
    {
        "name": "For those who garden",
        "look": "card",
        "priority": 0,
        "image": "personal/garden.svg",
        "about": "Garden & Outdoors",
        "for_fans": True,
        "texts": {
            "en": {"title": "For your garden", "text": "Shown to those who look at garden things."},
            "ru": {"title": "Для вашего сада", "text": "Видят те, кого занимает сад."},
            "uz": {"title": "Bogʻingiz uchun", "text": "Bogʻ bilan qiziqqanlarga koʻrsatiladi."},
        },
    },
)  # fmt: skip


def prepare() -> int:
    """Make what is not there yet, by name, and return how many that was; what was changed in the admin stays so."""
    made = 0
    for told in PROMOTIONS:
        category = Category.objects.filter(name=told["about"]).first()
        link = reverse("shop:home") if category is None else category.get_absolute_url()
        values = {name: told[name] for name in ("look", "priority", "image", "texts")}
        categories = [told["about"]] if told["for_fans"] else []
        _row, new = Promotion.objects.get_or_create(
            name=told["name"], defaults={**values, "link": link, "categories": categories}
        )
        made += new
    _rule, new = Rule.objects.get_or_create(name=RULE, defaults={"kind": "cap", "per": "brand", "most": 3})
    return made + new
