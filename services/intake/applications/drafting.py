"""Save a draft (保存草稿): start one, change it, read it. Forgiving in everything but who applies."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.draft_content import applicant_of, merged, refuse_unstorable
from services.intake.applications.drafts import Draft, draft_shown, draft_within_reach
from services.intake.applications.errors import (
    APPLICATION_EXISTS,
    DRAFT_ENTERPRISE_FIXED,
    REGISTERED_ELSEWHERE,
)
from services.intake.applications.form import Applicant
from services.intake.applications.movement import after, check_may, lock_within_reach, violation
from services.intake.applications.schemas import DraftOut
from services.intake.applications.submission import check_reach, refused
from services.intake.cycles.service import cycle_taking_applications
from shared import audit
from shared.errors import Problem
from shared.models.intake import Application, ApplicationDraft, Enterprise
from shared.reference.divisions import city_of
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Saving:
    """What is to be saved. `tags` name the states that the saver may have read, None where any may be replaced."""

    patch: dict[str, Any]
    tags: frozenset[str] | None
    most_bytes: int


async def start_draft(
    session: AsyncSession, actor: Actor, code: str, content: dict[str, Any], *, most_bytes: int
) -> DraftOut:
    """Begin an application as a draft, for oneself or for an enterprise of one's city, while the cycle is open.

    Problem `application_exists` where there is one, draft or not; `registered_elsewhere` as at submission.
    """
    check_may("save_draft", actor)
    applicant = applicant_of(content)
    check_reach(actor, applicant)
    await refuse_unstorable(content, most_bytes=most_bytes)
    cycle = await cycle_taking_applications(session, code)
    enterprise_id = await _enterprise_on_record(session, applicant)
    begin = (
        insert(Application)
        .values(
            cycle_id=cycle.id,
            enterprise_id=enterprise_id,
            city_code=city_of(applicant.registered_division),
            status="draft",
            revision=0,
            submitted_at=None,
        )
        .on_conflict_do_nothing(constraint="uq_application_one_per_cycle")
        .returning(Application.id)
    )
    application_id = (await _or_refusal(session, begin)).scalar_one_or_none()
    if application_id is None:
        raise Problem(APPLICATION_EXISTS)
    await _save(session, actor, application_id, content, 1, {"from": None, "to": "draft", "revision": 0})
    return await draft_shown(session, await draft_within_reach(session, actor, application_id))


async def save_draft(session: AsyncSession, actor: Actor, application_id: uuid.UUID, saving: Saving) -> DraftOut:
    """Apply a JSON merge patch. Of two who read the same version one wins, the other gets Problem `draft_changed`."""
    check_may("save_draft", actor)
    (application,) = await lock_within_reach(session, actor, {application_id})
    status = after(application, "save_draft")
    draft = await draft_within_reach(session, actor, application_id)
    draft.refuse_changed(saving.tags)
    content: dict[str, Any] = merged(draft.content, saving.patch)
    _refuse_another_enterprise(draft, applicant_of(content))
    await refuse_unstorable(content, most_bytes=saving.most_bytes)
    detail = {"from": status, "to": status, "revision": application.revision}
    await _save(session, actor, application_id, content, draft.version + 1, detail)
    return await draft_shown(session, await draft_within_reach(session, actor, application_id))


def _refuse_another_enterprise(draft: Draft, applicant: Applicant) -> None:
    if applicant.uscc != draft.uscc:
        raise Problem(DRAFT_ENTERPRISE_FIXED, violations=[violation(DRAFT_ENTERPRISE_FIXED, "/uscc")])
    if city_of(applicant.registered_division) != draft.city_code:
        raise Problem(REGISTERED_ELSEWHERE, violations=[violation(REGISTERED_ELSEWHERE, "/registered_division")])


async def _enterprise_on_record(session: AsyncSession, applicant: Applicant) -> uuid.UUID:
    """The enterprise's record, made if there is none; a draft renames nobody. Problem `registered_elsewhere`."""
    city = city_of(applicant.registered_division)
    division = applicant.registered_division
    record = insert(Enterprise).values(uscc=applicant.uscc, name=applicant.name, division_code=division, city_code=city)
    await _or_refusal(session, record.on_conflict_do_nothing(index_elements=["uscc"]))
    # Held so that it stays in its city until the application exists.
    held = select(Enterprise.id, Enterprise.city_code).where(Enterprise.uscc == applicant.uscc)
    row = (await session.execute(held.with_for_update(read=True))).one()
    if row.city_code != city:
        raise Problem(REGISTERED_ELSEWHERE, violations=[violation(REGISTERED_ELSEWHERE, "/registered_division")])
    return row.id


async def _or_refusal(session: AsyncSession, statement: Any) -> Any:
    try:
        return await session.execute(statement)
    except DBAPIError as error:
        raise refused(error) from None


async def _save(
    session: AsyncSession,
    actor: Actor,
    application_id: uuid.UUID,
    content: dict[str, Any],
    version: int,
    detail: dict[str, Any],
) -> None:
    values = {"content": content, "version": version, "saved_by": actor.subject, "saved_at": func.now()}
    saved = insert(ApplicationDraft).values(application_id=application_id, **values)
    await session.execute(saved.on_conflict_do_update(index_elements=["application_id"], set_=values))
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="application.save_draft",
        subject=("application", application_id),
        detail={**detail, "version": version},
    )
