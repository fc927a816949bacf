"""Reads of what an application has been: its revisions, what changed between two, and every act on it."""

from __future__ import annotations

import uuid
from typing import Any, cast

from sqlalchemy import ColumnElement, ScalarSelect, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.comparison import changes_between
from services.intake.applications.queries import cycle_within_reach, within_reach
from services.intake.applications.record_schemas import (
    ChangeOut,
    ComparisonOut,
    HistoryEntry,
    HistoryPage,
    RevisionOut,
    RevisionPage,
)
from services.intake.applications.transitions import Status, act_between
from services.intake.applications.who_acted import Reader
from shared.errors import NOT_FOUND, Problem
from shared.models.audit import AuditEntry
from shared.models.intake import Application, ApplicationSnapshot, Enterprise
from shared.security.actor import Actor


async def revision_page(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, *, after: int, limit: int
) -> RevisionPage:
    """What was submitted and when, oldest first, without the forms."""
    reader = await _reader(session, actor, application_id)
    statement = (
        select(ApplicationSnapshot, _submitter_role(application_id))
        .where(ApplicationSnapshot.application_id == application_id, ApplicationSnapshot.revision > after)
        .order_by(ApplicationSnapshot.revision)
        .limit(limit + 1)
    )
    rows = (await session.execute(statement)).all()
    items = [_shown(reader, *row) for row in rows[:limit]]
    return RevisionPage(items=items, next_cursor=items[-1].revision if len(rows) > limit else None)


async def revision_with_form(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, revision: int
) -> RevisionOut:
    """One revision with its form; Problem `not_found`."""
    reader = await _reader(session, actor, application_id)
    return _shown(reader, *await _snapshot(session, application_id, revision), with_form=True)


async def comparison(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, older: int, newer: int
) -> ComparisonOut:
    """What changed from one revision to another; Problem `not_found` where either does not exist."""
    await cycle_within_reach(session, actor, application_id)
    before, _ = await _snapshot(session, application_id, older)
    after, _ = await _snapshot(session, application_id, newer)
    changes = [
        ChangeOut.model_validate(change, from_attributes=True)
        for change in changes_between(before.payload, after.payload)
    ]
    return ComparisonOut(application_id=application_id, from_revision=older, to_revision=newer, changes=changes)


async def history_page(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> HistoryPage:
    """Every act on the application, in the order of its lock: who, when, why, from which status to which."""
    reader = await _reader(session, actor, application_id)
    columns = (AuditEntry.id, AuditEntry.at, AuditEntry.actor, AuditEntry.role, AuditEntry.action, AuditEntry.detail)
    statement = select(*columns).where(*_acts_on(application_id)).order_by(AuditEntry.number).limit(limit + 1)
    if after is not None:
        last = select(AuditEntry.number).where(*_acts_on(application_id), AuditEntry.id == after)
        statement = statement.where(AuditEntry.number > last.scalar_subquery())
    rows = (await session.execute(statement)).all()
    items = [_act(reader, row) for row in rows[:limit]]
    return HistoryPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _acts_on(application_id: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        AuditEntry.subject_type == "application",
        AuditEntry.subject_id == application_id,
        AuditEntry.service == "intake",
    )


def _submitter_role(application_id: uuid.UUID) -> ScalarSelect[str]:
    """In which role a snapshot was submitted: whose name an enterprise reads depends on it."""
    submission = select(AuditEntry.role).where(
        *_acts_on(application_id),
        AuditEntry.action == "application.submit",
        AuditEntry.detail["revision"].as_integer() == ApplicationSnapshot.revision,
    )
    return submission.order_by(AuditEntry.number).limit(1).scalar_subquery()


async def _reader(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> Reader:
    statement = select(Application.city_code).join(Enterprise, Enterprise.id == Application.enterprise_id)
    found = await session.execute(within_reach(statement, actor).where(Application.id == application_id))
    city_code = found.scalar_one_or_none()
    if city_code is None:
        raise Problem(NOT_FOUND)
    return Reader(actor, city_code)


async def _snapshot(
    session: AsyncSession, application_id: uuid.UUID, revision: int
) -> tuple[ApplicationSnapshot, str | None]:
    statement = select(ApplicationSnapshot, _submitter_role(application_id)).where(
        ApplicationSnapshot.application_id == application_id, ApplicationSnapshot.revision == revision
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    return found[0], found[1]


def _shown(reader: Reader, row: ApplicationSnapshot, role: str | None, *, with_form: bool = False) -> RevisionOut:
    return RevisionOut(
        revision=row.revision,
        digest=row.digest,
        submitted_by=reader.name(row.submitted_by, role or "city_officer"),
        channel=row.channel,
        submitted_at=row.created_at,
        form=row.payload if with_form else None,
    )


def _act(reader: Reader, row: Any) -> HistoryEntry:
    detail: dict[str, Any] = row.detail
    before, after = detail.get("from"), detail.get("to")
    # All submissions are recorded as one action; what they were follows from where they started.
    act = act_between(cast("Status | None", before), cast("Status", after)) if after else None
    return HistoryEntry(
        id=row.id,
        at=row.at,
        act=act or row.action.removeprefix("application."),
        actor=reader.name(row.actor, row.role),
        role=row.role,
        status_before=before,
        status_after=after,
        revision=detail.get("revision"),
        reason=detail.get("reason"),
        reasons=detail.get("reasons") or None,
        sections=detail.get("sections"),
        draft_version=detail.get("version"),
    )
