"""Open the public notice of an approved plan: a number, a window of working days, the names as of now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.terms import NoticeTerms
from shared import audit, calendar
from shared.canonical import canonical_text, sha256_hex
from shared.models.base import new_id
from shared.models.evaluation import PublicNotice, PublicNoticeEntry, SelectionPlan
from shared.models.reads import PinnedCycle, enterprise_names
from shared.reference.divisions import division
from shared.reference.province import province
from shared.security.actor import Actor
from shared.working_days import end_of_term

_NUMBERING = text("SELECT pg_advisory_xact_lock(hashtextextended('numbering of public notices', 0))")


@dataclass(frozen=True, slots=True)
class Entry:
    """An enterprise to be admitted, by its assessment and its present code; the city is that of its place."""

    assessment_id: uuid.UUID
    uscc: str
    city_code: str


async def open_notice(
    session: AsyncSession,
    actor: Actor,
    plan: SelectionPlan,
    cycle: PinnedCycle,
    entries: Sequence[Entry],
    terms: NoticeTerms,
) -> PublicNotice:
    """Publish a plan that the caller has locked. Problem `calendar_year_not_covered` where the last day is unknown."""
    moment = calendar.now()
    today = calendar.business_date(moment)
    names = await enterprise_names(session, [one.uscc for one in entries])
    year, sequence = today.year, await _next_sequence(session, today.year)
    ends_on = end_of_term(today, terms.working_days)
    title = f"{province().pool_name}拟入库企业公示（{cycle.code}）"
    notice = PublicNotice(
        id=new_id(),
        number=f"{year}-{sequence:03d}",
        year=year,
        sequence=sequence,
        plan_id=plan.id,
        cycle_id=plan.cycle_id,
        title=title,
        working_days=terms.working_days,
        basis=terms.basis.strip(),
        starts_on=today,
        ends_on=ends_on,
        appeals_until=end_of_term(today, terms.appeal_working_days),
        digest=_digest(title, [today.isoformat(), ends_on.isoformat()], entries, names),
        published_by=actor.subject,
        published_at=moment,
    )
    session.add(notice)
    await session.flush()
    await session.execute(insert(PublicNoticeEntry), [_row(notice.id, one, names[one.uscc]) for one in entries])
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="notice.publish",
        subject=("public_notice", notice.id),
        detail={
            "number": notice.number,
            "plan_id": str(plan.id),
            "ends_on": ends_on.isoformat(),
            "entries": len(entries),
            "digest": notice.digest,
        },
    )
    return notice


async def _next_sequence(session: AsyncSession, year: int) -> int:
    await session.execute(_NUMBERING)
    newest = select(func.coalesce(func.max(PublicNotice.sequence), 0)).where(PublicNotice.year == year)
    return (await session.execute(newest)).scalar_one() + 1


def _row(notice_id: uuid.UUID, entry: Entry, name: str) -> dict[str, object]:
    return {
        "notice_id": notice_id,
        "assessment_id": entry.assessment_id,
        "uscc": entry.uscc,
        "name": name,
        "city_code": entry.city_code,
        "city_name": division(entry.city_code).name,
    }


def _digest(title: str, window: list[str], entries: Sequence[Entry], names: dict[str, str]) -> str:
    listed = sorted([one.city_code, names[one.uscc]] for one in entries)
    return sha256_hex(canonical_text({"title": title, "window": window, "entries": listed}))
