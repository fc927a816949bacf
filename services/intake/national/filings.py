"""Follow one upstream application: apply a version of it, or a change of its status, when its time has come."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.decision import return_to_enterprise
from services.intake.applications.errors import WRONG_STATUS
from services.intake.applications.schemas import ReturnIn, ReturnReason
from services.intake.applications.submission import Submission, submit
from services.intake.cycles.errors import OUTSIDE_WINDOW
from services.intake.national.errors import (
    APPLICATION_AWAITED,
    FILED_BY_ANOTHER,
    FILING_CHANGED,
    STATUS_NOT_HANDLED,
)
from services.intake.national.records import reason_of, reasons_of
from services.intake.national.schemas import Outcome
from services.intake.national.statuses import apply_status
from services.intake.national.wire import ApplicationRecord, StatusRecord
from shared.canonical import canonical_text, sha256_hex
from shared.errors import Problem, Violation
from shared.models.intake import Application, ApplicationSnapshot, Cycle, Enterprise, NationalFiling
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Filing:
    """How far one upstream application, as its sender numbers it, has been followed; its row is locked."""

    sender: str
    record_id: str
    application_id: uuid.UUID | None
    application_version: int | None
    status_sequence: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a record now. `filing` is where the application stands after it."""

    outcome: Outcome
    filing: Filing
    violations: tuple[Violation, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Current:
    status: str
    digest: str
    uscc: str
    cycle: str


async def follow(
    session: AsyncSession, actor: Actor, filing: Filing, record: ApplicationRecord | StatusRecord, digest: str
) -> Verdict:
    """Apply `record` if it can be now; nothing of a record that is refused or waits remains (a savepoint)."""
    connection = await session.connection()
    try:
        async with connection.begin_nested():
            match record:
                case ApplicationRecord():
                    verdict = await _follow_application(session, actor, filing, record, digest)
                case StatusRecord():
                    verdict = await _follow_status(session, actor, filing, record)
            await session.flush()
    except Problem as problem:
        # What a status does not allow now, a record that is still on its way may make possible.
        waits = problem.kind in (WRONG_STATUS, STATUS_NOT_HANDLED, APPLICATION_AWAITED)
        verdict = Verdict("waiting" if waits else "rejected", filing, reasons_of(problem))
    finally:
        # The next record starts from what the database says: the one statement of a submission bypasses the session.
        session.expunge_all()
    return verdict


async def _follow_application(
    session: AsyncSession, actor: Actor, filing: Filing, record: ApplicationRecord, digest: str
) -> Verdict:
    await _check_window(session, record)
    await _hold_enterprise(session, record)
    current = await _current(session, filing)
    outcome: Outcome = "accepted"
    if current is None:
        application_id = await _submit(session, actor, record)
        await _refuse_anothers(session, filing, application_id)
    else:
        application_id = filing.application_id
        if (current.uscc, current.cycle) != (record.form.uscc, record.cycle):
            raise Problem(FILING_CHANGED)
        if current.digest == _form_digest(record) and current.status != "returned":
            outcome = "unchanged"
        else:
            if current.status == "submitted":
                await _make_room(session, actor, filing)
            elif current.status != "returned":
                raise Problem(WRONG_STATUS)
            await _submit(session, actor, record)
    after = replace(filing, application_id=application_id, application_version=record.version)
    await _keep(session, after, digest=digest)
    return Verdict(outcome, after)


async def _follow_status(session: AsyncSession, actor: Actor, filing: Filing, record: StatusRecord) -> Verdict:
    if filing.application_id is None or (filing.application_version or 0) < record.application_version:
        raise Problem(APPLICATION_AWAITED)
    if record.application_version < (filing.application_version or 0):
        return Verdict("stale", filing)
    if filing.status_sequence is not None and record.sequence <= filing.status_sequence:
        return Verdict("stale", filing)
    await apply_status(session, actor, filing.application_id, record)
    after = replace(filing, status_sequence=record.sequence)
    await _keep(session, after)
    return Verdict("accepted", after)


async def _submit(session: AsyncSession, actor: Actor, record: ApplicationRecord) -> uuid.UUID:
    connection = await session.connection()
    answer = await submit(connection, actor, Submission(record.cycle, record.form, "national"))
    return uuid.UUID(json.loads(answer)["id"])


async def _refuse_anothers(session: AsyncSession, filing: Filing, application_id: uuid.UUID) -> None:
    """Problem `filed_by_another` where another sender's filing stands for the application, which is locked by now."""
    others = select(NationalFiling.record_id).where(
        NationalFiling.application_id == application_id, NationalFiling.sender != filing.sender
    )
    if (await session.execute(others.limit(1))).first() is not None:
        raise Problem(FILED_BY_ANOTHER)


async def _make_room(session: AsyncSession, actor: Actor, filing: Filing) -> None:
    """A newer filing replaces one that nobody has decided on: returned and submitted again, so that both acts show."""
    assert filing.application_id is not None  # noqa: S101 (there is a current application)
    reason = ReturnReason(field="", reason="国家系统报送了新的版本")
    await return_to_enterprise(session, actor, filing.application_id, ReturnIn(reasons=[reason]))
    await session.flush()


async def _hold_enterprise(session: AsyncSession, record: ApplicationRecord) -> None:
    """The enterprise before its application, as a submission locks them: so neither ever waits for the other."""
    held = select(Enterprise.id).where(Enterprise.uscc == record.form.uscc)
    await session.execute(held.with_for_update(key_share=True))


async def _check_window(session: AsyncSession, record: ApplicationRecord) -> None:
    """A record counts from when it was filed upstream, not from when it reached us."""
    window = select(Cycle.opens_at, Cycle.closes_at).where(Cycle.code == record.cycle)
    row = (await session.execute(window)).one_or_none()
    if row is not None and not _within(record.filed_at, row.opens_at, row.closes_at):
        raise Problem(OUTSIDE_WINDOW, violations=[reason_of(OUTSIDE_WINDOW, "/filed_at")])


def _within(moment: datetime, opens_at: datetime, closes_at: datetime) -> bool:
    return opens_at <= moment < closes_at


async def _current(session: AsyncSession, filing: Filing) -> _Current | None:
    if filing.application_id is None:
        return None
    statement = (
        select(Application.status, ApplicationSnapshot.digest, Enterprise.uscc, Cycle.code)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .join(
            ApplicationSnapshot,
            (ApplicationSnapshot.application_id == Application.id)
            & (ApplicationSnapshot.revision == Application.revision),
        )
        .where(Application.id == filing.application_id)
        .with_for_update(of=Application)
    )
    return _Current(*(await session.execute(statement)).one())


def _form_digest(record: ApplicationRecord) -> str:
    return sha256_hex(canonical_text(record.form.model_dump(mode="json")))


async def _keep(session: AsyncSession, filing: Filing, *, digest: str | None = None) -> None:
    values: dict[str, object] = {
        "application_id": filing.application_id,
        "application_version": filing.application_version,
        "status_sequence": filing.status_sequence,
    }
    if digest is not None:
        values["digest"] = digest
    kept = update(NationalFiling).where(
        NationalFiling.sender == filing.sender, NationalFiling.record_id == filing.record_id
    )
    await session.execute(kept.values(**values))
