"""Submit many applications at once: staged by COPY, stored set by set, with the meaning of `submit` for each.

One order for all who lock: enterprises by 统一社会信用代码 first, then existing applications by id. A single
submission takes its enterprise and then its application, a city's decision takes applications by id: none of them
can wait in a circle with an import, nor can two imports.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.applications.errors import REGISTERED_ELSEWHERE
from services.intake.applications.schemas import ApplicationForm
from services.intake.applications.submission import Channel, Submission, submit
from services.intake.enterprises.errors import USCC_SUPERSEDED
from shared.canonical import canonical_text_without_floats, sha256_hex
from shared.errors import Problem
from shared.reference.divisions import city_of
from shared.security.actor import Actor

_BATCH = 1_000
_COLUMNS = ("position", "uscc", "name", "division_code", "city_code", "payload", "digest")


@dataclass(frozen=True, slots=True)
class PreparedForm:
    """A form ready to store: the columns that are searched, and its canonical JSON with the SHA-256 of it."""

    uscc: str
    name: str
    division_code: str
    payload: str
    digest: str


def prepare(form: ApplicationForm) -> PreparedForm:
    """The form as `submit` would store it; CPU-bound."""
    canonical = canonical_text_without_floats(form.model_dump(mode="json"))
    return PreparedForm(form.uscc, form.name, form.registered_division, canonical, sha256_hex(canonical))


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What came of a staged form: the application's id, or the refusal."""

    position: int
    uscc: str
    application_id: uuid.UUID | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class BulkSubmission:
    """One file's forms on their way into the cycle `cycle` (code and id), as `actor`.

    Stage every form, then submit all of them, in a transaction that the caller owns. Forms must be within the
    actor's reach, and each enterprise may be staged once.
    """

    connection: AsyncConnection
    actor: Actor
    cycle: tuple[str, uuid.UUID]
    channel: Channel
    _staged: bool = field(default=False, init=False)

    async def stage(self, forms: Sequence[tuple[int, PreparedForm]]) -> None:
        """COPY forms, each with the position that its outcome will have, to where `submit_staged` finds them."""
        if not self._staged:
            await self.connection.execute(_STAGE)
            self._staged = True
        driver: Any = (await self.connection.get_raw_connection()).driver_connection
        records = (
            (position, one.uscc, one.name, one.division_code, city_of(one.division_code), one.payload, one.digest)
            for position, one in forms
        )
        await driver.copy_records_to_table("bulk_stage", columns=_COLUMNS, records=records)

    async def staged(self) -> list[tuple[int, str]]:
        """Position and code of every staged form."""
        if not self._staged:
            return []
        rows = await self.connection.execute(text("SELECT position, uscc FROM bulk_stage"))
        return [(row.position, row.uscc) for row in rows]

    async def submit_staged(self) -> AsyncIterator[list[BulkOutcome]]:
        """Outcomes in the order of the codes, a batch at a time.

        A first application is stored with its batch; where the enterprise has one in this cycle already, `submit`
        decides by that one's status.
        """
        if not self._staged:
            return
        for statement in (_INDEX, _ANALYSE):
            await self.connection.execute(statement)
        if superseded := (await self.connection.execute(_SUPERSEDED)).all():
            yield [
                BulkOutcome(
                    row.position,
                    row.uscc,
                    problem=Problem(USCC_SUPERSEDED, detail_zh=row.present, detail_en=row.present),
                )
                for row in superseded
            ]
        await self.connection.execute(_LOCK_ENTERPRISES)
        await self.connection.execute(_LOCK_APPLICATIONS, {"cycle_id": self.cycle[1]})
        after = ""
        while rows := await self._store(after):
            yield [await self._outcome(row) for row in rows]
            after = rows[-1].uscc

    async def _store(self, after: str) -> Sequence[Row[Any]]:
        values = {
            "after": after,
            "batch": _BATCH,
            "cycle_id": self.cycle[1],
            "actor": self.actor.subject,
            "role": self.actor.role,
            "channel": self.channel,
            "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        }
        return (await self.connection.execute(_STORE, values)).all()

    async def _outcome(self, row: Row[Any]) -> BulkOutcome:
        if row.application_id is not None:
            return BulkOutcome(row.position, row.uscc, application_id=row.application_id)
        if not row.same_city:
            return BulkOutcome(row.position, row.uscc, problem=Problem(REGISTERED_ELSEWHERE))
        return await self._submit_again(row.position, row.uscc)

    async def _submit_again(self, position: int, uscc: str) -> BulkOutcome:
        payload = (await self.connection.execute(_PAYLOAD, {"uscc": uscc})).scalar_one()
        form = ApplicationForm.model_validate_json(payload)
        try:
            async with self.connection.begin_nested():
                await submit(self.connection, self.actor, Submission(self.cycle[0], form, self.channel))
        except Problem as problem:
            return BulkOutcome(position, uscc, problem=problem)
        found = await self.connection.execute(_APPLICATION, {"uscc": uscc, "cycle_id": self.cycle[1]})
        return BulkOutcome(position, uscc, application_id=found.scalar_one())


_STAGE = text(
    """
    CREATE TEMPORARY TABLE bulk_stage (
        position integer NOT NULL, uscc text NOT NULL, name text NOT NULL, division_code text NOT NULL,
        city_code text NOT NULL, payload jsonb NOT NULL, digest text NOT NULL
    ) ON COMMIT DROP
    """
)
_INDEX = text("CREATE UNIQUE INDEX ON bulk_stage (uscc)")
_ANALYSE = text("ANALYZE bulk_stage (uscc)")
# A code that an enterprise has given up: a trigger would refuse it, and the whole set with it.
_SUPERSEDED = text(
    """
    WITH given_up AS (
        DELETE FROM bulk_stage USING enterprise_code AS code
        WHERE code.code = bulk_stage.uscc AND code.kind <> 'current'
        RETURNING bulk_stage.position, bulk_stage.uscc, code.enterprise_id
    )
    SELECT given_up.position, given_up.uscc, enterprise.uscc AS present
    FROM given_up JOIN enterprise ON enterprise.id = given_up.enterprise_id
    ORDER BY given_up.uscc
    """
)
# An enterprise on record is locked as it is: what it becomes is decided when nobody else can change it any more.
_LOCK_ENTERPRISES = text(
    """
    INSERT INTO enterprise (id, uscc, name, division_code, city_code)
    SELECT uuidv7(), uscc, name, division_code, city_code FROM bulk_stage ORDER BY uscc
    ON CONFLICT (uscc) DO UPDATE SET updated_at = enterprise.updated_at WHERE enterprise.uscc IS NULL
    """
)
_LOCK_APPLICATIONS = text(
    """
    SELECT count(*) FROM (
        SELECT FROM application
        JOIN enterprise ON enterprise.id = application.enterprise_id
        JOIN bulk_stage ON bulk_stage.uscc = enterprise.uscc
        WHERE application.cycle_id = :cycle_id
        ORDER BY application.id FOR UPDATE OF application
    ) AS locked
    """
)
# What `_STORE` of submission.py does for one first application, for the next batch of them. An enterprise of this very
# transaction has the name already; now() is the transaction's beginning.
_STORE = text(
    """
    WITH batch AS MATERIALIZED (
        SELECT bulk_stage.*, enterprise.id AS enterprise_id, enterprise.city_code = bulk_stage.city_code AS same_city,
               enterprise.created_at <> now() AS on_record
        FROM (SELECT uscc FROM bulk_stage WHERE uscc > :after ORDER BY uscc LIMIT :batch) AS next
        JOIN bulk_stage ON bulk_stage.uscc = next.uscc
        JOIN enterprise ON enterprise.uscc = next.uscc
    ), first AS MATERIALIZED (
        SELECT batch.*, uuidv7() AS application_id FROM batch
        WHERE same_city AND NOT EXISTS (
            SELECT FROM application
            WHERE application.cycle_id = :cycle_id AND application.enterprise_id = batch.enterprise_id)
    ), enterprise_kept AS (
        UPDATE enterprise SET name = first.name, division_code = first.division_code, updated_at = now()
        FROM first WHERE enterprise.id = first.enterprise_id AND first.on_record
    ), application_kept AS (
        INSERT INTO application (id, cycle_id, enterprise_id, city_code, status, revision)
        SELECT application_id, :cycle_id, enterprise_id, city_code, 'submitted', 1 FROM first
        ON CONFLICT ON CONSTRAINT uq_application_one_per_cycle DO NOTHING
        RETURNING id
    ), snapshot_kept AS (
        INSERT INTO application_snapshot (id, application_id, revision, payload, digest, submitted_by, channel)
        SELECT uuidv7(), id, 1, payload, digest, :actor, :channel
        FROM application_kept JOIN first ON first.application_id = application_kept.id
    ), audit_kept AS (
        INSERT INTO audit_entry (id, service, actor, role, action, subject_type, subject_id, request_id, detail)
        SELECT uuidv7(), 'intake', :actor, :role, 'application.submit', 'application', id, :request_id,
               jsonb_build_object('revision', 1, 'channel', CAST(:channel AS text),
                                  'from', NULL, 'to', 'submitted', 'sections', NULL)
        FROM application_kept
    )
    SELECT batch.position, batch.uscc, batch.same_city, application_kept.id AS application_id
    FROM batch
    LEFT JOIN first ON first.uscc = batch.uscc
    LEFT JOIN application_kept ON application_kept.id = first.application_id
    ORDER BY batch.uscc
    """
)
_PAYLOAD = text("SELECT CAST(payload AS text) FROM bulk_stage WHERE uscc = :uscc")
_APPLICATION = text(
    """
    SELECT application.id FROM application JOIN enterprise ON enterprise.id = application.enterprise_id
    WHERE application.cycle_id = :cycle_id AND enterprise.uscc = :uscc
    """
)
