"""The shop's back office."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .checkout import NotCancellable, cancel
from .models import Category, Collection, DataLoad, Order, OrderLine, Product

if TYPE_CHECKING:  # generic for the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

admin.site.site_header = "Thimble & Thistle"
admin.site.site_title = "Thimble & Thistle"
admin.site.index_title = "Back office"


class StockFilter(admin.SimpleListFilter):
    title = _("stock")
    parameter_name = "stock_level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("out", _("sold out")), ("low", _("5 or fewer")), ("in", _("more than 5"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        levels = {"out": Q(stock=0), "low": Q(stock__range=(1, 5)), "in": Q(stock__gt=5)}
        return queryset.filter(levels.get(self.value() or "", Q()))


class ReducedFilter(admin.SimpleListFilter):
    title = _("price")
    parameter_name = "reduced"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("reduced"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return queryset.filter(was_price__gt=F("price")) if self.value() == "yes" else queryset


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ("name", "position")
    list_editable = ("position",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Collection)
class CollectionAdmin(ModelAdmin):
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    list_display = ("picture", "name", "code", "category", "collection", "price", "was_price", "stock", "is_visible")
    list_display_links = ("picture", "name")
    list_filter = ("is_visible", StockFilter, ReducedFilter, "category")
    list_select_related = ("category", "collection")
    list_per_page = 50
    search_fields = ("name", "code", "collection__name")
    autocomplete_fields = ("category", "collection")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("times_ordered",)
    date_hierarchy = "created"

    @admin.display(description="")
    def picture(self, product: Product) -> SafeString:
        return format_html('<img src="{}" alt="" width="44" height="44" loading="lazy">', product.picture_url)


class OrderLineInline(TabularInline):
    """What was ordered stays as it was; only what came back is noted."""

    model = OrderLine
    readonly_fields = ("product", "quantity", "unit_price", "list_price", "returned_at")
    fields = ("product", "quantity", "unit_price", "list_price", "returned_quantity", "returned_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return super().get_queryset(request).select_related("product")


@admin.register(Order)
class OrderAdmin(ModelAdmin):
    """Orders are placed in the shop, and their status is changed by actions only, so that stock is always right."""

    list_display = ("number", "placed_at", "email", "status", "country", "pieces", "amount")
    list_filter = ("status", "placed_at", "is_loaded")
    list_per_page = 50
    search_fields = ("number", "email", "name")
    autocomplete_fields = ("user",)
    readonly_fields = ("number", "status", "placed_at", "cancelled_at", "is_loaded")
    date_hierarchy = "placed_at"
    show_full_result_count = False
    inlines = (OrderLineInline,)
    actions = ("cancel_orders", "mark_shipped", "mark_delivered")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("user").prefetch_related("lines")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A return is dated when it is noted."""
        for line_form in formset.forms:
            if "returned_quantity" in line_form.changed_data:
                line_form.instance.returned_at = timezone.now() if line_form.instance.returned_quantity else None
        super().save_formset(request, form, formset, change)

    @admin.display(description=_("pieces"))
    def pieces(self, order: Order) -> int:
        return sum(line.quantity for line in order.lines.all())

    @admin.display(description=_("amount"))
    def amount(self, order: Order) -> str:
        return f"£{sum(line.amount for line in order.lines.all()):,.2f}"

    @admin.action(description=_("Cancel, and put the stock back"), permissions=["change"])
    def cancel_orders(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        done = 0
        for order in queryset:
            try:
                cancel(order)
            except NotCancellable:
                self.message_user(request, _("%s was sent or cancelled before.") % order.number, messages.WARNING)
            else:
                done += 1
        self.message_user(request, _("%d orders cancelled.") % done)

    @admin.action(description=_("Mark as shipped"), permissions=["change"])
    def mark_shipped(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._advance(request, queryset, Order.Status.PLACED, Order.Status.SHIPPED)

    @admin.action(description=_("Mark as delivered"), permissions=["change"])
    def mark_delivered(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._advance(request, queryset, Order.Status.SHIPPED, Order.Status.DELIVERED)

    def _advance(
        self, request: HttpRequest, queryset: QuerySet[Order], before: Order.Status, after: Order.Status
    ) -> None:
        """Saved one by one, so that whoever listens for saved orders hears of each."""
        orders = list(queryset.filter(status=before))
        for order in orders:
            order.status = after
            order.save(update_fields=["status"])
        self.message_user(
            request,
            _("%(count)d orders are now %(status)s.") % {"count": len(orders), "status": after.label.lower()},
        )


@admin.register(DataLoad)
class DataLoadAdmin(ModelAdmin):
    list_display = ("loaded_at", "last_order_at", "weeks")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: DataLoad | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DataLoad | None = None) -> bool:
        return False
