"""HTTP: drafts, saved as they are typed and submitted when they are whole."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request, Response

from services.intake.applications.draft_submission import submit_draft
from services.intake.applications.drafting import Saving, save_draft, start_draft
from services.intake.applications.drafts import draft_shown, draft_within_reach
from services.intake.applications.errors import (
    APPLICATION_EXISTS,
    CORRECTION_OVERDUE,
    DRAFT_CHANGED,
    DRAFT_ENTERPRISE_FIXED,
    DRAFT_NOT_FOUND,
    IF_MATCH_MISSING,
    NOT_OWN_ENTERPRISE,
    OUTSIDE_CITY,
    REGISTERED_ELSEWHERE,
    SECTION_NOT_REOPENED,
    WRONG_STATUS,
)
from services.intake.applications.schemas import ApplicationReceived, DraftOut
from services.intake.applications.transitions import scope_of
from services.intake.cycles.errors import CYCLE_NOT_FOUND, OUTSIDE_WINDOW
from shared.errors import (
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    NOT_FOUND,
    PAYLOAD_TOO_LARGE,
    UNSTORABLE,
    VALIDATION_FAILED,
    Problem,
)
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.json_bodies import CarefulJsonRoute
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["drafts"], route_class=CarefulJsonRoute)
_WHO = {"uscc": "91420100MA4KABCD1X", "name": "【虚构】示范光电有限公司", "registered_division": "420106"}
Content = Annotated[
    dict[str, Any], Body(description="The form as far as it is filled in", examples=[_WHO | {"people": {}}])
]
Patch = Annotated[
    dict[str, Any],
    Body(
        description="A JSON merge patch (RFC 7396) of the form",
        examples=[{"people": {"employees": 100}}],
        media_type="application/merge-patch+json",
    ),
]
IfMatch = Annotated[str | None, Header(description="The ETag of the draft that was read", examples=['"0.1"'])]
Applicant = Annotated[Actor, requires(scope_of("save_draft"))]


@router.post(
    "/cycles/{code}/drafts",
    status_code=201,
    response_model=DraftOut,
    summary="Begin an application as a draft (草稿)",
    responses=refuses(
        IDEMPOTENCY_KEY_MISSING,
        NOT_OWN_ENTERPRISE,
        CYCLE_NOT_FOUND,
        OUTSIDE_WINDOW,
        APPLICATION_EXISTS,
        REGISTERED_ELSEWHERE,
        PAYLOAD_TOO_LARGE,
        VALIDATION_FAILED,
        OUTSIDE_CITY,
        UNSTORABLE,
        IDEMPOTENCY_KEY_REUSED,
    ),
)
async def post_draft(
    code: str,
    content: Content,
    request: Request,
    session: SessionDep,
    actor: Applicant,
    idempotency: IdempotencyDep,
) -> Response:
    """Save what there is of a form. Only who applies is asked for; what submission would refuse is reported."""
    most = request.app.state.settings.max_body_bytes
    return await idempotency.run(
        session, actor, 201, lambda: start_draft(session, actor, code, content, most_bytes=most)
    )


@router.get(
    "/applications/{application_id}/draft", summary="Read a draft", responses=refuses(NOT_FOUND, DRAFT_NOT_FOUND)
)
async def get_draft(application_id: uuid.UUID, response: Response, session: SessionDep, actor: Applicant) -> DraftOut:
    """What is being filled in. A returned or withdrawn application's draft begins as what was submitted last."""
    draft = await draft_within_reach(session, actor, application_id)
    response.headers["ETag"] = f'"{draft.tag}"'
    return await draft_shown(session, draft)


@router.patch(
    "/applications/{application_id}/draft",
    summary="Save a draft",
    responses=refuses(
        NOT_FOUND,
        WRONG_STATUS,
        REGISTERED_ELSEWHERE,
        DRAFT_CHANGED,
        PAYLOAD_TOO_LARGE,
        VALIDATION_FAILED,
        DRAFT_ENTERPRISE_FIXED,
        UNSTORABLE,
        IF_MATCH_MISSING,
    ),
)
async def patch_draft(
    application_id: uuid.UUID,
    patch: Patch,
    request: Request,
    response: Response,
    session: SessionDep,
    actor: Applicant,
    if_match: IfMatch = None,
) -> DraftOut:
    """Change what the patch names; the rest stays. Of two who save the same state the second is refused."""
    if if_match is None:
        raise Problem(IF_MATCH_MISSING)
    saving = Saving(patch, _tags(if_match), request.app.state.settings.max_body_bytes)
    saved = await save_draft(session, actor, application_id, saving)
    response.headers["ETag"] = f'"{saved.tag}"'
    return saved


@router.post(
    "/applications/{application_id}:submit",
    status_code=201,
    response_model=ApplicationReceived,
    summary="Submit a draft",
    responses=refuses(
        IDEMPOTENCY_KEY_MISSING,
        NOT_FOUND,
        DRAFT_NOT_FOUND,
        OUTSIDE_WINDOW,
        REGISTERED_ELSEWHERE,
        CORRECTION_OVERDUE,
        DRAFT_CHANGED,
        VALIDATION_FAILED,
        SECTION_NOT_REOPENED,
        IDEMPOTENCY_KEY_REUSED,
    ),
)
async def post_submission(
    application_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires(scope_of("submit"))],
    idempotency: IdempotencyDep,
    if_match: IfMatch = None,
) -> Response:
    """Check what was typed as strictly as any submission; the whole of it becomes the next revision."""
    tags = None if if_match is None else _tags(if_match)
    return await idempotency.run(session, actor, 201, lambda: submit_draft(session, actor, application_id, tags))


def _tags(if_match: str) -> frozenset[str] | None:
    """The tags that a header names; None for `*`, which any state satisfies."""
    if if_match.strip() == "*":
        return None
    return frozenset(one.strip().removeprefix('"').removesuffix('"') for one in if_match.split(","))
