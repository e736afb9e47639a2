from __future__ import annotations

from datetime import date

from tests.small_shops.composite.models import Article, Order, OrderPosition

ARTICLES = (("ACME", 7, "Hammer", "12.40"), ("ACME", 8, "Nails, 1 kg", "on request"), ("B, 100%", 7, "Saw", "29.00"))


def seed() -> None:
    """Three articles, one without a price; one order that counts, with a line of an article long gone, and two more."""
    for supplier, number, label, price in ARTICLES:
        Article.objects.create(supplier=supplier, number=number, label=label, price=price)
    for number, order_state in enumerate("FSO"):
        order = Order.objects.create(customer=f"C{number}", date=date(2026, 3, 1 + number), state=order_state)
        for supplier, article, _, price in ARTICLES[: 3 - number]:
            OrderPosition.objects.create(order=order, supplier=supplier, number=article, pieces=2, price=price)
        if number == 0:
            OrderPosition.objects.create(order=order, supplier=None, number=None, pieces=1, price="5.00")
