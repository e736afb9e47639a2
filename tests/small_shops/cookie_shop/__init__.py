"""The shop whose guests keep their cart in a JSON cookie, without a page per product; members have an open order."""
