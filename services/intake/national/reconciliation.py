"""Compare both sides and keep what differs: requested by an officer, by the night, or by a listing brought back."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.comparison import Difference, Held, Key, compare, counts_of
from services.intake.national.errors import WRONG_ADAPTER
from services.intake.national.file_adapter import NoListingError
from services.intake.national.holdings import our_holdings
from services.intake.national.port import AnswerError, LineError, NationalPort, RefusedError
from services.intake.national.schemas import ReconciliationOut
from shared import audit, calendar, outbox
from shared.db import Database
from shared.errors import Problem
from shared.events import NationalReconciliationDue
from shared.models.intake import NationalDifference, NationalReconciliation
from shared.security.actor import Actor
from shared.settings import Settings

_MOST_PAGES = 10_000
_ROWS = 1_000


async def request_run(session: AsyncSession, actor: Actor) -> ReconciliationOut:
    """A comparison to be made by the worker."""
    run = NationalReconciliation(requested_by=actor.subject)
    session.add(run)
    await session.flush()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="national.reconcile",
        subject=("national_reconciliation", run.id),
    )
    await outbox.publish(session, NationalReconciliationDue(reconciliation_id=run.id))
    return ReconciliationOut.model_validate(run, from_attributes=True)


async def request_run_by_line(session: AsyncSession, actor: Actor, settings: Settings) -> ReconciliationOut:
    """`request_run`, refused with `national_adapter` where there is no other side."""
    if settings.national_adapter == "none":
        raise Problem(WRONG_ADAPTER)
    return await request_run(session, actor)


async def run(database: Database, port: NationalPort, run_id: uuid.UUID) -> None:
    """Make the comparison `run_id`, which is created where the night asked for it; done already changes nothing.

    A line that fails marks it failed and raises, so that it is tried again.
    """
    started = calendar.now()
    if await _is_done(database, run_id):
        return
    try:
        theirs, as_of = await _their_holdings(port)
    except NoListingError:
        await _mark_failed(database, run_id, "no listing has been brought back yet")
        return
    except (LineError, AnswerError, RefusedError) as error:
        await _mark_failed(database, run_id, str(error))
        raise
    async with database.sessions.begin() as session:
        ours = await our_holdings(session, settled_before=as_of or started)
        differences = compare(ours, theirs)
        locked = select(NationalReconciliation.status).where(NationalReconciliation.id == run_id).with_for_update()
        if (await session.execute(locked)).scalar_one() == "done":
            return
        for start in range(0, len(differences), _ROWS):
            rows = [_row(run_id, start + index, one) for index, one in enumerate(differences[start : start + _ROWS])]
            await session.execute(insert(NationalDifference), rows)
        done = update(NationalReconciliation).where(NationalReconciliation.id == run_id)
        counts = counts_of(differences, ours=len(ours), theirs=len(theirs))
        await session.execute(done.values(status="done", counts=counts, error=None, finished_at=func.now()))


async def _is_done(database: Database, run_id: uuid.UUID) -> bool:
    async with database.sessions.begin() as session:
        nightly = upsert(NationalReconciliation).values(id=run_id, requested_by="schedule").on_conflict_do_nothing()
        await session.execute(nightly)
        status = select(NationalReconciliation.status).where(NationalReconciliation.id == run_id)
        return (await session.execute(status)).scalar_one() == "done"


async def _mark_failed(database: Database, run_id: uuid.UUID, error: str) -> None:
    async with database.sessions.begin() as session:
        failed = update(NationalReconciliation).where(
            NationalReconciliation.id == run_id, NationalReconciliation.status != "done"
        )
        await session.execute(failed.values(status="failed", error=error[:2000], finished_at=func.now()))


async def _their_holdings(port: NationalPort) -> tuple[dict[Key, Held], datetime | None]:
    held: dict[Key, Held] = {}
    cursor: str | None = None
    as_of: datetime | None = None
    for _ in range(_MOST_PAGES):
        page = await port.listing(cursor)
        as_of = as_of or page.as_of
        held |= {(one.kind, one.key): Held(one.status, one.digest, one.version) for one in page.entries}
        if page.next_cursor is None:
            return held, as_of
        if page.next_cursor == cursor:
            break
        cursor = page.next_cursor
    raise AnswerError("the listing does not end")


def _row(run_id: uuid.UUID, position: int, one: Difference) -> dict[str, object]:
    return {
        "reconciliation_id": run_id,
        "position": position,
        "difference": one.difference,
        "kind": one.kind,
        "key": one.key,
        "ours": one.ours.shown() if one.ours else None,
        "theirs": one.theirs.shown() if one.theirs else None,
    }
