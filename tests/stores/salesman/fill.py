"""Stock and orders for the store: deterministic, made in a second. Some orders are unpaid, cancelled or given back."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from salesman.core.utils import get_salesman_model

from tests.stores.salesman.shop.models import Accessory, Category, Phone, PhoneVariant

Order, OrderItem, OrderPayment = map(get_salesman_model, ("Order", "OrderItem", "OrderPayment"))

UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)
TASTES = ("Office", "Outdoor", "Music", "Photo")
COLORS = ("black", "silver", "gold")
PHONES, ACCESSORIES = 4, 6
"""Of each taste."""
CUSTOMERS, ORDERS = 40, 320
STATUSES = ("COMPLETED",) * 12 + ("SHIPPED", "PROCESSING", "REFUNDED", "HOLD", "FAILED", "CANCELLED", "NEW", "CREATED")
PAID = ("COMPLETED", "SHIPPED", "PROCESSING", "REFUNDED")


def stock() -> None:
    """Four phones in three colours and six accessories of each taste; one phone is hidden, one colour sold out."""
    for taste_number, taste in enumerate(TASTES):
        category = Category.objects.create(name=taste)
        for number in range(PHONES):
            phone = Phone.objects.create(
                name=f"{taste} phone {number}",
                slug=f"{taste}-phone-{number}".lower(),
                brand=("Nokia", "Fairphone")[number % 2],
                category=category,
                base_price=Decimal(100 + 10 * number),
                created=UNTIL - timedelta(days=100 - 10 * taste_number - number),
            )
            for color in COLORS:
                PhoneVariant.objects.create(phone=phone, color=color, price=120 if color == "gold" else None)
        for number in range(ACCESSORIES):
            Accessory.objects.create(
                name=f"{taste} case {number}",
                code=f"{taste[:2].upper()}{number}",
                price=Decimal("9.50") + number,
                category=category,
                image=f"https://pictures.example/{taste.lower()}-{number}.jpg" if number else "",
                created=UNTIL - timedelta(days=90 - 10 * taste_number - number),
            )
    Phone.objects.filter(slug="photo-phone-3").update(is_active=False)
    PhoneVariant.objects.filter(phone__slug="photo-phone-2").update(stock=0)
    PhoneVariant.objects.filter(phone__slug="office-phone-0", color="gold").update(stock=0)


def orders(*, seed: int = 5) -> None:
    """Orders of half a year; customer n likes taste n modulo four, and every tenth buyer is a guest."""
    chance = random.Random(seed)
    users = User.objects.bulk_create(User(username=f"customer-{n}", password="!") for n in range(CUSTOMERS))
    phones = {taste: list(PhoneVariant.objects.filter(phone__category__name=taste)) for taste in TASTES}
    cases = {taste: list(Accessory.objects.filter(category__name=taste)) for taste in TASTES}
    types = ContentType.objects.get_for_models(PhoneVariant, Accessory)
    made, items, payments = [], [], []
    for number in range(ORDERS):
        customer = chance.randrange(CUSTOMERS)
        placed = UNTIL - timedelta(days=180 * (1 - number / ORDERS))
        status = STATUSES[number % len(STATUSES)]
        order = Order(ref=f"2026-{number + 1:05d}", status=status, user=None if number % 10 == 0 else users[customer])
        made.append((order, placed))
        if status == "NEW":
            continue  # salesman makes the number first, and the lines when the payment arrives
        taste = TASTES[customer % len(TASTES)]
        things = [chance.choice(phones[taste]), *chance.sample(cases[taste], 2), chance.choice(cases["Music"])]
        for thing in dict.fromkeys(things):
            price, quantity = (thing.price or thing.phone.base_price), chance.choice((1, 1, 2))
            items.append(
                OrderItem(
                    order=order,
                    product_type=thing._meta.label,
                    product_content_type=types[type(thing)],
                    product_id=thing.pk,
                    unit_price=price,
                    subtotal=price * quantity,
                    total=price * quantity,
                    quantity=quantity,
                )
            )
        if status in PAID or (status == "CANCELLED" and number % 3 == 0):
            payments.append(OrderPayment(order=order, amount=Decimal(1), transaction_id=f"T{number}"))
    Order.objects.bulk_create(order for order, _ in made)
    for order, placed in made:
        order.date_created = order.date_updated = placed
    Order.objects.bulk_update([order for order, _ in made], ["date_created", "date_updated"])
    OrderItem.objects.bulk_create(items)
    OrderPayment.objects.bulk_create(payments)
