"""Editions through their recorded changes: what is listed now, what changed between two, what was listed on a day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.differences import Listed
from shared.calendar import start_of_day
from shared.models.finance import Edition, EditionChange


async def listed_now(session: AsyncSession, programme_code: str) -> dict[str, Listed]:
    """What the newest edition lists, by code."""
    newest = (
        select(EditionChange.uscc, EditionChange.entry, EditionChange.membership_id)
        .where(EditionChange.programme_code == programme_code)
        .ext(distinct_on(EditionChange.uscc))
        .order_by(EditionChange.uscc, EditionChange.serial.desc())
    )
    found = await session.execute(newest)
    return {uscc: Listed(entry, membership_id) for uscc, entry, membership_id in found if entry is not None}


async def changes_after(session: AsyncSession, programme_code: str, since: int, to: int) -> Sequence[EditionChange]:
    """Changes that the editions `since` + 1 to `to` made, in their order: as many rows as changes, however long the list."""
    statement = (
        select(EditionChange)
        .where(EditionChange.programme_code == programme_code, EditionChange.serial > since, EditionChange.serial <= to)
        .order_by(EditionChange.serial, EditionChange.uscc)
    )
    return (await session.execute(statement)).scalars().all()


async def edition_on(session: AsyncSession, programme_code: str, day: date) -> Edition | None:
    """The newest edition that was issued by the end of `day` in China; None before the first."""
    statement = (
        select(Edition)
        .where(Edition.programme_code == programme_code, Edition.issued_at < start_of_day(day + timedelta(days=1)))
        .order_by(Edition.serial.desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def standing_in(
    session: AsyncSession, programme_code: str, serial: int, usccs: Collection[str]
) -> dict[str, EditionChange]:
    """Of these codes, the change by which each stands in the edition; those that it does not list are left out."""
    newest = (
        select(EditionChange)
        .where(
            EditionChange.programme_code == programme_code,
            EditionChange.serial <= serial,
            EditionChange.uscc.in_(usccs),
        )
        .ext(distinct_on(EditionChange.uscc))
        .order_by(EditionChange.uscc, EditionChange.serial.desc())
    )
    return {one.uscc: one for one in (await session.execute(newest)).scalars() if one.entry is not None}
