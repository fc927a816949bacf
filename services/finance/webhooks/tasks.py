"""Jobs: write a message per subscriber's address, and send what is due."""

from __future__ import annotations

from services.finance.webhooks.announce import announce
from services.finance.webhooks.push import push_due
from shared.queue import Errand, Handler, Outing, Work


async def announce_edition(work: Work) -> None:
    """Handle `edition_published`: rows only, sent by an errand of their own."""
    await announce(work.session, work.payload["programme"], work.payload["serial"])


async def push_webhooks(outing: Outing) -> None:
    """Handle `webhooks_due`."""
    await push_due(outing.database, outing.settings, outing.event_id)


HANDLERS: dict[str, Handler] = {
    "finance.announce_edition": announce_edition,
    "finance.push_webhooks": Errand(push_webhooks),
}
