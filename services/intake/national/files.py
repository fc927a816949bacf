"""Files by hand: the one to take there, and those that are brought back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.adapters import own_key
from services.intake.national.deliveries import claim_all, settle
from services.intake.national.errors import FILE_SERIAL, FILE_UNREADABLE, WRONG_ADAPTER
from services.intake.national.file_adapter import FileAdapter
from services.intake.national.reconciliation import request_run
from services.intake.national.schemas import FileAnswer
from services.intake.national.sender_keys import good_keys
from services.intake.national.signed_file import opened
from services.intake.national.wire import ListingFile, ResultFile, as_json
from shared import audit
from shared.db import Database
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.intake import NationalAnswerFile, NationalFile
from shared.security.actor import Actor
from shared.settings import Settings
from shared.validation import violations_of_model

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Uploaded:
    kind: str
    digest: str
    body: bytes


async def outbox_file(database: Database, settings: Settings, actor: Actor) -> NationalFile | None:
    """The signed file of everything that has no answer yet; None where there is nothing. Problem `national_adapter`."""
    key = own_key(settings)
    if settings.national_adapter != "file" or key is None:
        raise Problem(WRONG_ADAPTER)
    async with database.sessions.begin() as session:
        parcel = await claim_all(session)
        if not parcel.records:
            return None
        detail = {"count": len(parcel.records)}
        subject = ("national_file", parcel.id)
        await audit.record(
            session, service="intake", actor=actor, action="national.file", subject=subject, detail=detail
        )
    return await FileAdapter(database, *key).write(parcel)


async def take_result_file(session: AsyncSession, actor: Actor, body: bytes) -> FileAnswer:
    """Settle what the file answers; the same file again changes nothing and has the same answer.

    Problem `file_unreadable`, `file_signature_invalid` or `file_serial_unknown`.
    """
    uploaded = _Uploaded("result", hashlib.sha256(body).hexdigest(), body)
    content = await _genuine(session, uploaded, ResultFile)
    if (before := await _before(session, uploaded)) is not None:
        return before
    ours = await session.get(NationalFile, content.serial)
    if ours is None:
        raise Problem(FILE_SERIAL)
    handed_out = {record["key"] for record in as_json(ours.body)["records"]}
    answers = {result.key: result for result in content.results}
    known = {key: answer for key, answer in answers.items() if key in handed_out}
    applied = await settle(session, known, claim_id=None)
    answer = FileAnswer(
        kind="result",
        digest=uploaded.digest,
        serial=content.serial,
        applied=applied,
        unchanged=len(known) - applied,
        unknown=sorted(answers.keys() - handed_out),
    )
    await _keep(session, actor, uploaded, answer)
    return answer


async def take_listing_file(session: AsyncSession, actor: Actor, body: bytes) -> FileAnswer:
    """Keep what they hold, and compare it with ours. Problem `file_unreadable` or `file_signature_invalid`."""
    uploaded = _Uploaded("listing", hashlib.sha256(body).hexdigest(), body)
    content = await _genuine(session, uploaded, ListingFile)
    if (before := await _before(session, uploaded)) is not None:
        return before
    answer = FileAnswer(kind="listing", digest=uploaded.digest, entries=len(content.entries))
    await _keep(session, actor, uploaded, answer)
    await request_run(session, actor)
    return answer


async def _genuine(session: AsyncSession, uploaded: _Uploaded, kind: type[Model]) -> Model:
    members: dict[str, Any] = opened(uploaded.body, await good_keys(session))
    try:
        return kind.model_validate(members)
    except ValidationError as error:
        raise Problem(FILE_UNREADABLE, violations=violations_of_model(error)) from None


async def _before(session: AsyncSession, uploaded: _Uploaded) -> FileAnswer | None:
    statement = select(NationalAnswerFile.answer).where(NationalAnswerFile.digest == uploaded.digest)
    stored = (await session.execute(statement)).scalar_one_or_none()
    return None if stored is None else FileAnswer.model_validate_json(stored)


async def _keep(session: AsyncSession, actor: Actor, uploaded: _Uploaded, answer: FileAnswer) -> None:
    row = NationalAnswerFile(
        id=new_id(),
        kind=uploaded.kind,
        digest=uploaded.digest,
        serial=answer.serial,
        body=uploaded.body.decode(),
        answer=answer.model_dump_json(),
        uploaded_by=actor.subject,
    )
    session.add(row)
    await session.flush()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action=f"national.{uploaded.kind}_file",
        subject=("national_answer_file", row.id),
        detail=answer.model_dump(exclude={"unknown"}),
    )
