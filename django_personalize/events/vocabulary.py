"""The words for what happens: GA4's events, spelt as there. `dismiss` alone is our own."""

from __future__ import annotations

VIEW_ITEM = "view_item"
VIEW_ITEM_LIST = "view_item_list"
SELECT_ITEM = "select_item"
ADD_TO_WISHLIST = "add_to_wishlist"
ADD_TO_CART = "add_to_cart"
REMOVE_FROM_CART = "remove_from_cart"
VIEW_CART = "view_cart"
BEGIN_CHECKOUT = "begin_checkout"
PURCHASE = "purchase"
REFUND = "refund"
SEARCH = "search"
VIEW_PROMOTION = "view_promotion"
SELECT_PROMOTION = "select_promotion"
LOGIN = "login"
USER_ENGAGEMENT = "user_engagement"
DISMISS = "dismiss"
REFUSAL = "refusal"
"""Only ever counted: a no of somebody who is nobody to us, and no event."""

ORDER_KINDS = (PURCHASE, REFUND)
CART_KINDS = (ADD_TO_CART, REMOVE_FROM_CART)
ITEM_KINDS = frozenset({VIEW_ITEM, SELECT_ITEM, ADD_TO_WISHLIST, ADD_TO_CART, REMOVE_FROM_CART, DISMISS})
"""Each names exactly one item."""
PROMOTION_KINDS = frozenset({VIEW_PROMOTION, SELECT_PROMOTION})
PROMOTION_BLOCK = "promotion:"
"""How a decision calls the block of a promotion: this, and its id."""
KINDS = ITEM_KINDS | {
    VIEW_ITEM_LIST,
    VIEW_CART,
    BEGIN_CHECKOUT,
    PURCHASE,
    REFUND,
    SEARCH,
    VIEW_PROMOTION,
    SELECT_PROMOTION,
    LOGIN,
    USER_ENGAGEMENT,
}
CLAIMABLE = KINDS - {PURCHASE, REFUND, LOGIN}
"""What a page may tell: what is money or identity is read from the shop itself."""
NOT_INTERESTED = "not_interested"
HAVE_IT = "have_it"
WAS_A_GIFT = "was_a_gift"
DISMISS_REASONS = frozenset({NOT_INTERESTED, HAVE_IT, WAS_A_GIFT})
