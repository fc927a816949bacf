"""Move applications by the one table: lock them, ask who may, change the status, record the act."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.errors import REASON_REQUIRED, WRONG_STATUS
from services.intake.applications.queries import within_reach
from services.intake.applications.transitions import TABLE, Act, Status, next_status
from shared import audit
from shared.errors import FORBIDDEN, NOT_FOUND, Problem, Violation
from shared.models.intake import Application, Enterprise
from shared.security.actor import Actor

# What belongs to a status and ends with it.
_ENDED: Mapping[str, Any] = {
    "status_reason": None,
    "return_reasons": None,
    "reopened_sections": None,
    "correct_until": None,
}


@dataclass(frozen=True, slots=True)
class Change:
    """What an act does beside moving the status: columns that it sets, and what its audit entries say."""

    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


def check_may(act: Act, actor: Actor, *, reason: object = None) -> None:
    """Problem `forbidden` for a role that the act is not for, `reason_required` for one that must say why."""
    rule = TABLE[act]
    if actor.role not in rule.roles:
        raise Problem(FORBIDDEN)
    if actor.role in rule.must_say_why and not reason:
        raise Problem(REASON_REQUIRED, violations=[violation(REASON_REQUIRED, "/reason")])


async def lock_within_reach(session: AsyncSession, actor: Actor, ids: set[uuid.UUID]) -> list[Application]:
    """The applications, locked in order of id; Problem `not_found` where one is outside the actor's reach."""
    statement = (
        select(Application)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .where(Application.id.in_(ids))
        # One order for all who lock several rows, or two officers could wait for each other.
        .order_by(Application.id)
        .with_for_update(of=Application)
        # What this session read before the lock was granted may be old by now.
        .execution_options(populate_existing=True)
    )
    applications = list((await session.execute(within_reach(statement, actor))).scalars())
    if len(applications) != len(ids):
        raise Problem(NOT_FOUND)
    return applications


def status_of(application: Application) -> Status:
    return cast("Status", application.status)


def after(application: Application, act: Act) -> Status:
    """The status that the act leads to; Problem `application_status` where it is not allowed."""
    status = next_status(status_of(application), act)
    if status is None:
        raise Problem(WRONG_STATUS)
    return status


async def move(
    session: AsyncSession,
    actor: Actor,
    act: Act,
    applications: Sequence[Application],
    change: Change | None = None,
    *,
    details: Mapping[uuid.UUID, Mapping[str, Any]] | None = None,
) -> None:
    """Move locked applications, all or none, and record one act each; Problem `application_status`.

    `details` adds to the audit entry of one application.
    """
    if not applications:
        return
    change = change or Change()
    acts = [_recorded(one, after(one, act), change, (details or {}).get(one.id, {})) for one in applications]
    # Evaluation's taking in decides nothing: the city's decision and its time stay.
    decided = {} if act == "pass_on" else {"decided_by": actor.subject, "decided_at": func.now()}
    # Every act but saving a draft leads to one status, wherever it starts.
    values = {**_ENDED, **decided, **change.values, "status": after(applications[0], act)}
    ids = [one.id for one in applications]
    await session.execute(update(Application).where(Application.id.in_(ids)).values(values))
    await audit.record_each(session, service="intake", actor=actor, action=f"application.{act}", acts=acts)


def _recorded(
    application: Application, status: Status, change: Change, more: Mapping[str, Any]
) -> tuple[tuple[str, uuid.UUID], dict[str, Any]]:
    detail = {"from": application.status, "to": status, "revision": application.revision}
    return ("application", application.id), {**detail, **change.detail, **more}


def violation(kind: Any, pointer: str | None) -> Violation:
    """A refusal's own words, at a place."""
    return Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)
