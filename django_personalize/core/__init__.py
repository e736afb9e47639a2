"""Pure Python and numpy: values, protocols and the one clock. Nothing here knows Django's models or the shop."""
