"""The account before the merchandiser: what was shown, chosen and bought, in sums that name nobody."""
