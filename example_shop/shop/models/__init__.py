"""The shop's tables."""

from .catalogue import Category, Collection, Product
from .loads import DataLoad
from .orders import Order, OrderLine

__all__ = ["Category", "Collection", "DataLoad", "Order", "OrderLine", "Product"]
