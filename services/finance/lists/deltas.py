"""Deltas: what makes one edition of another, with the reasons, as a signed statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.edition import Content, signed
from services.finance.lists.errors import NO_EDITION, SERIAL_NEVER_EXISTED, SERIALS_REVERSED
from services.finance.lists.history import changes_after
from services.finance.lists.programmes import readable_programme
from services.finance.lists.queries import record_pull
from shared.canonical import canonical_text
from shared.errors import Problem
from shared.models.finance import Edition, EditionChange
from shared.security.actor import Actor


async def delta(
    session: AsyncSession, actor: Actor, code: str, since: int, to: int | None, key: OKPKey
) -> tuple[str, int]:
    """What makes edition `to`, or the newest, of edition `since`: a signed statement as canonical JSON, and the serial.

    Problems `serial_never_existed`, `serials_reversed`. Its cost grows with the changes, not with the list.
    """
    programme = await readable_programme(session, actor, code)
    last = await _known(session, programme.code, to)
    first = await _known(session, programme.code, since)
    if last.serial < first.serial:
        raise Problem(SERIALS_REVERSED)
    rows = await changes_after(session, programme.code, first.serial, last.serial)
    content: Content = {
        "kind": "changes",
        "programme": programme.code,
        "since": first.serial,
        "to": last.serial,
        "digest_before": first.digest,
        "digest_after": last.digest,
        "head": last.head,
        "edition_signature": last.signature,
        "reasons": [_reason(one) for one in rows],
        **folded(rows),
    }
    await record_pull(session, actor, programme.code, last.serial)
    return canonical_text(signed(content, key)), last.serial


async def _known(session: AsyncSession, programme_code: str, serial: int | None) -> Edition:
    statement = select(Edition).where(Edition.programme_code == programme_code)
    wanted = (
        statement.order_by(Edition.serial.desc()).limit(1)
        if serial is None
        else statement.where(Edition.serial == serial)
    )
    edition = (await session.execute(wanted)).scalar_one_or_none()
    if edition is None:
        raise Problem(NO_EDITION if serial is None else SERIAL_NEVER_EXISTED)
    return edition


def _reason(change: EditionChange) -> dict[str, Any]:
    basis_id = None if change.basis_id is None else str(change.basis_id)
    return {
        "serial": change.serial,
        "uscc": change.uscc,
        "change": change.change,
        "basis": change.basis,
        "basis_id": basis_id,
    }


def folded(rows: Sequence[EditionChange]) -> dict[str, list[Any]]:
    """The net of changes in their order: what came and went between is in the reasons alone."""
    was_listed: dict[str, bool] = {}
    newest: dict[str, Any] = {}
    for one in rows:
        was_listed.setdefault(one.uscc, one.change != "added")
        newest[one.uscc] = one.entry
    return {
        "added": [newest[uscc] for uscc in sorted(newest) if newest[uscc] is not None and not was_listed[uscc]],
        "changed": [newest[uscc] for uscc in sorted(newest) if newest[uscc] is not None and was_listed[uscc]],
        "removed": [uscc for uscc in sorted(newest) if newest[uscc] is None and was_listed[uscc]],
    }
