"""Reads of incidents and notices, always within the actor's reach."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import TypeVarTuple

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.queries import by_code, own_records
from services.intake.incidents.kinds import INCIDENT_TITLES, NOTICE_TITLES
from services.intake.incidents.schemas import (
    ConductRecord,
    IncidentOut,
    IncidentPage,
    NoticeOut,
    NoticePage,
    StepOut,
)
from shared import calendar
from shared.calendar import business_date
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Application, BusinessNotice, Enterprise, Incident, IncidentStep
from shared.models.reads import standing_incidents
from shared.security.actor import Actor

Row = TypeVarTuple("Row")


def _within_reach(statement: Select[*Row], actor: Actor) -> Select[*Row]:
    if actor.uscc is not None:
        statement = statement.where(Enterprise.id.in_(own_records(actor.uscc)))
    if actor.city_code is not None:
        statement = statement.where(Enterprise.city_code == actor.city_code)
    return statement


def _select(actor: Actor) -> Select[Incident, Enterprise]:
    statement = select(Incident, Enterprise).join(Enterprise, Enterprise.id == Incident.enterprise_id)
    if actor.uscc is not None:
        # What is merely alleged, or was dismissed, is not told to the enterprise.
        statement = statement.where(Incident.status.in_(("confirmed", "cured")))
    return _within_reach(statement, actor)


async def enterprise_or_refuse(session: AsyncSession, actor: Actor, uscc: str, *, hold: bool = False) -> Enterprise:
    """An enterprise within reach, by any of its codes; Problem `not_found`.

    Once held, it is not merged before the transaction ends, and others who hold it wait: two notices that exclude each
    other would otherwise both be written and then deadlock over the exclusion constraint.
    """
    statement = _within_reach(select(Enterprise).where(Enterprise.id.in_(by_code(uscc))), actor)
    if hold:
        statement = statement.with_for_update(key_share=True)
    enterprise = (await session.execute(statement)).scalar_one_or_none()
    if enterprise is None:
        raise Problem(NOT_FOUND)
    return enterprise


async def is_in_programme(session: AsyncSession, enterprise: Enterprise) -> bool:
    """Whether it has an application that was submitted and not withdrawn, as every member of the pool has."""
    theirs = (Application.enterprise_id == enterprise.id) & (Application.revision > 0)
    statement = select(Application.id).where(theirs, Application.status != "withdrawn").limit(1)
    return (await session.execute(statement)).first() is not None


async def lock_incident(session: AsyncSession, actor: Actor, incident_id: uuid.UUID) -> tuple[Incident, Enterprise]:
    """The incident, locked for this transaction; Problem `not_found`."""
    statement = _select(actor).where(Incident.id == incident_id).with_for_update(of=Incident)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return row.Incident, row.Enterprise


async def incident_by_id(session: AsyncSession, actor: Actor, incident_id: uuid.UUID) -> IncidentOut:
    """One incident with its steps; Problem `not_found`."""
    row = (await session.execute(_select(actor).where(Incident.id == incident_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    (shown,) = await _with_steps(session, actor, [(row.Incident, row.Enterprise)])
    return shown


def listed_incidents(
    actor: Actor, *, uscc: str | None = None, kind: str | None = None, status: str | None = None
) -> Select[Incident, Enterprise]:
    """Incidents within reach in the order in which they were alleged; an enterprise's own once confirmed."""
    statement = _select(actor).order_by(Incident.id)
    if uscc is not None:
        statement = statement.where(Enterprise.uscc == uscc)
    if kind is not None:
        statement = statement.where(Incident.kind == kind)
    if status is not None:
        statement = statement.where(Incident.status == status)
    return statement


async def incident_page(
    session: AsyncSession,
    actor: Actor,
    *,
    uscc: str | None,
    kind: str | None,
    status: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> IncidentPage:
    """Up to `limit` incidents in the order in which they were alleged, and the cursor of the next page."""
    statement = listed_incidents(actor, uscc=uscc, kind=kind, status=status).limit(limit + 1)
    if after is not None:
        statement = statement.where(Incident.id > after)
    rows = (await session.execute(statement)).all()
    items = await _with_steps(session, actor, [(row.Incident, row.Enterprise) for row in rows[:limit]])
    return IncidentPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def _with_steps(
    session: AsyncSession, actor: Actor, found: list[tuple[Incident, Enterprise]]
) -> list[IncidentOut]:
    statement = (
        select(IncidentStep)
        .where(IncidentStep.incident_id.in_([incident.id for incident, _ in found]))
        .order_by(IncidentStep.incident_id, IncidentStep.number)
    )
    if actor.uscc is not None:
        statement = statement.where(IncidentStep.act != "allege")
    steps: dict[uuid.UUID, list[StepOut]] = defaultdict(list)
    for step in (await session.execute(statement)).scalars():
        steps[step.incident_id].append(_step_shown(step, actor))
    return [_shown(incident, enterprise, steps[incident.id]) for incident, enterprise in found]


def _step_shown(step: IncidentStep, actor: Actor) -> StepOut:
    fields = {name: getattr(step, name) for name in ("number", "act", "reason", "document", "at")}
    return StepOut.model_validate({**fields, "by": step.by if actor.uscc is None else None})


def _shown(incident: Incident, enterprise: Enterprise, steps: list[StepOut]) -> IncidentOut:
    fields = ("id", "kind", "occurred_on", "reported_on", "status", "confirmed_at", "cured_on")
    return IncidentOut.model_validate(
        {name: getattr(incident, name) for name in fields}
        | {
            "uscc": enterprise.uscc,
            "name": enterprise.name,
            "city_code": enterprise.city_code,
            "kind_title": INCIDENT_TITLES[incident.kind],  # pyright: ignore[reportArgumentType] (the CHECK keeps it)
            "counts": incident.status == "confirmed",
            "steps": steps,
        }
    )


def _select_notices(actor: Actor) -> Select[BusinessNotice, Enterprise]:
    statement = select(BusinessNotice, Enterprise).join(Enterprise, Enterprise.id == BusinessNotice.enterprise_id)
    return _within_reach(statement, actor)


async def lock_notice(session: AsyncSession, actor: Actor, notice_id: uuid.UUID) -> tuple[BusinessNotice, Enterprise]:
    """The notice, locked for this transaction; Problem `not_found`."""
    statement = _select_notices(actor).where(BusinessNotice.id == notice_id).with_for_update(of=BusinessNotice)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return row.BusinessNotice, row.Enterprise


def listed_notices(actor: Actor, *, uscc: str | None = None) -> Select[BusinessNotice, Enterprise]:
    """Notices within reach in the order in which they were recorded."""
    statement = _select_notices(actor).order_by(BusinessNotice.id)
    if uscc is not None:
        statement = statement.where(Enterprise.uscc == uscc)
    return statement


async def notice_page(
    session: AsyncSession, actor: Actor, *, uscc: str | None, after: uuid.UUID | None, limit: int
) -> NoticePage:
    """Up to `limit` notices in the order in which they were recorded, and the cursor of the next page."""
    statement = listed_notices(actor, uscc=uscc).limit(limit + 1)
    if after is not None:
        statement = statement.where(BusinessNotice.id > after)
    rows = (await session.execute(statement)).all()
    items = [notice_shown(row.BusinessNotice, row.Enterprise) for row in rows[:limit]]
    return NoticePage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def notice_shown(notice: BusinessNotice, enterprise: Enterprise) -> NoticeOut:
    fields = ("id", "kind", "listed_on", "source", "removed_on", "removal_source")
    return NoticeOut.model_validate(
        {name: getattr(notice, name) for name in fields}
        | {
            "uscc": enterprise.uscc,
            "kind_title": NOTICE_TITLES[notice.kind],  # pyright: ignore[reportArgumentType] (the CHECK keeps it)
        }
    )


async def conduct_record(session: AsyncSession, actor: Actor, uscc: str, *, limit: int) -> ConductRecord:
    """The newest incidents and notices of one enterprise side by side, and how many count today."""
    enterprise = await enterprise_or_refuse(session, actor, uscc)
    its = Enterprise.id == enterprise.id
    incidents = _select(actor).where(its).order_by(Incident.id.desc()).limit(limit)
    notices = _select_notices(actor).where(its).order_by(BusinessNotice.id.desc()).limit(limit)
    found = [(row.Incident, row.Enterprise) for row in await session.execute(incidents)]
    listed = [(row.BusinessNotice, row.Enterprise) for row in await session.execute(notices)]
    return ConductRecord(
        uscc=enterprise.uscc,
        name=enterprise.name,
        standing=len(await standing_incidents(session, [enterprise.uscc], business_date(calendar.now()))),
        incidents=await _with_steps(session, actor, found),
        notices=[notice_shown(*one) for one in listed],
    )
