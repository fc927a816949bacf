"""Jobs: queue what is to be announced, push it, compare both sides."""

from __future__ import annotations

import uuid

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national import reconciliation
from services.intake.national.adapters import open_port
from services.intake.national.announcements import announce_pool_changes, announce_recommendations
from services.intake.national.deliveries import next_due, wake
from services.intake.national.ledger import follow_waiting
from services.intake.national.push import push_due
from shared.db import Database
from shared.models.intake import NationalRecord
from shared.queue import Errand, Handler, Outing, Work
from shared.settings import Settings

_LOT = 200


async def queue_recommendations(work: Work) -> None:
    """Handle `applications_recommended`: rows only, pushed by an errand of their own."""
    ids = [uuid.UUID(one) for one in work.payload["application_ids"]]
    await announce_recommendations(work.session, work.settings, ids)


async def queue_pool_changes(work: Work) -> None:
    """Handle `selection_committed` and `pool_adjusted`: rows only, as above."""
    await announce_pool_changes(work.session, work.settings, uuid.UUID(work.payload["plan_id"]))


async def push_national_deliveries(outing: Outing) -> None:
    """Handle `national_deliveries_due`."""
    if outing.settings.national_adapter != "http":
        return
    async with open_port(outing.database, outing.settings) as port:
        if port is not None:
            await push_due(outing.database, outing.settings, port, outing.event_id)


async def reconcile_national(outing: Outing) -> None:
    """Handle `national_reconciliation_due`: first what waited for something else, then what went unsaid, then compare."""
    await _follow_all_waiting(outing.database)
    async with open_port(outing.database, outing.settings) as port:
        if port is None:
            return
        async with outing.database.sessions.begin() as session:
            await wake_if_due(session, outing.settings)
        asked_for = outing.payload.get("reconciliation_id")
        # The event's id is the same for every attempt: a night has one run, however often it is tried.
        await reconciliation.run(outing.database, port, uuid.UUID(asked_for) if asked_for else outing.event_id)


async def wake_if_due(session: AsyncSession, settings: Settings) -> None:
    """Have what is unsettled pushed, should nobody be about to: at the start of a process, and every night."""
    if settings.national_adapter == "http" and (due := await next_due(session)) is not None:
        await wake(session, due)


async def _follow_all_waiting(database: Database) -> None:
    key = NationalRecord.sender, NationalRecord.filing_id
    after = ("", "")
    while True:
        async with database.sessions.begin() as session:
            waiting = (
                select(*key)
                .where(NationalRecord.outcome == "waiting", tuple_(*key) > after)
                .distinct()
                .order_by(*key)
                .limit(_LOT)
            )
            lot = [(sender, filing_id) for sender, filing_id in await session.execute(waiting) if filing_id is not None]
            if not lot:
                return
            await follow_waiting(session, set(lot))
            after = lot[-1]


HANDLERS: dict[str, Handler] = {
    "intake.queue_recommendations": queue_recommendations,
    "intake.queue_pool_changes": queue_pool_changes,
    "intake.push_national_deliveries": Errand(push_national_deliveries),
    "intake.reconcile_national": Errand(reconcile_national),
}
