"""Who the shoppers are: their features in bulk, named segments over them, and who is in which as of when."""
