"""Decide on a submitted report: the city accepts or returns it, the province may reopen what was accepted."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.reports.errors import REPORT_STATUS
from services.intake.reports.queries import lock_report, newest_form, report_shown
from services.intake.reports.schemas import ReportOut, ReportReturnIn
from services.intake.reports.transitions import ReportAct, next_report_status
from shared import audit, calendar, outbox
from shared.errors import Problem
from shared.events import ProgressReportDecided
from shared.models.intake import Enterprise, ProgressReport, ReportingPeriod
from shared.security.actor import Actor


async def accept_report(session: AsyncSession, actor: Actor, report_id: uuid.UUID) -> ReportOut:
    """Accept a submitted report of one's city."""
    found = await lock_report(session, actor, report_id)
    return await _decide(session, actor, found, "accept", None)


async def send_back(
    session: AsyncSession,
    actor: Actor,
    report_id: uuid.UUID,
    return_in: ReportReturnIn,
    act: Literal["return", "reopen"],
) -> ReportOut:
    """Send a report back with reasons on named fields; the enterprise corrects what it had submitted.

    `return` is the city's, of a submitted report; `reopen` the province's, of an accepted one that a spot check
    found wrong (四(三) 核查抽查).
    """
    found = await lock_report(session, actor, report_id)
    return await _decide(session, actor, found, act, return_in)


async def _decide(
    session: AsyncSession,
    actor: Actor,
    found: tuple[ProgressReport, ReportingPeriod, Enterprise],
    act: ReportAct,
    return_in: ReportReturnIn | None,
) -> ReportOut:
    report, period, enterprise = found
    status = next_report_status(report.status, act)
    if status is None:
        raise Problem(REPORT_STATUS)
    form = await newest_form(session, report)
    reasons = [reason.model_dump() for reason in return_in.reasons] if return_in else []
    report.status, report.version = status, report.version + 1
    if return_in is not None:
        report.return_reasons, report.draft = {"items": reasons}, form
    report.decided_by, report.decided_at = actor.subject, calendar.now()
    await session.flush()
    await session.refresh(report)
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action=f"progress_report.{act}",
        subject=("progress_report", report.id),
        detail={"revision": report.revision, "reasons": reasons},
    )
    if act in {"accept", "reopen"}:
        await outbox.publish(session, ProgressReportDecided(report_id=report.id))
    return report_shown(report, period, enterprise, form)
