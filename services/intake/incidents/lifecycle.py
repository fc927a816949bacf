"""An incident's life: alleged, confirmed or dismissed by another, cured; every step is kept (二(六)12(3))."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.incidents.documents import stored_document
from services.intake.incidents.errors import CONFIRMED_BY_ANOTHER, CURED_TOO_EARLY, INCIDENT_STATUS, NOT_IN_PROGRAMME
from services.intake.incidents.queries import enterprise_or_refuse, incident_by_id, is_in_programme, lock_incident
from services.intake.incidents.schemas import ConfirmIn, CureIn, DismissIn, IncidentIn, IncidentOut, SourceDocument
from services.intake.incidents.transitions import Act, next_status
from shared import audit, calendar, outbox
from shared.calendar import business_date
from shared.errors import Problem
from shared.events import IncidentClosed, IncidentConfirmed
from shared.models.intake import Enterprise, Incident, IncidentStep
from shared.security.actor import Actor


async def allege(session: AsyncSession, actor: Actor, incident_in: IncidentIn) -> IncidentOut:
    """Record an allegation about an enterprise within reach; it does not count against it.

    Members and applicants alike: what is confirmed ends a stay (二(六)12(3)) and bars a replacement. Problem
    `not_found`, or `not_in_programme` for one that is neither.
    """
    enterprise = await enterprise_or_refuse(session, actor, incident_in.uscc, hold=True)
    if not await is_in_programme(session, enterprise):
        raise Problem(NOT_IN_PROGRAMME)
    incident = Incident(
        enterprise_id=enterprise.id,
        kind=incident_in.kind,
        occurred_on=incident_in.occurred_on,
        reported_on=incident_in.reported_on or business_date(calendar.now()),
        status="alleged",
        alleged_by=actor.subject,
    )
    session.add(incident)
    await session.flush()
    return await _step(session, actor, incident, "allege", incident_in.reason, incident_in.document)


async def confirm(session: AsyncSession, actor: Actor, incident_id: uuid.UUID, step_in: ConfirmIn) -> IncidentOut:
    """Confirm somebody else's allegation; from now on it counts."""
    incident, enterprise = await _advance(session, actor, incident_id, "confirm")
    if incident.alleged_by == actor.subject:
        raise Problem(CONFIRMED_BY_ANOTHER)
    incident.confirmed_by, incident.confirmed_at = actor.subject, calendar.now()
    await session.flush()
    event = IncidentConfirmed(incident_id=incident.id, uscc=enterprise.uscc, kind=incident.kind)
    await outbox.publish(session, event)
    return await _step(session, actor, incident, "confirm", step_in.reason, step_in.document)


async def dismiss(session: AsyncSession, actor: Actor, incident_id: uuid.UUID, step_in: DismissIn) -> IncidentOut:
    """Dismiss an allegation (查无实据); it never counted."""
    incident, _ = await _advance(session, actor, incident_id, "dismiss")
    await session.flush()
    return await _step(session, actor, incident, "dismiss", step_in.reason, step_in.document)


async def cure(session: AsyncSession, actor: Actor, incident_id: uuid.UUID, step_in: CureIn) -> IncidentOut:
    """Close a confirmed incident that was put right (整改、信用修复); it counts no longer from `cured_on`."""
    incident, enterprise = await _advance(session, actor, incident_id, "cure")
    cured_on = step_in.cured_on or business_date(calendar.now())
    if cured_on < incident.occurred_on:
        raise Problem(CURED_TOO_EARLY)
    incident.cured_on, incident.cured_at = cured_on, calendar.now()
    await session.flush()
    event = IncidentClosed(incident_id=incident.id, uscc=enterprise.uscc, kind=incident.kind)
    await outbox.publish(session, event)
    return await _step(session, actor, incident, "cure", step_in.reason, step_in.document)


async def _advance(
    session: AsyncSession, actor: Actor, incident_id: uuid.UUID, act: Act
) -> tuple[Incident, Enterprise]:
    incident, enterprise = await lock_incident(session, actor, incident_id)
    status = next_status(incident.status, act)
    if status is None:
        raise Problem(INCIDENT_STATUS)
    incident.status = status
    return incident, enterprise


async def _step(
    session: AsyncSession, actor: Actor, incident: Incident, act: Act, reason: str, document: SourceDocument | None
) -> IncidentOut:
    number = select(func.count() + 1).where(IncidentStep.incident_id == incident.id).scalar_subquery()
    step = IncidentStep(
        incident_id=incident.id,
        number=number,
        act=act,
        reason=reason,
        document=await stored_document(session, actor, incident.enterprise_id, document, pointer="/document"),
        by=actor.subject,
    )
    session.add(step)
    await session.flush()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action=f"incident.{act}",
        subject=("incident", incident.id),
        detail={"kind": incident.kind, "reason": reason},
    )
    await session.refresh(incident)
    return await incident_by_id(session, actor, incident.id)
