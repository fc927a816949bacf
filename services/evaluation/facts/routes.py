"""HTTP: statements of facts, and what is known of an enterprise."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BeforeValidator

from services.evaluation.facts.errors import (
    APPLICATION_UNKNOWN,
    AS_OF_FUTURE,
    CONTRADICTS_ITSELF,
    EVIDENCE_UNKNOWN,
    FACT_NOT_STATABLE,
    FACT_UNKNOWN,
    FACT_VALUE,
    NOT_RETRACTABLE,
    SOURCE_NOT_ALLOWED,
    SOURCE_NOT_YOURS,
    STATEMENT_RETRACTED,
)
from services.evaluation.facts.known_facts import known_facts
from services.evaluation.facts.retract_statement import retract_statement
from services.evaluation.facts.schemas import (
    FactsKnown,
    RetractionIn,
    StatementIn,
    StatementMade,
    StatementOut,
    StatementsIn,
    StatementsOut,
)
from services.evaluation.facts.state_facts import state_fact, state_facts
from shared import calendar
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.validation import iso_date
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.refusals import NOTHING_YET, refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["facts"])
_NEW = ("fact_statement", NOTHING_YET)
Writer = Annotated[Actor, requires("facts:write")]
Code = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Z]{18}$", description="A 统一社会信用代码, present or former", examples=["91420106MAXQ000011"]
    ),
]
_FAULTS = (
    FACT_UNKNOWN,
    FACT_NOT_STATABLE,
    SOURCE_NOT_ALLOWED,
    SOURCE_NOT_YOURS,
    FACT_VALUE,
    AS_OF_FUTURE,
    APPLICATION_UNKNOWN,
    EVIDENCE_UNKNOWN,
)


@router.post(
    "/enterprises/{uscc}/fact-statements",
    status_code=201,
    response_model=StatementMade,
    summary="State a fact",
    responses=refuses(NOT_FOUND, *_FAULTS),
)
async def post_statement(
    uscc: Code,
    body: StatementIn,
    request: Request,
    session: SessionDep,
    actor: Writer,
    idempotency: IdempotencyDep,
) -> Response:
    """A city states what it verified of its own enterprises, the province also what a register says.

    Applications of the enterprise that are judged already and not yet selected are judged again by it; `consequences`
    names them, and why it does not count for others.
    """
    async with refusals_audited(request, session, actor, "fact.state", _NEW, detail={"uscc": uscc, "fact": body.fact}):
        return await idempotency.run(session, actor, 201, lambda: state_fact(session, actor, uscc, body))


@router.post(
    "/fact-statements:batch",
    status_code=201,
    response_model=StatementsOut,
    summary="State many facts at once",
    responses=refuses(NOT_FOUND, *_FAULTS, CONTRADICTS_ITSELF),
)
async def post_statements(
    body: StatementsIn, request: Request, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """All or none, at most 1,000; a refusal has the code of the first fault and names the place of each."""
    detail = {"statements": len(body.statements)}
    async with refusals_audited(request, session, actor, "fact.state", _NEW, detail=detail):
        return await idempotency.run(session, actor, 201, lambda: state_facts(session, actor, body))


@router.post(
    "/fact-statements/{statement_id}:retract",
    status_code=201,
    response_model=StatementOut,
    summary="Retract a statement",
    responses=refuses(NOT_FOUND, SOURCE_NOT_YOURS, NOT_RETRACTABLE, STATEMENT_RETRACTED),
)
async def post_retraction(
    statement_id: uuid.UUID,
    body: RetractionIn,
    request: Request,
    session: SessionDep,
    actor: Writer,
    idempotency: IdempotencyDep,
) -> Response:
    """Say that a statement no longer counts; it stays on record, with the retraction after it."""
    subject = ("fact_statement", statement_id)
    async with refusals_audited(request, session, actor, "fact.retract", subject):
        return await idempotency.run(session, actor, 201, lambda: retract_statement(session, actor, statement_id, body))


@router.get("/enterprises/{uscc}/facts", summary="Read what is known of an enterprise", responses=refuses(NOT_FOUND))
async def get_facts(
    uscc: Code,
    session: SessionDep,
    actor: Annotated[Actor, requires("facts:read")],
    on: Annotated[
        date | None,
        BeforeValidator(iso_date),
        Query(description="The day to judge on; today when left out", examples=["2024-06-30"]),
    ] = None,
) -> FactsKnown:
    """Every catalogued fact with all statements, the one that stands on the day, why, and what contradicts it."""
    return await known_facts(session, actor, uscc, on or calendar.business_date(calendar.now()))
