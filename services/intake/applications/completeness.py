"""The completeness check (完整性自查): what a strict submission would refuse, and how the rest would be judged."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.intake.applications.drafts import draft_within_reach
from services.intake.applications.errors import NOT_OWN_ENTERPRISE
from services.intake.applications.evaluation_client import EvaluationClient
from services.intake.applications.example_form import EXAMPLE_FORM
from services.intake.applications.partial_forms import without_invalid_parts
from services.intake.applications.schemas import ApplicationForm, ViolationFound
from services.intake.applications.submission import check_reach
from services.intake.cycles.errors import OUTSIDE_WINDOW
from services.intake.cycles.service import cycle_taking_applications
from shared.db import Database
from shared.errors import Problem, Violation
from shared.identifiers import IdentifierError, parse_uscc
from shared.judgement import AsOf, Judgement
from shared.security.actor import Actor
from shared.validation import left_out_of, violations_of_model


class CheckIn(BaseModel):
    """A form as far as it has been filled in; anything in it may be missing or wrong."""

    model_config = ConfigDict(extra="forbid")

    form: Annotated[dict[str, Any], Field(examples=[EXAMPLE_FORM])]


class CheckOut(BaseModel):
    """`ready`: submitting this form now would be accepted. What is invalid was judged as missing, never as zero."""

    ready: bool
    violations: list[ViolationFound]
    violations_left_out: int = Field(default=0, description="As wrong, and not listed")
    judgement: Judgement


async def check_form(
    database: Database, evaluation: EvaluationClient, actor: Actor, code: str, form: Mapping[str, Any], as_of: AsOf
) -> CheckOut:
    """Check a form for the cycle with this code; nothing is stored, and no connection is held while evaluation works.

    Problem `cycle_not_found`; `not_own_enterprise` where an enterprise asks about another one; `evaluation_unavailable`,
    with the violations found so far.
    """
    _refuse_another_enterprise(actor, form)
    # A form may be as large as a body may be: others are served meanwhile.
    violations, left_out, judgeable = await asyncio.to_thread(_validated, actor, form)
    violations += await _window_violations(database, code)
    judgement = await evaluation.preview(code, judgeable, as_of, known=violations)
    return CheckOut(
        ready=not violations,
        violations=[_found(violation) for violation in violations],
        violations_left_out=left_out,
        judgement=judgement,
    )


async def check_draft(
    database: Database, evaluation: EvaluationClient, actor: Actor, application_id: uuid.UUID, as_of: AsOf
) -> CheckOut:
    """As `check_form`, of what the application's draft says now. Problem `not_found` or `draft_not_found`."""
    async with database.sessions() as session:
        draft = await draft_within_reach(session, actor, application_id)
    return await check_form(database, evaluation, actor, draft.cycle, draft.content, as_of)


def _refuse_another_enterprise(actor: Actor, form: Mapping[str, Any]) -> None:
    """A code that is none at all is a violation like any other."""
    uscc = form.get("uscc")
    if actor.uscc is None or not isinstance(uscc, str):
        return
    try:
        own = parse_uscc(uscc) == actor.uscc
    except IdentifierError:
        return
    if not own:
        raise Problem(NOT_OWN_ENTERPRISE, violations=[_violation(NOT_OWN_ENTERPRISE, "/form/uscc")])


def _validated(actor: Actor, form: Mapping[str, Any]) -> tuple[list[Violation], int, dict[str, Any]]:
    """(what submission would refuse first, how much more it would, the form without any of it)."""
    try:
        whole = ApplicationForm.model_validate(form)
    except ValidationError as error:
        locations = [one["loc"] for one in error.errors(include_url=False, include_input=False, include_context=False)]
        return violations_of_model(error), left_out_of(error), without_invalid_parts(form, locations)
    try:
        check_reach(actor, whole)
    except Problem as problem:
        return list(problem.violations), 0, whole.model_dump(mode="json")
    return [], 0, whole.model_dump(mode="json")


async def _window_violations(database: Database, code: str) -> list[Violation]:
    try:
        async with database.sessions() as session:
            await cycle_taking_applications(session, code)
    except Problem as problem:
        if problem.kind is not OUTSIDE_WINDOW:
            raise
        return [_violation(OUTSIDE_WINDOW, None)]
    return []


def _violation(kind: Any, pointer: str | None) -> Violation:
    return Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)


def _found(violation: Violation) -> ViolationFound:
    return ViolationFound(
        code=violation.code,
        message_zh=violation.message_zh,
        message_en=violation.message_en,
        pointer=violation.pointer,
    )
