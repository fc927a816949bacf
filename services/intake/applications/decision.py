"""A city's decision on applications: recommend (推荐) a batch, or return (退回) one with reasons."""

from __future__ import annotations

import uuid
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.errors import WRONG_STATUS
from services.intake.applications.queries import within_reach
from services.intake.applications.schemas import Recommended, ReturnIn
from services.intake.applications.transitions import Act, Status, next_status
from shared import audit, outbox
from shared.errors import NOT_FOUND, Problem, Violation
from shared.events import ApplicationsRecommended
from shared.models.intake import Application, Enterprise
from shared.security.actor import Actor


async def recommend(session: AsyncSession, actor: Actor, application_ids: list[uuid.UUID]) -> Recommended:
    """Recommend all of them or none; what is recommended already stays so (方案二(六)11)."""
    applications = await _lock(session, actor, set(application_ids))
    waiting = [application for application in applications if application.status != "recommended"]
    refused = [application.id for application in waiting if _after(application, "recommend") is None]
    if refused:
        raise Problem(WRONG_STATUS, violations=[_not_allowed(application_ids.index(id_)) for id_ in refused])
    for application in waiting:
        await _move(session, actor, application, "recommend")
    if waiting:
        await outbox.publish(session, ApplicationsRecommended(application_ids=[row.id for row in waiting]))
    return Recommended(recommended=len(waiting), already_recommended=len(applications) - len(waiting))


async def return_to_enterprise(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, return_in: ReturnIn
) -> None:
    """Send a submitted application back with the fields to correct."""
    (application,) = await _lock(session, actor, {application_id})
    reasons = [reason.model_dump() for reason in return_in.reasons]
    if application.status == "returned" and application.return_reasons == {"items": reasons}:
        return
    if _after(application, "return") is None:
        raise Problem(WRONG_STATUS)
    application.return_reasons = {"items": reasons}
    await _move(session, actor, application, "return")


async def _lock(session: AsyncSession, actor: Actor, ids: set[uuid.UUID]) -> list[Application]:
    statement = (
        select(Application)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .where(Application.id.in_(ids))
        # One order for all who lock several rows, or two officers could wait for each other.
        .order_by(Application.id)
        .with_for_update(of=Application)
    )
    applications = list((await session.execute(within_reach(statement, actor))).scalars())
    if len(applications) != len(ids):
        raise Problem(NOT_FOUND)
    return applications


def _after(application: Application, act: Act) -> Status | None:
    return next_status(cast("Status", application.status), act)


async def _move(session: AsyncSession, actor: Actor, application: Application, act: Act) -> None:
    status = _after(application, act)
    assert status is not None  # noqa: S101 (checked by the callers, which answer with the refusal)
    application.status = status
    application.decided_by = actor.subject
    application.decided_at = func.now()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action=f"application.{act}",
        subject=("application", application.id),
        detail={"revision": application.revision, "reasons": (application.return_reasons or {}).get("items", [])},
    )


def _not_allowed(index: int) -> Violation:
    return Violation(
        WRONG_STATUS.code, WRONG_STATUS.title_zh, WRONG_STATUS.title_en, pointer=f"/application_ids/{index}"
    )
