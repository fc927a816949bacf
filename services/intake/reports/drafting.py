"""Begin a progress report and save its draft: forgiving, whatever is missing or wrong is only pointed out."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.reports.errors import NOT_A_MEMBER, REPORT_STATUS
from services.intake.reports.periods import period_or_refuse, refuse_outside_window
from services.intake.reports.queries import (
    enterprises_within_reach,
    lock_report,
    newest_form,
    report_shown,
    with_draft,
)
from services.intake.reports.schemas import ReportOut
from services.intake.reports.transitions import next_report_status
from services.intake.reports.versions import check_version
from shared import audit
from shared.errors import Problem
from shared.models.intake import Enterprise, ProgressReport, ReportingPeriod
from shared.models.reads import usccs_of_members_during
from shared.security.actor import Actor


async def begin_report(session: AsyncSession, actor: Actor, code: str, draft: dict[str, Any]) -> ReportOut:
    """Begin one's own report on a period, as a draft.

    Problem `period_not_found`, `outside_reporting_window`, `not_a_member`, or `report_exists` (by the constraint).
    """
    period = await period_or_refuse(session, code)
    enterprise = await _member(session, actor, period)
    refuse_outside_window(period)
    report = ProgressReport(period_id=period.id, enterprise_id=enterprise.id, status="draft", draft=draft)
    session.add(report)
    await session.flush()
    await _record(session, actor, "progress_report.begin", report)
    return await with_draft(report_shown(report, period, enterprise), report, period)


async def save_draft(
    session: AsyncSession, actor: Actor, report_id: uuid.UUID, draft: dict[str, Any], *, if_match: str | None
) -> ReportOut:
    """Replace the draft of a report that is being written or was returned; Problem `version_stale` for a lost race."""
    report, period, enterprise = await lock_report(session, actor, report_id)
    check_version(if_match, report.version)
    status = next_report_status(report.status, "save")
    if status is None:
        raise Problem(REPORT_STATUS)
    report.status, report.draft, report.version = status, draft, report.version + 1
    await session.flush()
    await _record(session, actor, "progress_report.save", report)
    shown = report_shown(report, period, enterprise, await newest_form(session, report))
    return await with_draft(shown, report, period)


async def _member(session: AsyncSession, actor: Actor, period: ReportingPeriod) -> Enterprise:
    """The actor's enterprise, if it was in the pool on any day that the period covers (二(六)12, 四(三))."""
    members = usccs_of_members_during(period.pool_code, period.covers_from, period.covers_to)
    statement = enterprises_within_reach(select(Enterprise).where(Enterprise.uscc.in_(members)), actor)
    enterprise = (await session.execute(statement)).scalar_one_or_none() if actor.uscc is not None else None
    if enterprise is None:
        raise Problem(NOT_A_MEMBER)
    return enterprise


async def _record(session: AsyncSession, actor: Actor, action: str, report: ProgressReport) -> None:
    detail = {"version": report.version, "revision": report.revision}
    await audit.record(
        session, service="intake", actor=actor, action=action, subject=("progress_report", report.id), detail=detail
    )
