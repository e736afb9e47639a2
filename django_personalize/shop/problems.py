"""What can be wrong with what a shop gives, each by name: counted, shown, never dropped in silence."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PRODUCT_GONE = "product_gone"
NO_ORDER = "line_without_order"
NO_DATE = "line_without_date"
NO_QUANTITY = "line_without_quantity"
KEY_TOO_LONG = "key_too_long"
RETURN_OUT_OF_RANGE = "returned_quantity_out_of_range"
PRICE_NOT_A_NUMBER = "price_not_a_number"
CART_SHAPE = "cart_of_unknown_shape"
CART_UNKNOWN_ITEM = "cart_names_no_item"
ACCOUNTS_MISSING = "accounts_missing"

PROBLEMS: dict[str, str | Promise] = {
    PRODUCT_GONE: _("An order line whose product is no longer there. It counts in what was sold, and teaches nothing."),
    NO_ORDER: _("An order line that belongs to no order. Left out; see order in ORDER_LINES."),
    NO_DATE: _("An order line without a date. Left out; see date in ORDER_LINES."),
    NO_QUANTITY: _("An order line of no piece, or fewer. Left out; see qty in ORDER_LINES."),
    RETURN_OUT_OF_RANGE: _("More pieces came back than were bought, or fewer than none. Taken as all, or as none."),
    KEY_TOO_LONG: _("A key of more than 64 characters. Left out."),
    PRICE_NOT_A_NUMBER: _("A price that is no number. Taken as unknown."),
    CART_SHAPE: _("A cart of a shape that the mapping does not describe. Nothing was read of it; see CART."),
    ACCOUNTS_MISSING: _(
        "So many accounts are missing at once that nobody was erased. If the shop has deleted them, run "
        "personalize_purge --accounts-deleted."
    ),
    CART_UNKNOWN_ITEM: _("A cart that holds something which is no product. Left out of the cart; see CART."),
}
