"""Reads of what an application has been: its revisions, what changed between two, and every act on it."""

from __future__ import annotations

import uuid
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.comparison import changes_between
from services.intake.applications.queries import cycle_within_reach
from services.intake.applications.record_schemas import (
    ChangeOut,
    ComparisonOut,
    HistoryEntry,
    HistoryPage,
    RevisionOut,
    RevisionPage,
)
from services.intake.applications.transitions import Status, act_between
from shared.errors import NOT_FOUND, Problem
from shared.models.audit import AuditEntry
from shared.models.intake import ApplicationSnapshot
from shared.security.actor import Actor


async def revision_page(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, *, after: int, limit: int
) -> RevisionPage:
    """What was submitted and when, oldest first, without the forms."""
    await cycle_within_reach(session, actor, application_id)
    statement = (
        select(ApplicationSnapshot)
        .where(ApplicationSnapshot.application_id == application_id, ApplicationSnapshot.revision > after)
        .order_by(ApplicationSnapshot.revision)
        .limit(limit + 1)
    )
    rows = (await session.execute(statement)).scalars().all()
    items = [_shown(row) for row in rows[:limit]]
    return RevisionPage(items=items, next_cursor=items[-1].revision if len(rows) > limit else None)


async def revision_with_form(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, revision: int
) -> RevisionOut:
    """One revision with its form; Problem `not_found`."""
    return _shown(await _snapshot(session, actor, application_id, revision), with_form=True)


async def comparison(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, older: int, newer: int
) -> ComparisonOut:
    """What changed from one revision to another; Problem `not_found` where either does not exist."""
    before = await _snapshot(session, actor, application_id, older)
    after = await _snapshot(session, actor, application_id, newer)
    changes = [
        ChangeOut.model_validate(change, from_attributes=True)
        for change in changes_between(before.payload, after.payload)
    ]
    return ComparisonOut(application_id=application_id, from_revision=older, to_revision=newer, changes=changes)


async def history_page(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> HistoryPage:
    """Every act on the application, in order: who, when, why, from which status to which."""
    await cycle_within_reach(session, actor, application_id)
    columns = (AuditEntry.id, AuditEntry.at, AuditEntry.actor, AuditEntry.role, AuditEntry.action, AuditEntry.detail)
    statement = (
        select(*columns)
        .where(
            AuditEntry.subject_type == "application",
            AuditEntry.subject_id == application_id,
            AuditEntry.service == "intake",
        )
        .order_by(AuditEntry.id)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(AuditEntry.id > after)
    rows = (await session.execute(statement)).all()
    items = [_act(row) for row in rows[:limit]]
    return HistoryPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def _snapshot(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, revision: int
) -> ApplicationSnapshot:
    await cycle_within_reach(session, actor, application_id)
    statement = select(ApplicationSnapshot).where(
        ApplicationSnapshot.application_id == application_id, ApplicationSnapshot.revision == revision
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _shown(row: ApplicationSnapshot, *, with_form: bool = False) -> RevisionOut:
    return RevisionOut(
        revision=row.revision,
        digest=row.digest,
        submitted_by=row.submitted_by,
        channel=row.channel,
        submitted_at=row.created_at,
        form=row.payload if with_form else None,
    )


def _act(row: Any) -> HistoryEntry:
    detail: dict[str, Any] = row.detail
    before, after = detail.get("from"), detail.get("to")
    # All submissions are recorded as one action; what they were follows from where they started.
    act = act_between(cast("Status | None", before), cast("Status", after)) if after else None
    return HistoryEntry(
        id=row.id,
        at=row.at,
        act=act or row.action.removeprefix("application."),
        actor=row.actor,
        role=row.role,
        status_before=before,
        status_after=after,
        revision=detail.get("revision"),
        reason=detail.get("reason"),
        reasons=detail.get("reasons") or None,
        sections=detail.get("sections"),
        draft_version=detail.get("version"),
    )
