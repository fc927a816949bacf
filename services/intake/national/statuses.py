"""What an upstream change of status asks of an application: one table, one function."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.decision import decline, recommend, return_to_enterprise
from services.intake.applications.schemas import ReturnIn, ReturnReason
from services.intake.applications.withdrawal import withdraw
from services.intake.national.errors import STATUS_NOT_HANDLED
from services.intake.national.wire import StatusKind, StatusRecord
from shared.errors import Problem
from shared.models.intake import Application
from shared.security.actor import Actor

Act = Callable[[AsyncSession, Actor, uuid.UUID, StatusRecord], Awaitable[object]]


async def _recommend(session: AsyncSession, actor: Actor, application_id: uuid.UUID, _: StatusRecord) -> object:
    return await recommend(session, actor, [application_id])


async def _return(session: AsyncSession, actor: Actor, application_id: uuid.UUID, record: StatusRecord) -> object:
    reason = ReturnReason(field="", reason=record.reason or "国家系统退回")
    return await return_to_enterprise(session, actor, application_id, ReturnIn(reasons=[reason]))


async def _decline(session: AsyncSession, actor: Actor, application_id: uuid.UUID, record: StatusRecord) -> object:
    return await decline(session, actor, application_id, record.reason or "国家系统：不予推荐")


async def _withdraw(session: AsyncSession, actor: Actor, application_id: uuid.UUID, record: StatusRecord) -> object:
    return await withdraw(session, actor, application_id, record.reason or "国家系统：申报已撤回")


# The status that a change leads to is its own name. None: stored, and waiting until evaluation has done its part.
_ACTS: dict[StatusKind, Act | None] = {
    "returned": _return,
    "recommended": _recommend,
    "not_recommended": _decline,
    "passed_on": None,
    "withdrawn": _withdraw,
}


async def apply_status(session: AsyncSession, actor: Actor, application_id: uuid.UUID, record: StatusRecord) -> None:
    """Bring the application to the record's status; Problem `status_not_handled` or the act's own refusal.

    An application that has this status already keeps it: that the two sides agree is all that is asked.
    """
    status = select(Application.status).where(Application.id == application_id).with_for_update()
    if (await session.execute(status)).scalar_one() == record.status:
        return
    act = _ACTS[record.status]
    if act is None:
        raise Problem(STATUS_NOT_HANDLED)
    await act(session, actor, application_id, record)
