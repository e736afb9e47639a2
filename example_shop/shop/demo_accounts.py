"""Three of the data set's customers, given names and passwords, and a member of staff.

Their orders are real; names, addresses and passwords are invented. The passwords are public: never load this shop into
a database that anybody else can reach.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """`customer` is the number in the data set; it is empty for staff, who bought nothing."""

    username: str
    password: str
    name: str
    taste: str
    customer: str = ""


DEMO_ACCOUNTS = (
    DemoAccount(
        "clara", "lantern-light", "Clara Whitfield", "tea-lights, candles and lanterns, and the odd bauble", "14397"
    ),
    DemoAccount(
        "martin", "cake-tin-monday", "Martin Okafor", "baking moulds, cake tins and everything for the kitchen", "12569"
    ),
    DemoAccount("ines", "paper-and-glue", "Ines Moreau", "toys, crafts and cards for children's birthdays", "14132"),
)
ADMIN = DemoAccount("admin", "admin-of-the-demo", "Demo Admin", "runs the shop")
