"""Reads of progress reports, always within the actor's reach."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, TypeVarTuple

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.queries import own_records
from services.intake.reports.checking import violations_of_draft
from services.intake.reports.schemas import ReportOut, ReportPage, RevisionOut, violations_shown
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Enterprise, ProgressReport, ProgressReportSnapshot, ReportingPeriod
from shared.security.actor import Actor

Row = TypeVarTuple("Row")


def enterprises_within_reach(statement: Select[*Row], actor: Actor) -> Select[*Row]:
    """Limit a statement over Enterprise to the actor's own, or to those that are now in the officer's city."""
    if actor.uscc is not None:
        statement = statement.where(Enterprise.id.in_(own_records(actor.uscc)))
    if actor.city_code is not None:
        statement = statement.where(Enterprise.city_code == actor.city_code)
    return statement


def _select(actor: Actor) -> Select[ProgressReport, ReportingPeriod, Enterprise]:
    statement = (
        select(ProgressReport, ReportingPeriod, Enterprise)
        .join(ReportingPeriod, ReportingPeriod.id == ProgressReport.period_id)
        .join(Enterprise, Enterprise.id == ProgressReport.enterprise_id)
    )
    if actor.uscc is None:
        # What an enterprise has not submitted yet is its own.
        statement = statement.where(ProgressReport.status != "draft")
    return enterprises_within_reach(statement, actor)


async def lock_report(
    session: AsyncSession, actor: Actor, report_id: uuid.UUID
) -> tuple[ProgressReport, ReportingPeriod, Enterprise]:
    """The report, locked for this transaction; Problem `not_found` outside the actor's reach."""
    statement = _select(actor).where(ProgressReport.id == report_id).with_for_update(of=ProgressReport)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return row.ProgressReport, row.ReportingPeriod, row.Enterprise


def listed_reports(
    actor: Actor, *, period: str | None = None, status: str | None = None
) -> Select[ProgressReport, ReportingPeriod, Enterprise]:
    """Reports within reach in order of id; drafts for their enterprise only."""
    statement = _select(actor).order_by(ProgressReport.id)
    if period is not None:
        statement = statement.where(ReportingPeriod.code == period)
    if status is not None:
        statement = statement.where(ProgressReport.status == status)
    return statement


async def report_page(
    session: AsyncSession,
    actor: Actor,
    *,
    period: str | None,
    status: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> ReportPage:
    """Up to `limit` reports in order of id, without their forms, and the cursor of the next page."""
    statement = listed_reports(actor, period=period, status=status).limit(limit + 1)
    if after is not None:
        statement = statement.where(ProgressReport.id > after)
    rows = (await session.execute(statement)).all()
    items = [report_shown(*row) for row in rows[:limit]]
    return ReportPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def report_with_form(session: AsyncSession, actor: Actor, report_id: uuid.UUID) -> ReportOut:
    """One report with its newest snapshot's form, and for its enterprise the draft; Problem `not_found`."""
    row = (await session.execute(_select(actor).where(ProgressReport.id == report_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    report, period, enterprise = row
    shown = report_shown(report, period, enterprise, await newest_form(session, report))
    return await with_draft(shown, report, period) if actor.uscc is not None else shown


async def newest_form(session: AsyncSession, report: ProgressReport) -> dict[str, Any] | None:
    """The form as last submitted; None before the first submission."""
    statement = select(ProgressReportSnapshot.payload).where(
        ProgressReportSnapshot.report_id == report.id, ProgressReportSnapshot.revision == report.revision
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def revision_of(session: AsyncSession, actor: Actor, report_id: uuid.UUID, revision: int) -> RevisionOut:
    """One snapshot of a report within reach; Problem `not_found`."""
    statement = (
        select(ProgressReportSnapshot)
        .join(ProgressReport, ProgressReport.id == ProgressReportSnapshot.report_id)
        .join(Enterprise, Enterprise.id == ProgressReport.enterprise_id)
        .where(ProgressReport.id == report_id, ProgressReportSnapshot.revision == revision)
    )
    snapshot = (await session.execute(enterprises_within_reach(statement, actor))).scalar_one_or_none()
    if snapshot is None:
        raise Problem(NOT_FOUND)
    return RevisionOut(
        revision=snapshot.revision,
        digest=snapshot.digest,
        city_code=snapshot.city_code,
        submitted_at=snapshot.created_at,
        form=snapshot.payload,
    )


def report_shown(
    report: ProgressReport, period: ReportingPeriod, enterprise: Enterprise, form: dict[str, Any] | None = None
) -> ReportOut:
    return ReportOut.model_validate(
        {
            "id": report.id,
            "period": period.code,
            "uscc": enterprise.uscc,
            "name": enterprise.name,
            "city_code": enterprise.city_code,
            "status": report.status,
            "revision": report.revision,
            "version": report.version,
            "return_reasons": (report.return_reasons or {}).get("items"),
            "submitted_at": report.submitted_at,
            "decided_at": report.decided_at,
            "form": form,
        }
    )


async def with_draft(shown: ReportOut, report: ProgressReport, period: ReportingPeriod) -> ReportOut:
    """The report as its enterprise sees it: with the draft and what submission would refuse of it."""
    if report.draft is None:
        return shown
    # A draft may be as large as a body may be: others are served meanwhile.
    violations, left_out = await asyncio.to_thread(violations_of_draft, report.draft, period)
    said = {"violations": violations_shown(violations), "violations_left_out": left_out}
    return shown.model_copy(update={"draft": report.draft, **said})
