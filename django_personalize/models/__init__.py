"""The nouns: fields, constraints and filters. Each docstring says whether rows are configuration, fact or derived."""

from django_personalize.models.cart import Cart
from django_personalize.models.decision import Decision
from django_personalize.models.event import Event
from django_personalize.models.feed import FeedItem, FeedLine
from django_personalize.models.finding import Finding
from django_personalize.models.impression import Impression
from django_personalize.models.model_version import ModelVersion
from django_personalize.models.order_link import OrderLink
from django_personalize.models.visitor import Visitor

__all__ = [
    "Cart",
    "Decision",
    "Event",
    "FeedItem",
    "FeedLine",
    "Finding",
    "Impression",
    "ModelVersion",
    "OrderLink",
    "Visitor",
]
