"""Reads of the exchange for officers; it has no city, so whoever may read it reads all of it."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar, cast

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national import breaker
from services.intake.national.adapters import own_key
from services.intake.national.schemas import (
    BatchOut,
    BatchPage,
    BreakerOut,
    DeliveryOut,
    DeliveryPage,
    DeliveryStatus,
    DifferenceOut,
    DifferencePage,
    LatestReconciliation,
    Outcome,
    ReconciliationOut,
    ReconciliationPage,
    RecordOut,
    RecordPage,
    StatusOut,
)
from services.intake.national.wire import FORMAT
from shared.errors import NOT_FOUND, Problem
from shared.models.base import Base
from shared.models.intake import (
    NationalBatch,
    NationalDelivery,
    NationalDifference,
    NationalReconciliation,
    NationalRecord,
)
from shared.settings import Settings

Row = TypeVar("Row", bound=Base)


async def _page(
    session: AsyncSession, statement: Select[Row], id_: Any, *, after: uuid.UUID | None, limit: int
) -> tuple[list[Row], uuid.UUID | None]:
    """Up to `limit` rows, newest first, and the cursor of the next page."""
    if after is not None:
        statement = statement.where(id_ < after)
    rows = list((await session.execute(statement.order_by(id_.desc()).limit(limit + 1))).scalars())
    last: Any = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], None if last is None else last.id


async def batch_page(session: AsyncSession, *, after: uuid.UUID | None, limit: int) -> BatchPage:
    """Batches received, newest first."""
    rows, cursor = await _page(session, select(NationalBatch), NationalBatch.id, after=after, limit=limit)
    return BatchPage(items=[BatchOut.model_validate(row, from_attributes=True) for row in rows], next_cursor=cursor)


async def record_page(
    session: AsyncSession,
    *,
    outcome: Outcome | None,
    record_id: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> RecordPage:
    """Records received, newest first, each version on its own."""
    statement = select(NationalRecord)
    if outcome is not None:
        statement = statement.where(NationalRecord.outcome == outcome)
    if record_id is not None:
        statement = statement.where(NationalRecord.record_id == record_id)
    rows, cursor = await _page(session, statement, NationalRecord.id, after=after, limit=limit)
    return RecordPage(items=[_record_shown(row) for row in rows], next_cursor=cursor)


def _record_shown(row: NationalRecord) -> RecordOut:
    values = {name: getattr(row, name) for name in RecordOut.model_fields if name != "violations"}
    return RecordOut.model_validate({**values, "violations": (row.violations or {}).get("items")})


def listed_deliveries(status: DeliveryStatus | None = None) -> Select[NationalDelivery]:
    """Deliveries, of one status or of all; the page puts the newest first."""
    statement = select(NationalDelivery)
    if status is not None:
        statement = statement.where(NationalDelivery.status == status)
    return statement


async def delivery_page(
    session: AsyncSession, *, status: DeliveryStatus | None, after: uuid.UUID | None, limit: int
) -> DeliveryPage:
    """Deliveries, newest first."""
    rows, cursor = await _page(session, listed_deliveries(status), NationalDelivery.id, after=after, limit=limit)
    items = [DeliveryOut.model_validate(row, from_attributes=True) for row in rows]
    return DeliveryPage(items=items, next_cursor=cursor)


async def reconciliation_page(session: AsyncSession, *, after: uuid.UUID | None, limit: int) -> ReconciliationPage:
    """Comparisons, newest first."""
    rows, cursor = await _page(
        session, select(NationalReconciliation), NationalReconciliation.id, after=after, limit=limit
    )
    items = [ReconciliationOut.model_validate(row, from_attributes=True) for row in rows]
    return ReconciliationPage(items=items, next_cursor=cursor)


async def latest_reconciliation(session: AsyncSession, *, first: int) -> LatestReconciliation:
    """The newest finished comparison; Problem `not_found` where there is none."""
    run = await _newest(session, NationalReconciliation.status == "done")
    if run is None:
        raise Problem(NOT_FOUND)
    differences = await difference_page(session, run.id, after=-1, limit=first)
    shown = ReconciliationOut.model_validate(run, from_attributes=True)
    return LatestReconciliation(**shown.model_dump(), first_differences=differences.items)


async def reconciliation_or_refuse(session: AsyncSession, run_id: uuid.UUID) -> NationalReconciliation:
    """One comparison; Problem `not_found`."""
    run = await session.get(NationalReconciliation, run_id)
    if run is None:
        raise Problem(NOT_FOUND)
    return run


def listed_differences(run_id: uuid.UUID) -> Select[NationalDifference]:
    """Differences of one comparison, by kind and key."""
    return (
        select(NationalDifference)
        .where(NationalDifference.reconciliation_id == run_id)
        .order_by(NationalDifference.position)
    )


async def difference_page(session: AsyncSession, run_id: uuid.UUID, *, after: int, limit: int) -> DifferencePage:
    """Differences of one comparison, by kind and key; Problem `not_found` for an unknown one."""
    await reconciliation_or_refuse(session, run_id)
    statement = listed_differences(run_id).where(NationalDifference.position > after).limit(limit + 1)
    rows = (await session.execute(statement)).scalars().all()
    items = [DifferenceOut.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return DifferencePage(items=items, next_cursor=items[-1].position if len(rows) > limit else None)


async def line_status(session: AsyncSession, settings: Settings) -> StatusOut:
    """Adapter, breaker, and how much waits on either side."""
    key = own_key(settings)
    stopped = await breaker.current(session)
    statuses = select(NationalDelivery.status, func.count()).group_by(NationalDelivery.status)
    oldest = select(func.min(NationalDelivery.created_at)).where(NationalDelivery.settled_at.is_(None))
    waiting = select(func.count()).where(NationalRecord.outcome == "waiting")
    newest = await _newest(session)
    return StatusOut(
        adapter=settings.national_adapter,
        format=FORMAT,
        keyid=key[1] if key else None,
        public_key=dict(key[0].as_dict(private=False)) if key else None,
        breaker=BreakerOut.model_validate(stopped, from_attributes=True)
        if stopped
        else BreakerOut(state="closed", failures=0, open_until=None, last_error=None),
        deliveries={cast("DeliveryStatus", row[0]): row[1] for row in await session.execute(statuses)},
        oldest_unsettled=(await session.execute(oldest)).scalar_one(),
        records_waiting=(await session.execute(waiting)).scalar_one(),
        last_reconciliation=ReconciliationOut.model_validate(newest, from_attributes=True) if newest else None,
    )


async def _newest(session: AsyncSession, *conditions: Any) -> NationalReconciliation | None:
    statement = select(NationalReconciliation).where(*conditions).order_by(NationalReconciliation.id.desc()).limit(1)
    return (await session.execute(statement)).scalar_one_or_none()
