"""What evaluation reads of finance: consents, patents with their pledges, and who is on which list."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ARRAY, Text, any_, cast, exists, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.finance import EditionChange, ListConsent, PatentExtract, Pledge
from shared.models.intake import Enterprise, EnterpriseCode


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that has not been withdrawn; `uscc` is the enterprise's present code."""

    id: uuid.UUID
    uscc: str
    purpose: str
    given_on: date


async def live_consents(session: AsyncSession, uscc: str | None = None) -> dict[tuple[str, str], Consent]:
    """By present code and purpose, of all or of one present code. Under several codes of one enterprise, the newest."""
    statement = (
        select(ListConsent.id, Enterprise.uscc, ListConsent.purpose, ListConsent.given_on)
        .join(EnterpriseCode, EnterpriseCode.code == ListConsent.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(ListConsent.withdrawn_at.is_(None))
        .order_by(ListConsent.id)
    )
    if uscc is not None:
        statement = statement.where(Enterprise.uscc == uscc)
    found = [Consent(*row) for row in await session.execute(statement)]
    return {(one.uscc, one.purpose): one for one in found}


@dataclass(frozen=True, slots=True)
class PatentOnRecord:
    """What the newest copy of the register says of a patent; `uscc` is the patentee's present code.

    `pledged`: whether a pledge of it that banks reported is not over.
    """

    patent_no: str
    uscc: str
    legal_status: str
    filed_on: date
    fees_paid_until: date | None
    suspended: bool | None
    as_of: date
    pledged: bool


async def patents_on_record(
    session: AsyncSession, on: date, uscc: str | None = None
) -> dict[str, list[PatentOnRecord]]:
    """By present code of the patentee, the patents of which a copy of the register as of `on` or before is on record.

    Of all, or of one present code: the newest copy tells whose a patent is.
    """
    newest = (
        select(PatentExtract)
        .where(PatentExtract.as_of <= on)
        .ext(distinct_on(PatentExtract.patent_no))
        .order_by(PatentExtract.patent_no, PatentExtract.as_of.desc(), PatentExtract.id.desc())
        .subquery()
    )
    pledged = exists().where(
        Pledge.patent_no == newest.c.patent_no,
        Pledge.voided_by.is_(None),
        Pledge.registered_on <= on,
        or_(Pledge.released_on.is_(None), Pledge.released_on > on),
    )
    statement = (
        select(newest, Enterprise.uscc.label("present"), pledged.label("pledged"))
        .join(EnterpriseCode, EnterpriseCode.code == newest.c.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .order_by(newest.c.patent_no)
    )
    if uscc is not None:
        statement = statement.where(Enterprise.uscc == uscc)
    found: dict[str, list[PatentOnRecord]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.present].append(
            PatentOnRecord(
                patent_no=row.patent_no,
                uscc=row.present,
                legal_status=row.legal_status,
                filed_on=row.filed_on,
                fees_paid_until=row.fees_paid_until,
                suspended=row.suspended,
                as_of=row.as_of,
                pledged=row.pledged,
            )
        )
    return found


async def lists_of(session: AsyncSession, codes: Collection[str]) -> dict[str, int]:
    """Lists whose newest edition has one of these codes, with the serial since which it says so."""
    newest = (
        select(EditionChange.programme_code, EditionChange.uscc, EditionChange.serial, EditionChange.change)
        .where(EditionChange.uscc == any_(cast(list(codes), ARRAY(Text))))
        .ext(distinct_on(EditionChange.programme_code, EditionChange.uscc))
        .order_by(EditionChange.programme_code, EditionChange.uscc, EditionChange.serial.desc())
    )
    rows = (await session.execute(newest)).all()
    return {row.programme_code: row.serial for row in rows if row.change != "removed"}
