"""Record and read copies of the patent register."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.consents.queries import enterprise_in_reach
from services.finance.patents.errors import EXTRACT_IN_FUTURE, EXTRACT_RECORDED
from services.finance.patents.schemas import ExtractIn, ExtractOut, ExtractPage
from shared import audit, calendar
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.finance import PatentExtract
from shared.reference.patents import last_day_of_patent
from shared.security.actor import Actor


async def record_extract(session: AsyncSession, actor: Actor, extract_in: ExtractIn) -> ExtractOut:
    """The copy, for good; the same one again changes nothing. Problems `not_found`, `extract_…`."""
    enterprise = await enterprise_in_reach(session, actor, extract_in.uscc)
    if extract_in.as_of > calendar.business_date(calendar.now()):
        raise Problem(EXTRACT_IN_FUTURE)
    statement = select(PatentExtract).where(
        PatentExtract.patent_no == extract_in.patent_no,
        PatentExtract.as_of == extract_in.as_of,
        PatentExtract.document == extract_in.document,
    )
    earlier = (await session.execute(statement)).scalar_one_or_none()
    if earlier is not None:
        # Who may not see what is on record is not told of it either.
        if not _in_reach(actor, earlier) or _content(earlier) != extract_in.model_dump():
            raise Problem(EXTRACT_RECORDED)
        return _shown(earlier)
    extract = PatentExtract(
        id=new_id(),
        city_code=enterprise.city_code,
        recorded_by=actor.subject,
        recorded_at=calendar.now(),
        **extract_in.model_dump(),
    )
    session.add(extract)
    await session.flush()
    detail = {"patent_no": extract.patent_no, "uscc": extract.uscc, "as_of": extract.as_of.isoformat()}
    subject = ("patent_extract", extract.id)
    await audit.record(session, service="finance", actor=actor, action="patent.record", subject=subject, detail=detail)
    return _shown(extract)


async def extract_page(
    session: AsyncSession,
    actor: Actor,
    *,
    uscc: str | None,
    patent_no: str | None,
    before: uuid.UUID | None,
    limit: int,
) -> ExtractPage:
    """Newest first, of enterprises within reach."""
    statement = select(PatentExtract).where(_reach(actor)).order_by(PatentExtract.id.desc()).limit(limit + 1)
    if uscc is not None:
        statement = statement.where(func.holder_of_code(PatentExtract.uscc) == func.holder_of_code(uscc))
    if patent_no is not None:
        statement = statement.where(PatentExtract.patent_no == patent_no)
    if before is not None:
        statement = statement.where(PatentExtract.id < before)
    rows = (await session.execute(statement)).scalars().all()
    items = [_shown(one) for one in rows[:limit]]
    return ExtractPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _reach(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.city_code is None else PatentExtract.city_code == actor.city_code


def _in_reach(actor: Actor, extract: PatentExtract) -> bool:
    return actor.city_code in (None, extract.city_code)


def _content(extract: PatentExtract) -> dict[str, object]:
    return {name: getattr(extract, name) for name in ExtractIn.model_fields}


def _shown(extract: PatentExtract) -> ExtractOut:
    return ExtractOut.model_validate(
        _content(extract)
        | {
            "id": extract.id,
            "last_day": last_day_of_patent(extract.patent_no, extract.filed_on),
            "recorded_by": extract.recorded_by,
            "recorded_at": extract.recorded_at,
        }
    )
