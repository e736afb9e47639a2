"""The nouns: fields, constraints and filters. Each docstring says whether rows are configuration, fact or derived."""

from django_personalize.models.cart import Cart
from django_personalize.models.consent_record import ConsentKey, ConsentRecord
from django_personalize.models.credit import Credit
from django_personalize.models.cursor import Cursor
from django_personalize.models.daily_count import DailyCount
from django_personalize.models.decision import Decision
from django_personalize.models.event import Event
from django_personalize.models.feed import FeedItem, FeedLine
from django_personalize.models.finding import Finding
from django_personalize.models.forgotten import Forgotten
from django_personalize.models.impression import Impression
from django_personalize.models.intake import Intake
from django_personalize.models.membership import Membership
from django_personalize.models.model_version import ModelVersion
from django_personalize.models.order_link import OrderLink
from django_personalize.models.promotion import Promotion
from django_personalize.models.quarantined import Quarantined
from django_personalize.models.rule import Rule
from django_personalize.models.stock_out import StockOut
from django_personalize.models.training_run import TrainingRun
from django_personalize.models.visitor import Visitor

__all__ = [
    "Cart",
    "ConsentKey",
    "ConsentRecord",
    "Credit",
    "Cursor",
    "DailyCount",
    "Decision",
    "Event",
    "FeedItem",
    "FeedLine",
    "Finding",
    "Forgotten",
    "Impression",
    "Intake",
    "Membership",
    "ModelVersion",
    "OrderLink",
    "Promotion",
    "Quarantined",
    "Rule",
    "StockOut",
    "TrainingRun",
    "Visitor",
]
