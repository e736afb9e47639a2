"""Trust: the seam to the shop's own tables. Everything that knows how this shop is built is below this folder."""
