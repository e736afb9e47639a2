"""Facts: learning what happened without an edit to the shop: page views by URL, purchases from the order tables."""
