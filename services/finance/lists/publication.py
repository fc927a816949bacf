"""Publish an edition: the next serial of a programme, rendered and signed once, caused by one event; or say why not."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from joserfc.jwk import OKPKey
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.backing import Backed, backed_changes
from services.finance.lists.differences import Listed, changes_between
from services.finance.lists.edition import body_of, digest_of, edition_content, entry_of, head_of, sign
from services.finance.lists.history import listed_now
from services.finance.lists.recalls import recall_superseded
from services.finance.lists.rendering import compressed
from services.finance.lists.safeguards import Safeguard, duplicates, programme_data, safeguards
from services.finance.lists.signing_keys import register_key
from shared import audit, calendar, outbox
from shared.canonical import canonical_text_without_floats
from shared.events import EditionPublished
from shared.models.base import new_id
from shared.models.finance import Edition, EditionFile, ListProgramme, RefusedPublication
from shared.models.reads import listed_members
from shared.reference.province import province
from shared.security.actor import Actor

_STORE_CHANGES = text(
    """
    INSERT INTO edition_change (programme_code, serial, uscc, change, entry, membership_id, basis, basis_id)
    SELECT CAST(:programme_code AS text), CAST(:serial AS integer), uscc, change, CAST(entry AS jsonb), membership_id,
           basis, basis_id
    FROM unnest(CAST(:usccs AS text[]), CAST(:changes AS text[]), CAST(:entries AS text[]),
                CAST(:memberships AS uuid[]), CAST(:bases AS text[]), CAST(:basis_ids AS uuid[]))
         AS told (uscc, change, entry, membership_id, basis, basis_id)
    """
)


@dataclass(frozen=True, slots=True)
class Cause:
    """What an edition is published for, and how many removals somebody authorised for it."""

    event_id: uuid.UUID
    actor: Actor = audit.SYSTEM
    reason: str | None = None
    authorised_removals: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The serial that was published, or the refusal that is on record instead."""

    serial: int | None
    refusal_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What an edition is to list, by code, with each change and its basis; `against` are reasons found already."""

    before: Mapping[str, Listed]
    after: Mapping[str, Listed]
    backed: Sequence[Backed]
    against: Sequence[Safeguard] = ()


async def publish_edition(session: AsyncSession, programme: ListProgramme, cause: Cause, key: OKPKey) -> Outcome:
    """What came of this event for a list of the pool; the same event never publishes, and is never refused, twice.

    The caller has locked the programme's row, so serials have no gaps and no twins.
    """
    done = await outcome_of(session, programme, cause.event_id)
    if done is not None:
        return done
    members = await listed_members(session, programme.pool_code)
    by_code = {one.uscc: one for one in members}
    before = await listed_now(session, programme.code)
    after = {uscc: Listed(entry_of(one), one.membership_id) for uscc, one in by_code.items()}
    backed = await backed_changes(session, changes_between(before, after), by_code)
    draft = Draft(before, after, backed, duplicates([one.uscc for one in members]))
    return await publish_draft(session, programme, cause, key, draft)


async def publish_draft(
    session: AsyncSession, programme: ListProgramme, cause: Cause, key: OKPKey, draft: Draft
) -> Outcome:
    """The edition of a draft, or the refusal that is on record instead; the caller holds the programme's row."""
    previous = await _newest(session, programme)
    data, listed = programme_data(programme.code), len(draft.before)
    against = [
        *draft.against,
        *safeguards(draft.backed, listed=listed, data=data, authorised=cause.authorised_removals),
    ]
    if against:
        return await _refuse(session, programme, cause, previous, len(draft.after), against)
    outcome = await _issue(session, programme, cause, key, previous, draft)
    if previous is not None:
        await recall_superseded(session, programme, previous.serial, draft.backed)
    return outcome


async def is_expiring(session: AsyncSession, programme: ListProgramme) -> bool:
    """Whether there is an edition, and the newest ends within the days before which the province renews."""
    newest = await _newest(session, programme)
    days = timedelta(days=province().list_renewal.days_before)
    return newest is not None and newest.expires_at - calendar.now() < days


async def outcome_of(session: AsyncSession, programme: ListProgramme, event_id: uuid.UUID) -> Outcome | None:
    """What came of an event before; None where it is new."""
    published = select(Edition.serial).where(
        Edition.programme_code == programme.code, Edition.cause_event_id == event_id
    )
    serial = (await session.execute(published)).scalar_one_or_none()
    if serial is not None:
        return Outcome(serial)
    refused = select(RefusedPublication.id).where(
        RefusedPublication.programme_code == programme.code, RefusedPublication.cause_event_id == event_id
    )
    refusal_id = (await session.execute(refused)).scalar_one_or_none()
    return None if refusal_id is None else Outcome(None, refusal_id)


async def _newest(session: AsyncSession, programme: ListProgramme) -> Edition | None:
    newest = select(Edition).where(Edition.programme_code == programme.code).order_by(Edition.serial.desc()).limit(1)
    return (await session.execute(newest)).scalar_one_or_none()


async def _refuse(
    session: AsyncSession,
    programme: ListProgramme,
    cause: Cause,
    previous: Edition | None,
    count: int,
    against: Sequence[Safeguard],
) -> Outcome:
    refusal = RefusedPublication(
        id=new_id(),
        programme_code=programme.code,
        previous_serial=None if previous is None else previous.serial,
        entry_count=count,
        reasons=[one.stored() for one in against],
        cause_event_id=cause.event_id,
    )
    session.add(refusal)
    await session.flush()
    detail = {"programme": programme.code, "count": count, "reasons": sorted({one.code for one in against})}
    subject = ("refused_publication", refusal.id)
    await audit.record(
        session, service="finance", actor=cause.actor, action="edition.refuse", subject=subject, detail=detail
    )
    return Outcome(None, refusal.id)


async def _issue(
    session: AsyncSession,
    programme: ListProgramme,
    cause: Cause,
    key: OKPKey,
    previous: Edition | None,
    draft: Draft,
) -> Outcome:
    issued_at = calendar.now().replace(microsecond=0)
    expires_at = issued_at + timedelta(days=programme.valid_days)
    content = edition_content(
        programme=programme.code,
        title=programme.title,
        serial=1 if previous is None else previous.serial + 1,
        issued_at=issued_at,
        expires_at=expires_at,
        previous_digest=None if previous is None else previous.digest,
        entries=[one.entry for one in draft.after.values()],
        columns=programme_data(programme.code).fields["subscriber"],
    )
    body = body_of(content)
    await register_key(session, key)
    edition = Edition(
        programme_code=programme.code,
        serial=content["serial"],
        previous_serial=content["serial"] - 1,
        previous_digest=content["previous_digest"],
        issued_at=issued_at,
        expires_at=expires_at,
        entry_count=len(draft.after),
        digest=digest_of(body),
        head=head_of(content),
        body=body,
        signature=sign(body, key),
        cause_event_id=cause.event_id,
    )
    session.add(edition)
    await session.flush()
    await _store_changes(session, edition, draft.backed)
    await _store_compressed(session, edition)
    detail = {
        "programme": programme.code,
        "serial": edition.serial,
        "count": len(draft.after),
        "digest": edition.digest,
    }
    if cause.reason is not None:
        detail |= {"reason": cause.reason, "authorised_removals": cause.authorised_removals}
    subject = ("event", cause.event_id)
    await audit.record(
        session, service="finance", actor=cause.actor, action="edition.publish", subject=subject, detail=detail
    )
    await outbox.publish(session, EditionPublished(programme=programme.code, serial=edition.serial))
    return Outcome(edition.serial)


async def _store_changes(session: AsyncSession, edition: Edition, backed: Sequence[Backed]) -> None:
    """In one statement: row by row a hundred thousand take as long as all the rest."""
    changes = [one.change for one in backed]
    values: dict[str, Any] = {
        "programme_code": edition.programme_code,
        "serial": edition.serial,
        "usccs": [one.uscc for one in changes],
        "changes": [one.kind for one in changes],
        "entries": [None if one.entry is None else canonical_text_without_floats(one.entry) for one in changes],
        "memberships": [one.membership_id for one in changes],
        "bases": [one.basis for one in backed],
        "basis_ids": [one.basis_id for one in backed],
    }
    if changes:
        await session.execute(_STORE_CHANGES, values)


async def _store_compressed(session: AsyncSession, edition: Edition) -> None:
    """What is pulled most; the files for people are rendered once the edition can be pulled (`render_edition`)."""
    data = await asyncio.to_thread(compressed, edition.body)
    values = {"programme_code": edition.programme_code, "serial": edition.serial, "format": "gzip", "content": data}
    await session.execute(insert(EditionFile).values(values))
