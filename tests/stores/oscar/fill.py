"""What the store sells and has sold: made by numbers, so that every run has the same catalogue and the same orders."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import oscar
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.utils import timezone
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_class, get_model
from PIL import Image, ImageDraw

Category = get_model("catalogue", "Category")
Country = get_model("address", "Country")
Line = get_model("order", "Line")
Order = get_model("order", "Order")
Partner = get_model("partner", "Partner")
Product = get_model("catalogue", "Product")
ProductClass = get_model("catalogue", "ProductClass")
ProductImage = get_model("catalogue", "ProductImage")
ShippingEventType = get_model("order", "ShippingEventType")
StockRecord = get_model("partner", "StockRecord")
EventHandler = get_class("order.processing", "EventHandler")

SHELVES = {"Kitchen": ("Pots", "Bowls", "Cups"), "Garden": ("Tools", "Seeds"), "Clothing": ("Shirts",)}
PER_SHELF = 10
SIZES = ("Small", "Medium", "Large")
CUSTOMERS = 40
GUESTS = 20
ORDERS = 400
PASSWORD = "a customer's password"


def fill(*, pictures: bool = False, until: datetime | None = None) -> None:
    """Create 62 products (ten of them parents of three children each), 40 customers and 400 orders of 180 days."""
    products = catalogue(pictures=pictures)
    people = get_user_model().objects.bulk_create(
        get_user_model()(username=f"customer-{number}", email=f"customer-{number}@example.com")
        for number in range(CUSTOMERS)
    )
    history(products, people, until or timezone.now())


def customer(number: int) -> Any:
    """One of the customers, with a password by now."""
    user = get_user_model().objects.get(username=f"customer-{number}")
    user.set_password(PASSWORD)
    user.save()
    return user


def catalogue(*, pictures: bool) -> dict[str, list[Any]]:
    """Return what can be put into an order, by shelf: products of their own, and of parents the children."""
    Country.objects.create(iso_3166_1_a2="GB", printable_name="United Kingdom", name="United Kingdom",
                           is_shipping_country=True)  # fmt: skip
    goods = ProductClass.objects.create(name="Goods", track_stock=True)
    cards = ProductClass.objects.create(name="Gift card", track_stock=False, requires_shipping=False)
    partner = Partner.objects.create(name="Warehouse")
    bought: dict[str, list[Any]] = {}
    colour = 0
    for root_name, shelves in SHELVES.items():
        for shelf in shelves:
            category = create_from_breadcrumbs(f"{root_name} > {shelf}")
            bought[shelf] = []
            for number in range(PER_SHELF):
                structure = Product.PARENT if shelf == "Shirts" else Product.STANDALONE
                product = Product.objects.create(
                    structure=structure, title=f"{shelf.removesuffix('s')} no. {number}", product_class=goods,
                    upc=f"{shelf}-{number}", description=f"A {shelf.lower().removesuffix('s')} to keep.",
                )  # fmt: skip
                product.categories.add(category)
                if pictures or shelf == "Pots":
                    picture(product, colour)
                colour += 1
                if structure == Product.STANDALONE:
                    stock(partner, product, "10.00", number)
                    bought[shelf].append(product)
                    continue
                for place, size in enumerate(SIZES):
                    child = Product.objects.create(
                        structure=Product.CHILD, parent=product, title=f"{product.title}, {size.lower()}",
                        upc=f"{shelf}-{number}-{place}",
                    )  # fmt: skip
                    stock(partner, child, "15.00", number + place)
                    bought[shelf].append(child)
    kitchen = Category.objects.get(name="Kitchen")
    for number in range(2):
        card = Product.objects.create(title=f"Gift card no. {number}", product_class=cards, upc=f"card-{number}")
        card.categories.add(kitchen)
        StockRecord.objects.create(
            partner=partner, product=card, partner_sku=card.upc, price=Decimal(25 * (number + 1)), num_in_stock=None
        )
    oddities()
    StockRecord.objects.update(price_currency="GBP")
    source = Path(oscar.__file__).parent / "static" / "oscar" / "img" / "image_not_found.jpg"
    Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
    shutil.copy(source, Path(settings.MEDIA_ROOT) / settings.OSCAR_MISSING_IMAGE_URL)
    return bought


def oddities() -> None:
    """What a real catalogue has as well: sold out, hidden, without a stock record, a parent with no child left."""
    Product.objects.filter(upc__in=["Pots-9", "Tools-9", "Shirts-8-0"]).update(is_public=False)
    for upc in ("Pots-8", "Cups-8", "Shirts-9-0", "Shirts-9-1", "Shirts-9-2"):
        StockRecord.objects.filter(product__upc=upc).update(num_in_stock=0)
    StockRecord.objects.filter(product__upc="Bowls-8").update(num_in_stock=5, num_allocated=5)
    StockRecord.objects.filter(product__upc="Seeds-8").delete()


def stock(partner: Any, product: Any, price: str, number: int) -> None:
    StockRecord.objects.create(
        partner=partner, product=product, partner_sku=product.upc, price=Decimal(price) + number, num_in_stock=50
    )


def picture(product: Any, number: int) -> None:
    """A coloured jar on a light ground: enough to see whether a page is laid out well."""
    image = Image.new("RGB", (300, 300), (244, 241, 236))
    hue = (60 + 53 * number % 160, 60 + 97 * number % 160, 60 + 31 * number % 160)
    ImageDraw.Draw(image).rounded_rectangle((70, 60, 230, 260), radius=30 + number % 40, fill=hue)
    content = BytesIO()
    image.save(content, "PNG")
    ProductImage.objects.create(product=product, original=ContentFile(content.getvalue(), f"{product.upc}.png"))


def history(bought: dict[str, list[Any]], people: list[Any], until: datetime) -> None:
    """Orders of people who have a favourite shelf; some cancelled, some in part, some returned, one product gone."""
    random = np.random.default_rng(3)
    shelves = list(bought)
    orders, lines = [], []
    for number in range(ORDERS):
        person = int(random.integers(CUSTOMERS + GUESTS))
        user = people[person] if person < CUSTOMERS else None
        own = bought[shelves[person % len(shelves)]]
        other = bought[shelves[int(random.integers(len(shelves)))]]
        chosen = {own[place].pk: own[place] for place in random.permutation(len(own))[:3]}
        chosen |= {other[place].pk: other[place] for place in random.permutation(len(other))[:1]}
        order = Order(
            number=str(500_000 + number), user=user, guest_email="" if user else "guest@example.com",
            currency="GBP", status="Pending", site_id=1, total_incl_tax=0, total_excl_tax=0,
            date_placed=until - timedelta(days=180 * (1 - number / ORDERS)),
        )  # fmt: skip
        orders.append(order)
        lines += [line(order, chosen[pk], 1 + pk % 3) for pk in sorted(chosen)]
    Order.objects.bulk_create(orders)
    Line.objects.bulk_create(lines)
    for order in Order.objects.order_by("number")[10:200:10]:
        order.set_status("Cancelled")
    parts = Line.objects.filter(order__status="Pending").order_by("pk")
    for part in parts[::40]:
        part.set_status("Cancelled")
    returned = ShippingEventType.objects.create(name="Returned")
    for part in parts.filter(quantity__gt=1, status="Pending")[5::40]:
        EventHandler().handle_shipping_event(part.order, returned, [part], [part.quantity - 1])
    Product.objects.get(upc="Seeds-9").delete()


def line(order: Any, product: Any, quantity: int) -> Any:
    price = Decimal("15.00") if product.parent_id else Decimal("10.00")
    total = price * quantity
    return Line(
        order=order, product=product, title=product.get_title(), upc=product.upc, quantity=quantity, status="Pending",
        partner_name="Warehouse", partner_sku=product.upc, num_allocated=0,
        unit_price_incl_tax=price, unit_price_excl_tax=price, line_price_incl_tax=total, line_price_excl_tax=total,
        line_price_before_discounts_incl_tax=total, line_price_before_discounts_excl_tax=total,
    )  # fmt: skip
