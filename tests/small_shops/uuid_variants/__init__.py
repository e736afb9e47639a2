"""The shop whose products have UUIDs and variants that alone have prices and stock; paid in a table of payments."""
