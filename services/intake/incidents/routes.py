"""HTTP: /v1/incidents, /v1/business-notices, and an enterprise's conduct record."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.intake.attachments.errors import ATTACHMENT_NOT_REFERABLE
from services.intake.enterprises.errors import USCC_SUPERSEDED
from services.intake.incidents.errors import (
    CONFIRMED_BY_ANOTHER,
    CURED_TOO_EARLY,
    INCIDENT_EXISTS,
    INCIDENT_STATUS,
    NOT_IN_PROGRAMME,
    NOTICE_EXISTS,
    NOTICE_REMOVED,
    REMOVED_TOO_EARLY,
)
from services.intake.incidents.kinds import IncidentKind
from services.intake.incidents.lifecycle import allege, confirm, cure, dismiss
from services.intake.incidents.notices import end_notice, record_notice
from services.intake.incidents.queries import conduct_record, incident_by_id, incident_page, notice_page
from services.intake.incidents.schemas import (
    ConductRecord,
    ConfirmIn,
    CureIn,
    DismissIn,
    IncidentIn,
    IncidentOut,
    IncidentPage,
    NoticeIn,
    NoticeOut,
    NoticePage,
    NoticeRemovalIn,
)
from services.intake.incidents.transitions import Status
from shared.errors import NOT_FOUND, VALIDATION_FAILED
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["incidents"])
Limit = Annotated[int, Query(ge=1, le=500)]
UsccQuery = Annotated[str | None, Query(max_length=18, description="统一社会信用代码")]


@router.post(
    "/incidents",
    status_code=201,
    response_model=IncidentOut,
    responses=refuses(
        NOT_FOUND, NOT_IN_PROGRAMME, USCC_SUPERSEDED, INCIDENT_EXISTS, ATTACHMENT_NOT_REFERABLE, VALIDATION_FAILED
    ),
    summary="Allege an incident",
)
async def post_incident(
    body: IncidentIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Record an allegation with its source; it counts only once somebody else has confirmed it."""
    return await idempotency.run(session, actor, 201, lambda: allege(session, actor, body))


@router.get("/incidents", summary="List incidents within reach")
async def get_incidents(
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:read")],
    uscc: UsccQuery = None,
    kind: IncidentKind | None = None,
    status: Status | None = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> IncidentPage:
    """Incidents with their steps; an enterprise sees its own that were confirmed, without officers' names."""
    return await incident_page(session, actor, uscc=uscc, kind=kind, status=status, after=cursor, limit=limit)


@router.get("/incidents/{incident_id}", responses=refuses(NOT_FOUND), summary="Read an incident")
async def get_incident(
    incident_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("incidents:read")]
) -> IncidentOut:
    """One incident with every step."""
    return await incident_by_id(session, actor, incident_id)


@router.post(
    "/incidents/{incident_id}:confirm",
    response_model=IncidentOut,
    responses=refuses(NOT_FOUND, INCIDENT_STATUS, CONFIRMED_BY_ANOTHER, ATTACHMENT_NOT_REFERABLE, VALIDATION_FAILED),
    summary="Confirm an incident (认定)",
)
async def post_confirmation(
    incident_id: uuid.UUID,
    body: ConfirmIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:decide")],
    idempotency: IdempotencyDep,
) -> Response:
    """Confirm somebody else's allegation; from then on it counts against the enterprise."""
    return await idempotency.run(session, actor, 200, lambda: confirm(session, actor, incident_id, body))


@router.post(
    "/incidents/{incident_id}:dismiss",
    response_model=IncidentOut,
    responses=refuses(NOT_FOUND, INCIDENT_STATUS, ATTACHMENT_NOT_REFERABLE, VALIDATION_FAILED),
    summary="Dismiss an allegation",
)
async def post_dismissal(
    incident_id: uuid.UUID,
    body: DismissIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:decide")],
    idempotency: IdempotencyDep,
) -> Response:
    """End an allegation that does not hold; what turns up later is alleged anew."""
    return await idempotency.run(session, actor, 200, lambda: dismiss(session, actor, incident_id, body))


@router.post(
    "/incidents/{incident_id}:cure",
    response_model=IncidentOut,
    responses=refuses(NOT_FOUND, INCIDENT_STATUS, CURED_TOO_EARLY, ATTACHMENT_NOT_REFERABLE, VALIDATION_FAILED),
    summary="Close a cured incident",
)
async def post_cure(
    incident_id: uuid.UUID,
    body: CureIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:decide")],
    idempotency: IdempotencyDep,
) -> Response:
    """Close a confirmed incident that was put right (整改、信用修复)."""
    return await idempotency.run(session, actor, 200, lambda: cure(session, actor, incident_id, body))


@router.post(
    "/business-notices",
    status_code=201,
    response_model=NoticeOut,
    responses=refuses(NOT_FOUND, USCC_SUPERSEDED, NOTICE_EXISTS, ATTACHMENT_NOT_REFERABLE, VALIDATION_FAILED),
    summary="Record a notice (经营异常名录)",
)
async def post_notice(
    body: NoticeIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Record a listing; it is shown beside incidents and never counts as one."""
    return await idempotency.run(session, actor, 201, lambda: record_notice(session, actor, body))


@router.post(
    "/business-notices/{notice_id}:remove",
    response_model=NoticeOut,
    responses=refuses(NOT_FOUND, NOTICE_REMOVED, REMOVED_TOO_EARLY, ATTACHMENT_NOT_REFERABLE, VALIDATION_FAILED),
    summary="Record that a listing ended (移出)",
)
async def post_removal(
    notice_id: uuid.UUID,
    body: NoticeRemovalIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Record the day on which the enterprise was taken off the list."""
    return await idempotency.run(session, actor, 200, lambda: end_notice(session, actor, notice_id, body))


@router.get("/business-notices", summary="List notices within reach")
async def get_notices(
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:read")],
    uscc: UsccQuery = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> NoticePage:
    """Notices in the order in which they were recorded."""
    return await notice_page(session, actor, uscc=uscc, after=cursor, limit=limit)


@router.get(
    "/enterprises/{uscc}/conduct-record", responses=refuses(NOT_FOUND), summary="Read an enterprise's conduct record"
)
async def get_conduct_record(
    uscc: Annotated[str, Path(max_length=18)],
    session: SessionDep,
    actor: Annotated[Actor, requires("incidents:read")],
    limit: Limit = 100,
) -> ConductRecord:
    """Its newest incidents and notices side by side, and how many incidents count today."""
    return await conduct_record(session, actor, uscc, limit=limit)
