"""HTTP: an application's revisions, what changed between two of them, and its history."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.intake.applications.record_schemas import ComparisonOut, HistoryPage, RevisionOut, RevisionPage
from services.intake.applications.records import comparison, history_page, revision_page, revision_with_form
from shared.errors import NOT_FOUND, VALIDATION_FAILED
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/applications/{application_id}", tags=["applications"])
_MOST = 2_147_483_647
Reader = Annotated[Actor, requires("applications:read")]
Limit = Annotated[int, Query(ge=1, le=500)]
_REFUSES = refuses(NOT_FOUND, VALIDATION_FAILED)


@router.get("/revisions", summary="List what was submitted", responses=_REFUSES)
async def get_revisions(
    application_id: uuid.UUID,
    session: SessionDep,
    actor: Reader,
    cursor: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    limit: Limit = 100,
) -> RevisionPage:
    """Each submission as it was made, oldest first, without its form."""
    return await revision_page(session, actor, application_id, after=cursor, limit=limit)


@router.get("/revisions:compare", summary="Compare two revisions", responses=_REFUSES)
async def get_comparison(
    application_id: uuid.UUID,
    session: SessionDep,
    actor: Reader,
    older: Annotated[int, Query(alias="from", ge=1, le=_MOST, examples=[1])],
    newer: Annotated[int, Query(alias="to", ge=1, le=_MOST, examples=[2])],
) -> ComparisonOut:
    """What changed, field by field. Entries of lists are matched by what names them, wherever they stand."""
    return await comparison(session, actor, application_id, older, newer)


@router.get("/revisions/{revision}", summary="Read a revision with its form", responses=_REFUSES)
async def get_revision(
    application_id: uuid.UUID,
    revision: Annotated[int, Path(ge=1, le=_MOST)],
    session: SessionDep,
    actor: Reader,
) -> RevisionOut:
    """One submission as it was made; it never changes."""
    return await revision_with_form(session, actor, application_id, revision)


@router.get("/history", summary="Read what happened to an application", responses=_REFUSES)
async def get_history(
    application_id: uuid.UUID,
    session: SessionDep,
    actor: Reader,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> HistoryPage:
    """Every act on it in order: who, when, why, from which status to which."""
    return await history_page(session, actor, application_id, after=cursor, limit=limit)
