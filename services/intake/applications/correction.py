"""Send an application back for correction (退回补正): named fields, the sections they reopen, a time to correct."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.confirmations import drop_confirmations
from services.intake.applications.errors import ALREADY_SELECTED
from services.intake.applications.movement import Change, after, check_may, lock_within_reach, move
from services.intake.applications.queries import cycle_within_reach
from services.intake.applications.schemas import ReturnIn
from services.intake.applications.sections import sections_named
from shared.candidacy import hold_candidacy
from shared.errors import Problem
from shared.models.intake import Application, ApplicationDraft, Cycle
from shared.models.reads import is_selected
from shared.reference.province import province
from shared.security.actor import Actor


async def reopen(session: AsyncSession, actor: Actor, application_id: uuid.UUID, return_in: ReturnIn) -> None:
    """The province sends back what a city recommended; again with the same reasons changes nothing.

    Problem `already_selected` once the cycle's selection is decided with it.
    """
    check_may("reopen", actor, reason=return_in.reasons)
    await hold_candidacy(session, await cycle_within_reach(session, actor, application_id))
    (application,) = await lock_within_reach(session, actor, {application_id})
    await send_back(session, actor, "reopen", application, return_in)


async def send_back(
    session: AsyncSession, actor: Actor, act: Literal["return", "reopen"], application: Application, return_in: ReturnIn
) -> None:
    """Move a locked application to returned: what the reasons name is open, and to be confirmed anew."""
    reasons = [reason.model_dump() for reason in return_in.reasons]
    if application.status == "returned" and application.return_reasons == {"items": reasons}:
        return
    after(application, act)
    if act == "reopen" and await is_selected(session, application.id):
        raise Problem(ALREADY_SELECTED)
    sections = sections_named(reason.field for reason in return_in.reasons)
    closes_at = select(Cycle.closes_at).where(Cycle.id == application.cycle_id).scalar_subquery()
    values = {
        "return_reasons": {"items": reasons},
        "reopened_sections": sections,
        # Not before the cycle's close, and never at once, however late the return comes.
        "correct_until": func.greatest(closes_at, func.now() + timedelta(days=province().correction_days)),
    }
    await move(session, actor, act, [application], Change(values, {"reasons": reasons, "sections": sections}))
    await drop_confirmations(session, application.id, sections)
    # A correction starts from what was submitted, not from what was once typed.
    await session.execute(delete(ApplicationDraft).where(ApplicationDraft.application_id == application.id))
