"""What the public reads: names and cities as of publication, by city and name, and nothing else of an enterprise."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.queries import newest_notices
from services.evaluation.notices.schemas import PublicEntry, PublicNoticeOut, PublicNoticePage, PublicNoticeSummary
from services.evaluation.notices.standing import is_open, is_replaced, notice_by_number
from shared import calendar
from shared.models.evaluation import PublicNotice, PublicNoticeEntry
from shared.reference.province import province


async def public_notice(session: AsyncSession, number: str) -> PublicNoticeOut:
    """One notice; Problem `not_found`."""
    notice = await notice_by_number(session, number)
    statement = (
        select(PublicNoticeEntry.name, PublicNoticeEntry.city_name)
        .where(PublicNoticeEntry.notice_id == notice.id)
        .order_by(PublicNoticeEntry.city_code, PublicNoticeEntry.name.collate("C"))
    )
    entries = [PublicEntry(name=row.name, city=row.city_name) for row in await session.execute(statement)]
    replaced = await is_replaced(session, notice)
    return PublicNoticeOut(
        **_summary(notice, replaced=replaced).model_dump(),
        working_days=notice.working_days,
        basis=notice.basis,
        replaced=replaced,
        how_to_object=province().public_notice.how_to_object.strip(),
        entries=entries,
    )


async def public_notices(session: AsyncSession, *, before: str | None, limit: int) -> PublicNoticePage:
    """Notices, the newest first."""
    rows = await newest_notices(session, before=before, limit=limit)
    items = [_summary(one, replaced=await is_replaced(session, one)) for one in rows[:limit]]
    return PublicNoticePage(items=items, next_cursor=items[-1].number if len(rows) > limit else None)


def _summary(notice: PublicNotice, *, replaced: bool) -> PublicNoticeSummary:
    today = calendar.business_date(calendar.now())
    return PublicNoticeSummary(
        number=notice.number,
        title=notice.title,
        starts_on=notice.starts_on,
        ends_on=notice.ends_on,
        is_open=is_open(notice, today) and not replaced,
    )
