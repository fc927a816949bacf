"""A city's decision on applications: recommend (推荐) a batch, decline (不予推荐), reconsider, or return (退回) one."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.confirmations import confirm_open_sections
from services.intake.applications.correction import send_back
from services.intake.applications.errors import WRONG_STATUS
from services.intake.applications.movement import Change, check_may, lock_within_reach, move, status_of, violation
from services.intake.applications.schemas import Recommended, ReturnIn
from services.intake.applications.transitions import Act, next_status
from shared import outbox
from shared.errors import Problem
from shared.events import ApplicationsRecommended
from shared.security.actor import Actor

_STANDS = ("recommended", "passed_on")


async def recommend(session: AsyncSession, actor: Actor, application_ids: list[uuid.UUID]) -> Recommended:
    """Recommend all of them or none; what is recommended already stays so (方案二(六)11).

    A recommendation confirms the sections that nobody has confirmed yet: after a correction, the corrected ones.
    """
    check_may("recommend", actor)
    applications = await lock_within_reach(session, actor, set(application_ids))
    waiting = [one for one in applications if one.status not in _STANDS]
    if refused := [one.id for one in waiting if next_status(status_of(one), "recommend") is None]:
        places = [f"/application_ids/{application_ids.index(id_)}" for id_ in refused]
        raise Problem(WRONG_STATUS, violations=[violation(WRONG_STATUS, place) for place in places])
    if waiting:
        ids = [one.id for one in waiting]
        confirmed = await confirm_open_sections(session, ids, actor.subject)
        sections = {id_: {"sections": confirmed.get(id_, [])} for id_ in ids}
        await move(session, actor, "recommend", waiting, details=sections)
        await outbox.publish(session, ApplicationsRecommended(application_ids=ids))
    return Recommended(recommended=len(waiting), already_recommended=len(applications) - len(waiting))


async def return_to_enterprise(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, return_in: ReturnIn
) -> None:
    """Send a submitted application back with the fields to correct; again with the same reasons changes nothing."""
    check_may("return", actor, reason=return_in.reasons)
    (application,) = await lock_within_reach(session, actor, {application_id})
    await send_back(session, actor, "return", application, return_in)


async def decline(session: AsyncSession, actor: Actor, application_id: uuid.UUID, reason: str) -> None:
    """Do not recommend (不予推荐), with a reason; again with the same one changes nothing."""
    await _decide(session, actor, "decline", application_id, reason)


async def reconsider(session: AsyncSession, actor: Actor, application_id: uuid.UUID, reason: str) -> None:
    """Take up again what was not recommended: it waits for a decision as if newly submitted."""
    await _decide(session, actor, "reconsider", application_id, reason)


async def _decide(session: AsyncSession, actor: Actor, act: Act, application_id: uuid.UUID, reason: str) -> None:
    check_may(act, actor, reason=reason)
    (application,) = await lock_within_reach(session, actor, {application_id})
    if (application.status, application.status_reason) == ("not_recommended", reason) and act == "decline":
        return
    await move(session, actor, act, [application], Change({"status_reason": reason}, {"reason": reason}))
