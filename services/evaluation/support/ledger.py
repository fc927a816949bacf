"""The ledger as SQL: which rows are corrected, which repeat another, which count, and who may read them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.models.evaluation import SupportAction
from shared.security.actor import Actor

# In one order for all, or two batches about the same enterprises could wait for each other; as the trigger does.
_RECORDING = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('support of ' || id, 0)) "
    "FROM (SELECT unnest(CAST(:ids AS text[])) AS id ORDER BY 1) AS sorted"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the ledger; days are inclusive, and a row without a day is in no span of days."""

    uscc: str | None = None
    kind: str | None = None
    city: str | None = None
    first: date | None = None
    last: date | None = None


async def hold_recording(session: AsyncSession, enterprise_ids: Collection[uuid.UUID]) -> None:
    """Nobody else records support of these enterprises until this transaction ends."""
    await session.execute(_RECORDING, {"ids": [str(id_) for id_ in set(enterprise_ids)]})


def corrected_by() -> ColumnElement[uuid.UUID | None]:
    """Id of the row that corrects the row of `support_action`; NULL where none does."""
    later = aliased(SupportAction)
    found = select(later.id).where(later.corrects == SupportAction.id)
    return found.scalar_subquery()  # pyright: ignore[reportReturnType] (NULL where there is no row)


def duplicate_of() -> ColumnElement[uuid.UUID | None]:
    """Id of the row that the current row of `support_action` repeats: what officers recorded first, then the oldest."""
    other, later = aliased(SupportAction), aliased(SupportAction)
    mine = tuple_(SupportAction.source == "report", SupportAction.recorded_at, SupportAction.id)
    others = tuple_(other.source == "report", other.recorded_at, other.id)
    found = (
        select(other.id)
        .where(
            other.claim == SupportAction.claim,
            func.holder_of_code(other.uscc) == func.holder_of_code(SupportAction.uscc),
            others < mine,
            # A bank's own numbers tell its credits apart, were they of one day and one amount.
            or_(other.source != "bank", SupportAction.source != "bank"),
            # So do pairs of an event: two that agreed on one sum are two.
            or_(other.source != "event", SupportAction.source != "event"),
            ~exists().where(later.corrects == other.id),
        )
        .order_by(other.source == "report", other.recorded_at, other.id)
        .limit(1)
    )
    return found.scalar_subquery()  # pyright: ignore[reportReturnType] (as above)


def is_current() -> ColumnElement[bool]:
    """Whether the row says what holds: neither corrected nor a withdrawal."""
    later = aliased(SupportAction)
    return and_(~SupportAction.withdrawn, ~exists().where(later.corrects == SupportAction.id))


def is_counted() -> ColumnElement[bool]:
    """Whether sums take the row: it is current and repeats none."""
    return and_(is_current(), duplicate_of().is_(None))


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """An enterprise reads its own, under whichever code; a city what counts for it; the province everything."""
    if actor.uscc is not None:
        return func.holder_of_code(SupportAction.uscc) == func.holder_of_code(actor.uscc)
    return true() if actor.city_code is None else SupportAction.city_code == actor.city_code


def matching(wanted: Wanted) -> ColumnElement[bool]:
    """The filters as a condition on the row of `support_action`."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.uscc is not None:
        conditions.append(func.holder_of_code(SupportAction.uscc) == func.holder_of_code(wanted.uscc))
    if wanted.kind is not None:
        conditions.append(SupportAction.kind == wanted.kind)
    if wanted.city is not None:
        conditions.append(SupportAction.city_code == wanted.city)
    if wanted.first is not None:
        conditions.append(SupportAction.happened_on >= wanted.first)
    if wanted.last is not None:
        conditions.append(SupportAction.happened_on <= wanted.last)
    return and_(true(), *conditions)
