from __future__ import annotations

from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site

from tests.small_shops.translated.models import Order, Poster, PosterTranslation, SoldPoster

POSTERS = (
    ("p-sea", "testserver", {"en": "The sea", "ru": "Море"}),  # noqa: RUF001
    ("p-wood", "testserver", {"en": "A wood", "ru": "Лес"}),
    ("p-town", "other.example", {"en": "A town"}),
)
SLUGS = {"The sea": "the-sea", "Море": "more", "A wood": "a-wood", "Лес": "les", "A town": "a-town"}  # noqa: RUF001


def seed() -> None:
    """Two posters on this site and one on another; three orders of together six pieces, one of them cancelled."""
    sites = {domain: Site.objects.create(domain=domain, name=domain) for domain in ("testserver", "other.example")}
    posters = []
    for code, domain, names in POSTERS:
        poster = Poster.objects.create(code=code, price=Decimal("19.90"), site=sites[domain])
        posters.append(poster)
        for language, name in names.items():
            PosterTranslation.objects.create(master=poster, language_code=language, name=name, slug=SLUGS[name])
    user = get_user_model().objects.create_user("member", password="pw")
    for number, bought in enumerate(((0, 0, 1), (1,), (2, 2))):
        site = posters[bought[0]].site
        order = Order.objects.create(
            number=f"{site.pk}-{number}", user=user, site=site, currency="EUR" if number < 2 else "GBP"
        )
        for place, at in enumerate(bought):
            SoldPoster.objects.create(
                order=order, poster=posters[at], price=posters[at].price, cancelled=number == 0 and place == 0
            )
