"""Submit an application: enterprise, application, immutable snapshot and audit entry, together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import structlog
from asyncpg import Connection, Pool, PostgresError
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import asyncpg as driver_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.applications.errors import (
    APPLICATION_EXISTS,
    CORRECTION_OVERDUE,
    NOT_OWN_ENTERPRISE,
    OUTSIDE_CITY,
    REGISTERED_ELSEWHERE,
    SECTION_NOT_REOPENED,
)
from services.intake.applications.form import Applicant, ApplicationForm
from services.intake.applications.movement import check_may
from services.intake.cycles.errors import CYCLE_NOT_FOUND, OUTSIDE_WINDOW
from services.intake.enterprises.errors import USCC_SUPERSEDED
from shared import calendar
from shared.canonical import canonical_text_without_floats, sha256_hex
from shared.errors import ErrorKind, Problem, Violation
from shared.idempotency import RetryKey
from shared.models.base import new_id
from shared.reference.divisions import city_of
from shared.refusals import refusal_of
from shared.security.actor import Actor

Channel = Literal["http", "workbook", "bulk", "national"]

# One statement, atomic by itself: submission is the busiest path of the service, and every round trip costs more than
# its work. A draft, a returned or a withdrawn application becomes submitted as its next revision, by the rules of
# transitions.py; any other existing one is left as it is. What a correction may change is asked of the row that it
# conflicts with, as that row is once it is locked; `is_returned` and `may_correct` are functions so that a first
# submission does not pay for planning them. The answer is made here so that the record for retries is stored with it.
_STORE = text(
    """
    WITH cycle_asked AS (
        SELECT id, :channel <> 'http' OR (opens_at <= CAST(:moment AS timestamptz)
               AND CAST(:moment AS timestamptz) < closes_at) AS open
        FROM cycle WHERE code = :cycle
    ), cycle_found AS (
        -- A correction has a time of its own.
        SELECT id, open FROM cycle_asked
        WHERE open OR is_returned(id, :uscc)
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
            SET status = 'submitted', revision = application.revision + 1, submitted_at = now(),
                status_reason = NULL, return_reasons = NULL, reopened_sections = NULL, correct_until = NULL,
                decided_by = NULL, decided_at = NULL,
                city_code = CASE application.status
                    WHEN 'returned' THEN application.city_code ELSE excluded.city_code END
            WHERE CASE application.status
                WHEN 'draft' THEN (SELECT open FROM cycle_found)
                WHEN 'withdrawn' THEN (SELECT open FROM cycle_found)
                WHEN 'returned' THEN may_correct(
                    application.id, application.revision, application.reopened_sections,
                    CASE WHEN :channel = 'http' THEN application.correct_until END, CAST(:payload AS jsonb))
                ELSE false END
        RETURNING id, revision, old.status AS was, old.reopened_sections AS reopened
    ), snapshot_kept AS (
        INSERT INTO application_snapshot (id, application_id, revision, payload, digest, submitted_by, channel)
        SELECT :snapshot_id, id, revision, CAST(:payload AS jsonb), :digest, :actor, :channel FROM application_kept
    ), draft_ended AS (
        DELETE FROM application_draft USING application_kept
        WHERE application_kept.was IS NOT NULL AND application_draft.application_id = application_kept.id
    ), audit_kept AS (
        INSERT INTO audit_entry (id, service, actor, role, action, subject_type, subject_id, request_id, detail)
        SELECT :audit_id, 'intake', :actor, :role, 'application.submit', 'application', id, :request_id,
               jsonb_build_object('revision', revision, 'channel', CAST(:channel AS text),
                                  'from', was, 'to', 'submitted', 'sections', to_jsonb(reopened))
        FROM application_kept
    ), answer AS (
        SELECT json_build_object('id', id, 'cycle', CAST(:cycle AS text), 'uscc', CAST(:uscc AS text),
                                 'status', 'submitted', 'revision', revision, 'digest', CAST(:digest AS text)) AS body
        FROM application_kept
    ), record_kept AS (
        INSERT INTO idempotency_record (actor, key, request_digest, status, response)
        SELECT :identity, :key, :request_digest, 201, CAST(body AS text) FROM answer
        WHERE CAST(:key AS text) IS NOT NULL
    )
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM cycle_asked) THEN refuse('cycle_not_found')
        WHEN NOT EXISTS (SELECT FROM cycle_found) THEN refuse(
            'outside_application_window',
            (SELECT concat(to_char(opens_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), ' – ',
                           to_char(closes_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), ' (UTC+8)')
             FROM cycle WHERE code = :cycle))
        WHEN NOT EXISTS (SELECT FROM enterprise_kept) THEN refuse('registered_elsewhere')
        WHEN NOT EXISTS (SELECT FROM application_kept) THEN refuse('application_exists')
        ELSE (SELECT CAST(body AS text) FROM answer)
    END
    """
)
# Written for SQLAlchemy, run by the driver itself: its machinery would cost as much again as the statement.
_COMPILED = _STORE.compile(dialect=driver_dialect.dialect())
_SQL, _NAMES = _COMPILED.string, tuple(_COMPILED.positiontup or ())
_REFUSALS = {
    kind.code: kind
    for kind in (
        CYCLE_NOT_FOUND,
        OUTSIDE_WINDOW,
        REGISTERED_ELSEWHERE,
        APPLICATION_EXISTS,
        CORRECTION_OVERDUE,
        SECTION_NOT_REOPENED,
        USCC_SUPERSEDED,
    )
}


@dataclass(frozen=True, slots=True)
class Submission:
    """A form for the cycle with code `cycle`. A file's rows count from when it was uploaded, national records from
    when they were filed upstream: their callers have checked the window."""

    cycle: str
    form: ApplicationForm
    channel: Channel


def check_reach(actor: Actor, form: Applicant) -> None:
    """An enterprise applies for itself, a city officer for enterprises registered in the city."""
    if actor.uscc is not None and form.uscc != actor.uscc:
        raise Problem(NOT_OWN_ENTERPRISE, violations=[_at("/uscc", NOT_OWN_ENTERPRISE)])
    if actor.city_code is not None and city_of(form.registered_division) != actor.city_code:
        raise Problem(OUTSIDE_CITY, violations=[_at("/registered_division", OUTSIDE_CITY)])


def _at(pointer: str, kind: ErrorKind) -> Violation:
    return Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)


async def submit_alone(statements: Pool, actor: Actor, submission: Submission, retry: RetryKey) -> str:
    """`submit` as a transaction of its own, on a connection held for the one statement only."""
    values = _values(actor, submission, retry)
    try:
        return str(await statements.fetchval(_SQL, *values))
    except PostgresError as error:
        raise refused(error) from None


async def submit(connection: AsyncConnection, actor: Actor, submission: Submission) -> str:
    """Store one application and return the answer, an ApplicationReceived as JSON text.

    A refusal needs a savepoint. Problem `cycle_not_found`, `outside_application_window`, `application_exists`,
    `registered_elsewhere`, `section_not_reopened`, `correction_overdue`, `uscc_superseded`, or one of reach.
    """
    driver: Connection | None = (await connection.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 (a connection that is open has one)
    values = _values(actor, submission, None)
    try:
        return str(await driver.fetchval(_SQL, *values))
    except PostgresError as error:
        raise refused(error) from None


def _values(actor: Actor, submission: Submission, retry: RetryKey | None) -> list[Any]:
    form = submission.form
    check_may("submit", actor)
    check_reach(actor, form)
    canonical = canonical_text_without_floats(form.model_dump(mode="json"))
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
        # The business clock decides whether the window is open, not the database's.
        "moment": calendar.now(),
        "payload": canonical,
        "digest": sha256_hex(canonical),
        "actor": actor.subject,
        "identity": actor.identity,
        "role": actor.role,
        "channel": submission.channel,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        "key": retry.key if retry else None,
        "request_digest": retry.request_digest if retry else None,
    }
    return [values[name] for name in _NAMES]


def refused(error: PostgresError | DBAPIError) -> Exception:
    """The Problem that the database has spoken, else the error itself."""
    problem = refusal_of(error, _REFUSALS)
    if problem is not None and problem.kind is SECTION_NOT_REOPENED:
        # The statement names the places; each becomes a violation.
        return Problem(problem.kind, violations=[_at(one, problem.kind) for one in (problem.detail_en or "").split()])
    return problem or error
