"""Withdraw an application (撤回): at any time before the cycle's selection is decided."""

from __future__ import annotations

import uuid

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.confirmations import drop_confirmations
from services.intake.applications.errors import ALREADY_SELECTED
from services.intake.applications.movement import Change, after, check_may, lock_within_reach, move
from services.intake.applications.queries import cycle_within_reach
from shared.candidacy import hold_candidacy
from shared.errors import Problem
from shared.models.intake import ApplicationDraft
from shared.models.intake.applications import APPLICATION_SECTIONS
from shared.models.reads import is_selected
from shared.security.actor import Actor


async def withdraw(session: AsyncSession, actor: Actor, application_id: uuid.UUID, reason: str | None) -> None:
    """Withdraw; again with the same reason changes nothing.

    Nothing confirmed stands afterwards: who applies again may change everything. Problem `already_selected` once a
    committed plan has the application among its entries: the lock makes this and the commit follow one another.
    """
    check_may("withdraw", actor, reason=reason)
    await hold_candidacy(session, await cycle_within_reach(session, actor, application_id))
    (application,) = await lock_within_reach(session, actor, {application_id})
    if (application.status, application.status_reason) == ("withdrawn", reason):
        return
    after(application, "withdraw")
    if await is_selected(session, application.id):
        raise Problem(ALREADY_SELECTED)
    being_filled_in = application.status in ("draft", "returned")
    await move(session, actor, "withdraw", [application], Change({"status_reason": reason}, {"reason": reason}))
    await drop_confirmations(session, application.id, APPLICATION_SECTIONS)
    if not being_filled_in:
        await session.execute(delete(ApplicationDraft).where(ApplicationDraft.application_id == application.id))
