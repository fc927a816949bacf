"""Submit an application: enterprise, application, immutable snapshot and audit entry, together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.errors import (
    APPLICATION_EXISTS,
    NOT_OWN_ENTERPRISE,
    OUTSIDE_CITY,
    REGISTERED_ELSEWHERE,
)
from services.intake.applications.schemas import ApplicationForm, ApplicationReceived
from services.intake.cycles.errors import OUTSIDE_WINDOW
from services.intake.cycles.service import cycle_taking_applications
from shared.canonical import canonical_text, sha256_hex
from shared.errors import Problem, Violation
from shared.models.base import new_id
from shared.reference.divisions import city_of
from shared.security.actor import Actor

Channel = Literal["http", "workbook"]

# One statement: submission is the busiest path of the service, and every round trip costs more than its work.
# A returned application is submitted again as its next revision; any other existing one is left as it is.
_STORE = text(
    """
    WITH cycle_found AS (
        SELECT id FROM cycle
        WHERE code = :cycle AND (:channel <> 'http' OR (opens_at <= now() AND now() < closes_at))
    ), enterprise_kept AS (
        INSERT INTO enterprise (id, uscc, name, division_code, city_code)
        SELECT CAST(:enterprise_id AS uuid), :uscc, :name, :division_code, :city_code FROM cycle_found
        ON CONFLICT (uscc) DO UPDATE
            SET name = excluded.name, division_code = excluded.division_code, updated_at = now()
            WHERE enterprise.city_code = excluded.city_code
        RETURNING id
    ), application_kept AS (
        INSERT INTO application (id, cycle_id, enterprise_id, city_code, status, revision)
        SELECT CAST(:application_id AS uuid), cycle_found.id, enterprise_kept.id, :city_code, 'submitted', 1
        FROM enterprise_kept, cycle_found
        ON CONFLICT ON CONSTRAINT uq_application_one_per_cycle DO UPDATE
            SET status = 'submitted', return_reasons = NULL, revision = application.revision + 1,
                submitted_at = now(), decided_by = NULL, decided_at = NULL
            WHERE application.status = 'returned'
        RETURNING id, revision
    ), snapshot_kept AS (
        INSERT INTO application_snapshot (id, application_id, revision, payload, digest, submitted_by, channel)
        SELECT :snapshot_id, id, revision, CAST(:payload AS jsonb), :digest, :actor, :channel FROM application_kept
    ), audit_kept AS (
        INSERT INTO audit_entry (id, service, actor, role, action, subject_type, subject_id, request_id, detail)
        SELECT :audit_id, 'intake', :actor, :role, 'application.submit', 'application', id, :request_id,
               jsonb_build_object('revision', revision, 'channel', CAST(:channel AS text))
        FROM application_kept
    )
    SELECT (SELECT count(*) FROM cycle_found) AS cycles, (SELECT count(*) FROM enterprise_kept) AS enterprises,
           id, revision
    FROM (SELECT 1) AS always LEFT JOIN application_kept ON true
    """
)


@dataclass(frozen=True, slots=True)
class Submission:
    """A form for the cycle with code `cycle`. A workbook's rows count from when it was uploaded."""

    cycle: str
    form: ApplicationForm
    channel: Channel


def check_reach(actor: Actor, form: ApplicationForm) -> None:
    """An enterprise applies for itself, a city officer for enterprises registered in the city."""
    if actor.uscc is not None and form.uscc != actor.uscc:
        raise Problem(NOT_OWN_ENTERPRISE, violations=[_at("/uscc", "not_own_enterprise", NOT_OWN_ENTERPRISE.title_zh)])
    if actor.city_code is not None and city_of(form.registered_division) != actor.city_code:
        raise Problem(OUTSIDE_CITY, violations=[_at("/registered_division", "outside_city", OUTSIDE_CITY.title_zh)])


def _at(pointer: str, code: str, message_zh: str) -> Violation:
    return Violation(code, message_zh, code.replace("_", " "), pointer=pointer)


async def submit(session: AsyncSession, actor: Actor, submission: Submission) -> ApplicationReceived:
    """Store one application; Problem `application_exists`, `registered_elsewhere`, or one of cycle or reach."""
    form = submission.form
    check_reach(actor, form)
    payload = form.model_dump(mode="json")
    canonical = canonical_text(payload)
    digest = sha256_hex(canonical)
    values = {
        "enterprise_id": new_id(),
        "application_id": new_id(),
        "snapshot_id": new_id(),
        "audit_id": new_id(),
        "uscc": form.uscc,
        "name": form.name,
        "division_code": form.registered_division,
        "city_code": city_of(form.registered_division),
        "cycle": submission.cycle,
        "payload": canonical,
        "digest": digest,
        "actor": actor.subject,
        "role": actor.role,
        "channel": submission.channel,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
    }
    row = (await session.execute(_STORE, values)).one()
    if row.cycles == 0:
        await cycle_taking_applications(session, submission.cycle)  # says why, and refuses
        raise Problem(OUTSIDE_WINDOW)  # it closed or opened between the two looks
    if row.enterprises == 0:
        raise Problem(REGISTERED_ELSEWHERE)
    if row.id is None:
        raise Problem(APPLICATION_EXISTS)
    return ApplicationReceived(
        id=row.id, cycle=submission.cycle, uscc=form.uscc, status="submitted", revision=row.revision, digest=digest
    )
