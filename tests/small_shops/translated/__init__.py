"""The shop in several languages, on two sites: a translations table, one row per piece sold, a currency per order."""
