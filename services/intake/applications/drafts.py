"""Reads of drafts: what is being filled in, and what submission would refuse of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.draft_content import read_strictly
from services.intake.applications.errors import DRAFT_CHANGED, DRAFT_NOT_FOUND, SECTION_NOT_REOPENED
from services.intake.applications.movement import status_of, violation
from services.intake.applications.queries import newest_form, within_reach
from services.intake.applications.schemas import DraftOut, ViolationFound
from services.intake.applications.sections import sections_at
from services.intake.applications.transitions import next_status
from services.intake.applications.who_acted import Reader
from shared.errors import MOST_VIOLATIONS, NOT_FOUND, Problem, Violation
from shared.models.audit import AuditEntry
from shared.models.intake import Application, ApplicationDraft, Cycle, Enterprise
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with whom and what it is for. Version 0 was never saved: it is what was submitted last."""

    application: Application
    cycle: str
    uscc: str
    content: dict[str, Any]
    version: int
    saved_by: str | None
    saved_at: datetime | None
    reader: Reader

    @property
    def city_code(self) -> str:
        return self.application.city_code

    @property
    def tag(self) -> str:
        """Names the state that a saver read: versions begin anew after each submission."""
        return f"{self.application.revision}.{self.version}"

    def refuse_changed(self, tags: frozenset[str] | None) -> None:
        """Problem `draft_changed` unless this is one of the states that the caller read; None: any will do."""
        if tags is not None and self.tag not in tags:
            raise Problem(DRAFT_CHANGED)


async def draft_within_reach(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> Draft:
    """The draft of an application that can be filled in now.

    Problem `not_found` outside the actor's reach, `draft_not_found` where the status allows none.
    """
    statement = (
        select(Application, Enterprise, Cycle.code, ApplicationDraft)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .outerjoin(ApplicationDraft, ApplicationDraft.application_id == Application.id)
        .where(Application.id == application_id)
        .execution_options(populate_existing=True)
    )
    row = (await session.execute(within_reach(statement, actor))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    application, enterprise, cycle = row.Application, row.Enterprise, row.code
    saved: ApplicationDraft | None = row.ApplicationDraft
    reader = Reader(actor, application.city_code)
    if next_status(status_of(application), "save_draft") is None:
        raise Problem(DRAFT_NOT_FOUND)
    if saved is None:
        content = await newest_form(session, application) or _who(enterprise)
        return Draft(application, cycle, enterprise.uscc, content, 0, None, None, reader)
    return Draft(
        application, cycle, enterprise.uscc, saved.content, saved.version, saved.saved_by, saved.saved_at, reader
    )


def _who(enterprise: Enterprise) -> dict[str, Any]:
    return {"uscc": enterprise.uscc, "name": enterprise.name, "registered_division": enterprise.division_code}


async def draft_shown(session: AsyncSession, draft: Draft) -> DraftOut:
    """The draft with what submission would refuse of it, the window of time aside."""
    reading = await read_strictly(draft.content)
    violations, left_out = reading.violations, reading.left_out
    if reading.form is not None:
        strays = await _strays(session, draft, reading.form.model_dump(mode="json"))
        violations, left_out = strays[:MOST_VIOLATIONS], max(0, len(strays) - MOST_VIOLATIONS)
    return DraftOut(
        application_id=draft.application.id,
        cycle=draft.cycle,
        status=status_of(draft.application),
        version=draft.version,
        tag=draft.tag,
        content=draft.content,
        violations=[ViolationFound.model_validate(one, from_attributes=True) for one in violations],
        violations_left_out=left_out,
        saved_by=await _saver(session, draft),
        saved_at=draft.saved_at,
    )


async def _saver(session: AsyncSession, draft: Draft) -> str | None:
    """Who saved it as its reader is told; an officer may have."""
    if draft.saved_by is None:
        return None
    last = (
        select(AuditEntry.role)
        .where(
            AuditEntry.subject_type == "application",
            AuditEntry.subject_id == draft.application.id,
            AuditEntry.action == "application.save_draft",
        )
        .order_by(AuditEntry.number.desc())
        .limit(1)
    )
    return draft.reader.name(draft.saved_by, (await session.execute(last)).scalar_one())


async def _strays(session: AsyncSession, draft: Draft, payload: dict[str, Any]) -> list[Violation]:
    """Where a correction differs from what was submitted, outside the sections that are open; as submission asks."""
    earlier, reopened = await newest_form(session, draft.application), draft.application.reopened_sections
    if reopened is None or earlier is None:
        return []
    differing = func.changed_fields(literal(earlier, JSONB), literal(payload, JSONB)).table_valued("field", "pointer")
    pointers = (await session.execute(select(differing.c.pointer).order_by(differing.c.pointer))).scalars()
    return [violation(SECTION_NOT_REOPENED, one) for one in pointers if sections_at(one)[0] not in reopened]
