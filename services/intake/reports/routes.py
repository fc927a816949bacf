"""HTTP: /v1/reporting-periods and /v1/progress-reports."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response

from services.intake.reports.decision import accept_report, send_back
from services.intake.reports.drafting import begin_report, save_draft
from services.intake.reports.errors import (
    IF_MATCH_MISSING,
    NOT_A_MEMBER,
    OUTSIDE_REPORTING_WINDOW,
    PERIOD_EXISTS,
    PERIOD_NOT_FOUND,
    REPORT_EXISTS,
    REPORT_STATUS,
    VERSION_STALE,
)
from services.intake.reports.form import ProgressForm
from services.intake.reports.outstanding import outstanding_page
from services.intake.reports.periods import open_period, period_or_refuse, period_page, period_shown
from services.intake.reports.queries import report_page, report_with_form, revision_of
from services.intake.reports.schemas import (
    DraftIn,
    OutstandingPage,
    PeriodIn,
    PeriodOut,
    PeriodPage,
    ReportOut,
    ReportPage,
    ReportReturnIn,
    ReportSubmitted,
    RevisionOut,
)
from services.intake.reports.submission import submit_report
from services.intake.reports.transitions import ReportStatus
from services.intake.reports.versions import etag
from shared.errors import NOT_FOUND, VALIDATION_FAILED
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.json_bodies import CarefulJsonRoute
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["reports"], route_class=CarefulJsonRoute)
Limit = Annotated[int, Query(ge=1, le=500)]
IfMatch = Annotated[str | None, Header(max_length=200, description="The ETag of the version read", examples=['"3"'])]


@router.post(
    "/reporting-periods",
    status_code=201,
    response_model=PeriodOut,
    responses=refuses(PERIOD_EXISTS, VALIDATION_FAILED),
    summary="Open a reporting period",
)
async def post_period(
    body: PeriodIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:admin")],
    idempotency: IdempotencyDep,
) -> Response:
    """Open a period (报告期) on which all report who were in the pool on any of its days."""
    return await idempotency.run(session, actor, 201, lambda: open_period(session, actor, body))


@router.get("/reporting-periods", summary="List reporting periods")
async def get_periods(
    session: SessionDep,
    _: Annotated[Actor, requires("reports:read")],
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> PeriodPage:
    """All periods, newest first."""
    return await period_page(session, after=cursor, limit=limit)


@router.get("/reporting-periods/{code}", responses=refuses(PERIOD_NOT_FOUND), summary="Read a reporting period")
async def get_period(code: str, session: SessionDep, _: Annotated[Actor, requires("reports:read")]) -> PeriodOut:
    """One period by its code."""
    return period_shown(await period_or_refuse(session, code))


@router.get(
    "/reporting-periods/{code}/outstanding", responses=refuses(PERIOD_NOT_FOUND), summary="List who has not reported"
)
async def get_outstanding(
    code: str,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:read")],
    cursor: Annotated[str | None, Query(max_length=18)] = None,
    limit: Limit = 100,
) -> OutstandingPage:
    """Members within reach without a submitted report; one that was returned is owed again."""
    return await outstanding_page(session, actor, code, after=cursor, limit=limit)


@router.post(
    "/reporting-periods/{code}/reports",
    status_code=201,
    response_model=ReportOut,
    responses=refuses(PERIOD_NOT_FOUND, OUTSIDE_REPORTING_WINDOW, NOT_A_MEMBER, REPORT_EXISTS, VALIDATION_FAILED),
    summary="Begin a progress report",
)
async def post_report(
    code: str,
    body: DraftIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:submit")],
    idempotency: IdempotencyDep,
) -> Response:
    """Begin one's own report as a draft, however incomplete; `violations` say what submission would refuse."""
    return await idempotency.run(session, actor, 201, lambda: begin_report(session, actor, code, body.form))


@router.get("/progress-report-form", summary="Read the form's JSON Schema")
def get_form(_: Annotated[Actor, requires("reports:read")]) -> dict[str, Any]:
    """What a submitted report must satisfy, as JSON Schema."""
    return ProgressForm.model_json_schema()


@router.get("/progress-reports", summary="List progress reports within reach")
async def get_reports(
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:read")],
    period: Annotated[str | None, Query(max_length=40)] = None,
    status: ReportStatus | None = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ReportPage:
    """Reports in order of id, without their forms; drafts are shown to their enterprise only."""
    return await report_page(session, actor, period=period, status=status, after=cursor, limit=limit)


@router.get("/progress-reports/{report_id}", responses=refuses(NOT_FOUND), summary="Read a progress report")
async def get_report(
    report_id: uuid.UUID, response: Response, session: SessionDep, actor: Annotated[Actor, requires("reports:read")]
) -> ReportOut:
    """One report with what was last submitted; its enterprise also sees the draft."""
    shown = await report_with_form(session, actor, report_id)
    response.headers["ETag"] = etag(shown.version)
    return shown


@router.get(
    "/progress-reports/{report_id}/revisions/{revision}", responses=refuses(NOT_FOUND), summary="Read a revision"
)
async def get_revision(
    report_id: uuid.UUID,
    revision: Annotated[int, Path(ge=1, le=2_147_483_647)],
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:read")],
) -> RevisionOut:
    """A report as it was submitted; a snapshot never changes."""
    return await revision_of(session, actor, report_id, revision)


@router.put(
    "/progress-reports/{report_id}/draft",
    responses=refuses(NOT_FOUND, REPORT_STATUS, VERSION_STALE, IF_MATCH_MISSING, VALIDATION_FAILED),
    summary="Save a draft",
)
async def put_draft(
    report_id: uuid.UUID,
    body: DraftIn,
    response: Response,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:submit")],
    if_match: IfMatch = None,
) -> ReportOut:
    """Replace the draft of one's own report while it is being written or was returned."""
    shown = await save_draft(session, actor, report_id, body.form, if_match=if_match)
    response.headers["ETag"] = etag(shown.version)
    return shown


@router.post(
    "/progress-reports/{report_id}:submit",
    response_model=ReportSubmitted,
    responses=refuses(
        NOT_FOUND, REPORT_STATUS, OUTSIDE_REPORTING_WINDOW, VERSION_STALE, IF_MATCH_MISSING, VALIDATION_FAILED
    ),
    summary="Submit a progress report",
)
async def post_submission(
    report_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:submit")],
    idempotency: IdempotencyDep,
    if_match: IfMatch = None,
) -> Response:
    """Check the draft strictly and keep it as the next immutable revision."""
    return await idempotency.run(
        session, actor, 200, lambda: submit_report(session, actor, report_id, if_match=if_match)
    )


@router.post(
    "/progress-reports/{report_id}:accept",
    response_model=ReportOut,
    responses=refuses(NOT_FOUND, REPORT_STATUS),
    summary="Accept a progress report",
)
async def post_acceptance(
    report_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:decide")],
    idempotency: IdempotencyDep,
) -> Response:
    """Accept a submitted report of one's city."""
    return await idempotency.run(session, actor, 200, lambda: accept_report(session, actor, report_id))


@router.post(
    "/progress-reports/{report_id}:return",
    response_model=ReportOut,
    responses=refuses(NOT_FOUND, REPORT_STATUS, VALIDATION_FAILED),
    summary="Return a progress report (退回)",
)
async def post_return(
    report_id: uuid.UUID,
    body: ReportReturnIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:decide")],
    idempotency: IdempotencyDep,
) -> Response:
    """Send a submitted report back with reasons on named fields."""
    return await idempotency.run(session, actor, 200, lambda: send_back(session, actor, report_id, body, "return"))


@router.post(
    "/progress-reports/{report_id}:reopen",
    response_model=ReportOut,
    responses=refuses(NOT_FOUND, REPORT_STATUS, VALIDATION_FAILED),
    summary="Reopen an accepted progress report",
)
async def post_reopening(
    report_id: uuid.UUID,
    body: ReportReturnIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:admin")],
    idempotency: IdempotencyDep,
) -> Response:
    """Send an accepted report back for correction after a spot check (核查抽查)."""
    return await idempotency.run(session, actor, 200, lambda: send_back(session, actor, report_id, body, "reopen"))
