"""What a merchandiser of this shop might have set: three promotions and a rule, to be changed in the admin."""

from __future__ import annotations

import json
from pathlib import Path

from django.urls import reverse

from django_personalize.models import Promotion, Rule
from example_shop.shop.models import Category

RULE = "No more than three of one collection"
PROMOTIONS = json.loads(Path(__file__).with_name("promotions.json").read_text())


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
