"""Every table of the schema, one module per owner; importing this package fills the one MetaData."""

from shared.models import audit, compensation, evaluation, finance, identity, intake, matchmaking, outbox, webhooks
from shared.models.base import metadata

__all__ = [
    "audit",
    "compensation",
    "evaluation",
    "finance",
    "identity",
    "intake",
    "matchmaking",
    "metadata",
    "outbox",
    "webhooks",
]
