"""A shop whose pages lie in a cache and whose cart nobody can read: everything is told by the script."""

from tests.served_settings import *  # noqa: F403

PERSONALIZE = {**PERSONALIZE, "CAPTURE": "beacon", "CART": None}  # noqa: F405
ROOT_URLCONF = "tests.browser.beacon_urls"
