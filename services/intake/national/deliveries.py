"""What is to be told to the national system: rows written once per key, taken in lots, settled one by one."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, case, cast, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.port import Parcel
from services.intake.national.wire import DeliveryKind, OutRecord, RecordAnswer, digest_of
from shared import outbox
from shared.events import NationalDeliveriesDue
from shared.models.base import new_id
from shared.models.intake import NationalDelivery
from shared.settings import Settings

_JITTER = random.SystemRandom()
# Who failed this often, or was in so many lots that failed, travels alone: one bad record holds up no others.
_ALONE_AFTER_FAILURES = 3
_ALONE_AFTER_ATTEMPTS = 8
_UNSETTLED = NationalDelivery.status.in_(("pending", "sent"))


async def queue(session: AsyncSession, kind: DeliveryKind, contents: Mapping[str, dict[str, Any]]) -> int:
    """Write a row per key unless it exists: what was said of a key is never said otherwise. How many were new."""
    rows = [
        {"id": new_id(), "key": key, "kind": kind, "payload": content, "digest": digest_of(content)}
        for key, content in sorted(contents.items())
    ]
    if not rows:
        return 0
    statement = insert(NationalDelivery).values(rows).on_conflict_do_nothing().returning(NationalDelivery.id)
    return len((await session.execute(statement)).all())


async def claim(session: AsyncSession, settings: Settings, *, most: int) -> Parcel | None:
    """Take what is due, `most` of it, for one attempt; it is due again when the attempt must have died."""
    alone = or_(NationalDelivery.failures >= _ALONE_AFTER_FAILURES, NationalDelivery.attempts >= _ALONE_AFTER_ATTEMPTS)
    due = (
        select(NationalDelivery.id, alone.label("alone"))
        .where(_UNSETTLED, NationalDelivery.due_at <= func.now())
        .order_by(NationalDelivery.due_at, NationalDelivery.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = (await session.execute(due)).all()
    if not found:
        return None
    ids = [found[0].id] if found[0].alone else [row.id for row in found if not row.alone]
    return await _take(session, ids, due_again=func.now() + timedelta(seconds=settings.national_timeout_seconds * 5))


async def claim_all(session: AsyncSession) -> Parcel:
    """Everything that has no answer yet, for a file; an answer may take as long as it takes."""
    unsettled = select(NationalDelivery.id).where(_UNSETTLED).order_by(NationalDelivery.id).with_for_update()
    ids = list((await session.execute(unsettled)).scalars())
    return await _take(session, ids, due_again=NationalDelivery.due_at)


async def _take(session: AsyncSession, ids: Sequence[uuid.UUID], *, due_again: Any) -> Parcel:
    parcel_id = new_id()
    statement = (
        update(NationalDelivery)
        .where(NationalDelivery.id.in_(ids))
        .values(status="sent", claim=parcel_id, attempts=NationalDelivery.attempts + 1, due_at=due_again)
        .returning(
            NationalDelivery.id,
            NationalDelivery.key,
            NationalDelivery.kind,
            NationalDelivery.digest,
            NationalDelivery.payload,
        )
    )
    rows = sorted((await session.execute(statement)).all())
    return Parcel(
        parcel_id, [OutRecord(key=row.key, kind=row.kind, digest=row.digest, content=row.payload) for row in rows]
    )


async def settle(session: AsyncSession, answers: Mapping[str, RecordAnswer], *, claim_id: uuid.UUID | None) -> int:
    """Keep each record's answer, once. With `claim_id` only for what that attempt still holds. How many changed."""
    changed = 0
    for key, answer in sorted(answers.items()):
        statement = update(NationalDelivery).where(NationalDelivery.key == key, _UNSETTLED)
        if claim_id is not None:
            statement = statement.where(NationalDelivery.claim == claim_id)
        status = "rejected" if answer.outcome == "rejected" else "accepted"
        statement = statement.values(
            status=status,
            remote_id=answer.remote_id,
            result=answer.model_dump(exclude_none=True),
            last_error=None,
            settled_at=func.now(),
        )
        changed += len((await session.execute(statement.returning(NationalDelivery.id))).all())
    return changed


async def put_back(
    session: AsyncSession,
    settings: Settings,
    claim_id: uuid.UUID,
    error: str,
    *,
    failures: int,
    pause_seconds: float | None = None,
) -> None:
    """Due again after a doubling pause with jitter (or theirs); dead at the limit of `failures`.

    `failures` is how much this attempt counts against each record: 0 where the line alone was at fault.
    """
    counted = NationalDelivery.failures + failures
    dead: ColumnElement[bool] = (counted >= settings.national_max_failures) & (literal(failures) > 0)
    held = update(NationalDelivery).where(NationalDelivery.claim == claim_id, NationalDelivery.status == "sent")
    await session.execute(
        held.values(
            status=case((dead, "dead"), else_="pending"),
            settled_at=case((dead, func.now()), else_=None),
            failures=counted,
            last_error=error[:2000],
            due_at=func.now() + _pause(settings, pause_seconds),
        )
    )


async def send_alone(session: AsyncSession, claim_id: uuid.UUID, error: str) -> None:
    """Due again at once, each in a lot of its own."""
    held = update(NationalDelivery).where(NationalDelivery.claim == claim_id, NationalDelivery.status == "sent")
    attempts = func.greatest(NationalDelivery.attempts, _ALONE_AFTER_ATTEMPTS)
    await session.execute(held.values(status="pending", attempts=attempts, last_error=error[:2000], due_at=func.now()))


def _pause(settings: Settings, asked: float | None) -> ColumnElement[timedelta]:
    """Doubling with each attempt, between half and all of it, so that what failed together does not return together."""
    if asked is not None:
        return cast(literal(timedelta(seconds=asked)), Interval)
    doubled = settings.national_retry_seconds * func.power(2, func.least(NationalDelivery.attempts - 1, 30))
    seconds = func.least(doubled, settings.national_retry_longest_seconds) * _JITTER.uniform(0.5, 1.0)
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds)


async def next_due(session: AsyncSession) -> datetime | None:
    """When something is due next; None where all is settled."""
    return (await session.execute(select(func.min(NationalDelivery.due_at)).where(_UNSETTLED))).scalar_one()


async def wake(session: AsyncSession, at: datetime | None = None, *, other_than: uuid.UUID | None = None) -> None:
    """Have the worker push at `at` (now), unless it will anyway by then; `other_than` is an event that is ending."""
    await outbox.wake(session, NationalDeliveriesDue(), at, other_than=other_than)
