"""Recall notices: editions whose enterprises left for misconduct are called back by the one that supersedes them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.backing import Backed
from services.finance.lists.schemas import RecalledEntry, RecallOut
from shared import calendar
from shared.models.finance import Edition, EditionChange, EditionRecall, ListProgramme
from shared.models.reads import ended_stays
from shared.reference.province import province


async def recall_superseded(
    session: AsyncSession, programme: ListProgramme, previous: int, backed: Sequence[Backed]
) -> None:
    """Mark every edition still in force that lists somebody whom the newest one removes for misconduct."""
    gone = {one.change.membership_id: one.change.uscc for one in backed if one.change.kind == "removed"}
    ended = await ended_stays(session, [stay for stay in gone if stay is not None])
    reasons = province().programmes.recall_reasons
    removed = {gone[stay]: one for stay, one in ended.items() if one.reason in reasons}
    if not removed:
        return
    since = await _listed_since(session, programme.code, previous, list(removed))
    rows = [
        {
            "programme_code": programme.code,
            "serial": serial,
            "superseded_by": previous + 1,
            "removed": [
                {"uscc": uscc, "plan_id": str(removed[uscc].plan_id), "reason": removed[uscc].reason}
                for uscc in sorted(removed)
                if since[uscc] <= serial
            ],
            "recalled_at": calendar.now(),
        }
        for serial in await _in_force(session, programme.code, min(since.values()), previous)
    ]
    if rows:
        await session.execute(insert(EditionRecall).values(rows).on_conflict_do_nothing())


async def _listed_since(session: AsyncSession, code: str, previous: int, usccs: list[str]) -> dict[str, int]:
    """The edition by which each came on the list as it stood in `previous`."""
    statement = (
        select(EditionChange.uscc, func.max(EditionChange.serial))
        .where(
            EditionChange.programme_code == code,
            EditionChange.serial <= previous,
            EditionChange.uscc.in_(usccs),
            EditionChange.change == "added",
        )
        .group_by(EditionChange.uscc)
    )
    return dict((await session.execute(statement)).all())


async def _in_force(session: AsyncSession, code: str, first: int, last: int) -> Sequence[int]:
    """Serials of editions that have not expired, and the last whether it has or not."""
    statement = (
        select(Edition.serial)
        .where(
            Edition.programme_code == code,
            Edition.serial.between(first, last),
            (Edition.expires_at > calendar.now()) | (Edition.serial == last),
        )
        .order_by(Edition.serial)
    )
    return (await session.execute(statement)).scalars().all()


async def recall_of(session: AsyncSession, edition: Edition) -> EditionRecall | None:
    """The notice that calls an edition back; None while it stands."""
    return await session.get(EditionRecall, (edition.programme_code, edition.serial))


async def recalls_of(session: AsyncSession, programme_code: str) -> dict[int, RecallOut]:
    """Every notice of one list by serial: whom it is about, and by which plan; the ground stays with the province."""
    statement = select(EditionRecall).where(EditionRecall.programme_code == programme_code)
    return {
        one.serial: RecallOut(
            serial=one.serial,
            superseded_by=one.superseded_by,
            removed=[RecalledEntry.model_validate(entry) for entry in one.removed],
            recalled_at=one.recalled_at,
        )
        for one in (await session.execute(statement)).scalars()
    }
