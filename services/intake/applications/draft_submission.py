"""Submit a draft: what was typed becomes a form, strictly, and the form a snapshot."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.draft_content import read_strictly
from services.intake.applications.drafts import draft_within_reach
from services.intake.applications.errors import DRAFT_NOT_FOUND
from services.intake.applications.movement import check_may, lock_within_reach
from services.intake.applications.queries import within_reach
from services.intake.applications.schemas import ApplicationReceived
from services.intake.applications.submission import Submission, submit
from shared.errors import VALIDATION_FAILED, Problem
from shared.models.intake import Application, Enterprise
from shared.security.actor import Actor


async def submit_draft(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, tags: frozenset[str] | None
) -> ApplicationReceived:
    """Submit, resubmit or apply again with what the draft says; the draft ends with it.

    Problem `draft_not_found` where nothing was saved, `draft_changed` where it is in none of the states `tags`
    that the caller read, `validation_failed` with every violation, or what a submission is refused for.
    """
    check_may("submit", actor)
    await _hold_enterprise(session, actor, application_id)
    await lock_within_reach(session, actor, {application_id})
    draft = await draft_within_reach(session, actor, application_id)
    if draft.version == 0:
        raise Problem(DRAFT_NOT_FOUND)
    draft.refuse_changed(tags)
    reading = await read_strictly(draft.content)
    if reading.form is None:
        raise Problem(VALIDATION_FAILED, violations=reading.violations, violations_left_out=reading.left_out)
    answer = await submit(await session.connection(), actor, Submission(draft.cycle, reading.form, "http"))
    return ApplicationReceived.model_validate_json(answer)


async def _hold_enterprise(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> None:
    # In the order of the submission's own statement, or the two could wait for each other.
    statement = (
        select(Enterprise.id)
        .join(Application, Application.enterprise_id == Enterprise.id)
        .where(Application.id == application_id)
        .with_for_update(of=Enterprise, key_share=True)
    )
    await session.execute(within_reach(statement, actor))
