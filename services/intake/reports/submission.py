"""Submit a progress report: the draft, checked strictly, becomes the next immutable snapshot."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.reports.checking import checked_form
from services.intake.reports.errors import REPORT_STATUS
from services.intake.reports.periods import refuse_outside_window
from services.intake.reports.queries import lock_report
from services.intake.reports.schemas import ReportSubmitted
from services.intake.reports.transitions import next_report_status
from services.intake.reports.versions import check_version
from shared import audit, calendar
from shared.canonical import canonical_text_without_floats, sha256_hex
from shared.errors import Problem
from shared.models.intake import ProgressReportSnapshot
from shared.security.actor import Actor


async def submit_report(
    session: AsyncSession, actor: Actor, report_id: uuid.UUID, *, if_match: str | None
) -> ReportSubmitted:
    """Submit the version of the draft that `if_match` names.

    A returned report may be corrected after the window has closed: it was in time the first time. Problem
    `version_stale`, `report_status`, `outside_reporting_window`, or `validation_failed` with every violation.
    """
    report, period, enterprise = await lock_report(session, actor, report_id)
    check_version(if_match, report.version)
    status = next_report_status(report.status, "submit")
    if status is None or report.draft is None:
        raise Problem(REPORT_STATUS)
    if report.status == "draft":
        refuse_outside_window(period)
    payload = checked_form(report.draft, period).model_dump(mode="json")
    digest = sha256_hex(canonical_text_without_floats(payload))
    report.status, report.revision, report.version = status, report.revision + 1, report.version + 1
    report.draft = report.return_reasons = report.decided_by = report.decided_at = None
    report.submitted_at = calendar.now()
    session.add(
        ProgressReportSnapshot(
            report_id=report.id,
            revision=report.revision,
            city_code=enterprise.city_code,
            payload=payload,
            digest=digest,
            submitted_by=actor.subject,
        )
    )
    await session.flush()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="progress_report.submit",
        subject=("progress_report", report.id),
        detail={"revision": report.revision, "digest": digest},
    )
    return ReportSubmitted(
        id=report.id,
        period=period.code,
        status=status,
        revision=report.revision,
        version=report.version,
        digest=digest,
    )
