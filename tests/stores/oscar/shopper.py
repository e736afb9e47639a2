"""What people do in the store, through oscar's own pages, and what is recorded of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from oscar.core.loading import get_model

from django_personalize.models import Event
from tests.stores.oscar.fill import PASSWORD, customer

ADDRESS = {
    "first_name": "Ada", "last_name": "Byron", "line1": "12 St James's Square", "line4": "London",
    "postcode": "SW1Y 4JH", "country": "GB",
}  # fmt: skip


class Shopper:
    """One browser. Every page must answer; redirects are followed, as browsers do."""

    def __init__(self) -> None:
        self.client = Client()
        self.before = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def get(self, url: str, **query: Any) -> Any:
        return self._answered(self.client.get(url, query, follow=True))

    def post(self, url: str, **fields: Any) -> Any:
        return self._answered(self.client.post(url, fields, follow=True))

    @staticmethod
    def _answered(response: Any) -> Any:
        assert response.status_code == 200, (response.status_code, response.content[:2_000])
        return response

    def says(self, answer: str) -> None:
        self.post(f"/cookies/{answer}/", cookie_groups=["personalization", "analytics"])

    def looks_at(self, product: Any) -> Any:
        return self.get(product.get_absolute_url())

    def searches(self, term: str) -> Any:
        return self.get(reverse("search:search"), q=term)

    def adds(self, product: Any, quantity: int = 1, child: Any = None) -> Any:
        """Press the button on the product's page; on a parent's, with the variant that was chosen there."""
        chosen = {} if child is None else {"child_id": child.pk}
        return self.post(reverse("basket:add", kwargs={"pk": product.pk}), quantity=quantity, **chosen)

    def changes(self, product: Any, quantity: int | None) -> Any:
        """Set the quantity of a line on the basket's page; None ticks its box to have it removed."""
        page = self.get(reverse("basket:summary"))
        fields: dict[str, Any] = {}
        for name, value in page.context["formset"].management_form.initial.items():
            fields[f"form-{name}"] = value
        for number, form in enumerate(page.context["formset"].forms):
            line = form.instance
            fields |= {f"form-{number}-id": line.pk, f"form-{number}-quantity": line.quantity}
            if line.product_id == product.pk:
                fields |= {f"form-{number}-DELETE": "on"} if quantity is None else {f"form-{number}-quantity": quantity}
        return self.post(reverse("basket:summary"), **fields)

    def logs_in(self, number: int) -> Any:
        user = customer(number)
        fields = {"login-username": user.email, "login-password": PASSWORD, "login_submit": "Log In"}
        return self.post(reverse("customer:login"), **fields)

    def checks_out(self, *, guest: str = "") -> str:
        """Go through oscar's checkout as it comes, and return the number of the order."""
        self.goes_to_the_checkout(guest=guest)
        return str(self.places_the_order().context["order"].number)

    def goes_to_the_checkout(self, *, guest: str = "") -> None:
        if guest:
            self.post(reverse("checkout:index"), username=guest, options="anonymous")
        else:
            self.get(reverse("checkout:index"))
        self.post(reverse("checkout:shipping-address"), **ADDRESS)

    def places_the_order(self) -> Any:
        return self.post(reverse("checkout:preview"), action="place_order")

    def recorded(self) -> list[tuple[Any, ...]]:
        """Return what was recorded since: (kind, item, variant, quantity, or the term and the count of a search)."""
        return [told(event) for event in Event.objects.filter(pk__gt=self.before).order_by("pk")]


def told(event: Event) -> tuple[Any, ...]:
    if event.kind == "search":
        return event.kind, event.search_term, event.results
    if event.kind == "login":
        return (event.kind,)
    upcs = dict(get_model("catalogue", "Product").objects.values_list("pk", "upc"))
    item = upcs[int(event.item_key)]
    variant = upcs[int(event.item_variant)] if event.item_variant else ""
    return (event.kind, item, variant) if event.quantity is None else (event.kind, item, variant, event.quantity)


class Staff(Shopper):
    """Somebody of the shop's own, at work in oscar's dashboard."""

    def __init__(self) -> None:
        super().__init__()
        self.client.force_login(
            get_user_model().objects.create_superuser("staff", "staff@example.com"),
            backend="oscar.apps.customer.auth_backends.EmailBackend",
        )

    def cancels(self, number: str) -> Any:
        page = reverse("dashboard:order-detail", kwargs={"number": number})
        return self.post(page, order_action="change_order_status", new_status="Cancelled")

    def returns(self, number: str, line: Any, quantity: int) -> Any:
        return self._acts_on(number, line, "create_shipping_event", quantity, shipping_event_type="returned")

    def cancels_line(self, number: str, line: Any) -> Any:
        return self._acts_on(number, line, "change_line_statuses", line.quantity, new_status="Cancelled")

    def _acts_on(self, number: str, line: Any, action: str, quantity: int, **more: Any) -> Any:
        page = reverse("dashboard:order-detail", kwargs={"number": number})
        chosen = {"selected_line": line.pk, f"selected_line_qty_{line.pk}": quantity, "reference": ""}
        return self.post(page, line_action=action, **chosen, **more)
