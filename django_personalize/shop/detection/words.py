"""The words that shops use in the names of their models, fields and states. Names only suggest; structure decides."""

from __future__ import annotations

import re
from collections.abc import Iterable


def names(text: str) -> tuple[str, ...]:
    """Return the names in the order of preference."""
    return tuple(text.split())


def some(text: str) -> frozenset[str]:
    return frozenset(text.split())


PRODUCT = some(
    "album article book clothe course dish film game garment good item listing mahsulot meal merchandise movie "
    "phone plant product shoe ticket tovar wine"
)
VARIANT = some("child color colour edition offer option packaging size sku variant variation version")
NOT_VARIANTS = some("attribute batch image inventory price record stock")
"""Where a line also leads to the product itself, these are how it is kept, not which one it is."""
ORDER = some("booking bought buyurtma checkout invoice order purchase receipt sale sold transaction zakaz")
LINE = some("content detail entry item line position product row")
CART = some("bag basket cart korzina savat trolley")
NOT_LINES = some(
    "alert archive archived attribute audit backup bookmark campaign cancellation comment compare comparison "
    "coupon delivery discount event exchange favorite favourite feedback fulfillment fulfilment historical "
    "history image inventory like log media message movement note notification parcel price promotion question "
    "quotation quote rating recommendation refund related report return returned review rma saved score search "
    "shipment shipping snapshot stat statistic stock subscription supplier tax translation vendor version view "
    "viewed visit voucher watchlist wish wishlist"
)
"""Tables that name products and are not what was sold."""
NOT_PRODUCTS = some(
    "address artist attribute author basket brand cart categorie category class collection country coupon "
    "currency customer department discount genre group image language manufacturer order page partner payment "
    "profile publisher section seller serie series shipping shop site store supplier tag tax type user vendor "
    "warehouse"
)
TITLE = names("name title product_name item_name full_name label heading caption")
PRICE = names(
    "price current_price selling_price sell_price unit_price price_incl_tax price_gross price_excl_tax price_net "
    "retail_price regular_price base_price amount cost"
)
LINE_PRICE = names(
    "unit_price price price_each product_price item_price unit_price_incl_tax unit_price_gross price_per_unit "
    "price_paid sold_price sale_price unit_cost rate amount cost"
)
LINE_TOTAL = names("line_total total_price total subtotal sub_total line_price total_amount line_amount")
LIST_PRICE = names(
    "list_price was_price old_price original_price compare_at_price compare_price regular_price previous_price "
    "compare_at full_price rrp msrp mrp price_before_discount earlier_price"
)
PRICE_NOW = names("discount_price discounted_price sale_price special_price offer_price promo_price")
"""Often empty, and instead of the price where it is not: neither of the two alone is what an item costs."""
PRICE_METHODS = names("get_price current_price final_price get_final_price selling_price get_current_price price_now")
QUANTITY = names("quantity qty count amount units pieces number num how_many")
RETURNED = names(
    "returned_quantity quantity_returned returned_qty refunded_quantity quantity_refunded cancelled_quantity "
    "canceled_quantity quantity_cancelled quantity_canceled cancelled_qty refunded_qty qty_returned qty_refunded "
    "qty_cancelled quantity_returned_total num_returned"
)
CANCELLED_AT = names(
    "returned_at refunded_at cancelled_at canceled_at date_cancelled cancelled_date cancelled_on refund_date "
    "returned_on date_returned date_refunded"
)
PLACED_AT = names(
    "placed_at date_placed placed_on placed ordered_at ordered_date date_ordered order_date ordered_on "
    "purchased_at purchase_date date_purchased purchased_on sold_at sold_on sale_date bought_at submitted_at "
    "checked_out_at booked_at invoice_date created_at created date_created created_on creation_date created_date "
    "date_added added_at added date_time datetime timestamp date start_date paid_at completed_at inserted_at"
)
NOT_PLACED_AT = some(
    "birth canceled cancelled changed deleted delivered delivery due edited expire expired expiry exported last "
    "modified printed refunded returned sent shipped shipping synced updated"
)
CREATED = names(
    "created created_at date_created created_on date_added added_at added added_on published_at date_published "
    "published_on publish_date pub_date released release_date available_from date"
)
IMAGE = names("image picture photo main_image cover thumbnail img product_image featured_image original")
IMAGE_URL = names(
    "image_url picture_url photo_url thumbnail_url imageURL imageUrl img_url get_image_url get_thumbnail "
    "cover_url primary_image_url get_image"
)
CATEGORY = names(
    "category categories main_category section sections department departments genre genres product_type subcategory "
    "group"
)
BRAND = names("brand manufacturer publisher vendor maker label designer collection producer make")
STOCK = names(
    "stock num_in_stock in_stock stock_quantity quantity_in_stock count_in_stock units_in_stock stock_count "
    "stock_level inventory inventory_count available_quantity quantity_available available_stock qty_in_stock "
    "quantity qty on_hand stock_left left_in_stock quantity_left units_left pieces_left copies_left items_left "
    "units_available copies_available remaining"
)
IN_STOCK = names("in_stock is_in_stock has_stock instock")
SOLD_OUT = names("sold_out is_sold_out out_of_stock is_out_of_stock")
COST = names("cost cost_price purchase_price buying_price buy_price wholesale_price unit_cost net_cost")
ATTRIBUTES = names("color colour material size gender season style flavour flavor pattern format author")
SHOWN = names(
    "is_visible visible is_active active is_available available is_public public is_published published "
    "is_enabled enabled is_listed listed is_approved approved is_moderated moderated for_sale is_for_sale"
)
HIDDEN = names(
    "is_hidden hidden is_archived archived is_deleted deleted is_removed removed is_discontinued discontinued "
    "is_disabled disabled is_draft draft deleted_at archived_at removed_at"
)
SHOWN_STATES = some("active approved available enabled listed live public published visible")
BUYER = names("user customer buyer client owner account purchaser placed_by ordered_by member profile created_by")
NOT_BUYER = some("agent approved assigned courier driver handler manager modified seller staff supplier updated vendor")
PARENT = names("parent parent_product product master base group main_product item variant_of variation_parent")
SESSION_KEY = names("session_key session_id session cart_id cart_key basket_id token key")
SOLD_FLAGS = names(
    "ordered placed complete completed submitted checked_out purchased finalized finished confirmed paid payed"
)
"""Booleans, with or without is_, that are true of an order that was sold; the most telling first."""
CART_FLAGS = frozenset(SOLD_FLAGS) - {"confirmed", "paid", "payed"}
"""Those whose opposite is a cart; an unpaid order is none."""
SOLD_DATES = names("ordered_at placed_at date_placed purchased_at submitted_at checked_out_at completed_at paid_at")
CANCELLED_FLAGS = names("cancelled canceled refunded refund_granted returned voided void")
ADDRESS = names("city town zip zipcode zip_code postcode postal_code country")
"""Beside them, a state is one of a country."""
STATUS = names("status state order_status payment_status stage workflow_state payment_state fulfillment_status")
PAID_STATES = some("accepted approved captured complete completed confirmed paid payed settled succeeded success")
NOT_SOLD_STATES = some(
    "abandoned await awaiting bag basket cart checkout declined draft error expired fail failed failure frozen "
    "incomplete invalid offer pending quote rejected saved shopping started unfinished unpaid waiting"
)
BEFORE_PAID = some("created new open")
"""Not sold yet where the same column also says paid; elsewhere a new order is an order."""
CART_STATES = some("bag basket cart draft shopping")
OPEN_STATES = CART_STATES | {"open", "active", "new"}
"""Of a cart: still in use."""
CANCELLED_STATES = some("cancel canceled cancelled chargeback refund refunded return returned reversed void voided")
NOT_YET = some("await awaiting no non not part partial partially pending request requested un")


def tokens(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, without a plural's s: OrderItems, order_items -> (order, item)."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name.replace("-", "_"))
    return tuple(_singular(word.lower()) for word in words)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def says(name: str, words: Iterable[str]) -> bool:
    """Whether one of the name's words is among `words`."""
    return not frozenset(words).isdisjoint(tokens(name))


def stem(name: str) -> str:
    """Return a flag's name without the verb: is_paid -> paid."""
    for verb in ("is_", "was_", "has_been_", "been_"):
        if name.startswith(verb):
            return name.removeprefix(verb)
    return name
