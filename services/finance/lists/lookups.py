"""What a list said of enterprises on the day of a report and of a loan, in one signed answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from joserfc.jwk import OKPKey
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.edition import Content, signed
from services.finance.lists.errors import DATE_IN_FUTURE, DATE_MISSING
from services.finance.lists.history import edition_on, standing_in
from services.finance.lists.programmes import readable_programme
from services.finance.lists.schemas import LookupIn
from shared import calendar
from shared.canonical import canonical_text
from shared.errors import Problem
from shared.models.finance import Edition, EditionChange
from shared.models.reads import codes_of, present_codes
from shared.security.actor import Actor

_UNKNOWN = ("serial", "edition_digest", "issued_at", "expires_at", "expired", "listed", "entry", "basis", "basis_id")


async def look_up(session: AsyncSession, actor: Actor, code: str, asked: LookupIn, key: OKPKey) -> str:
    """The signed answer as canonical JSON, in the order asked; an enterprise is found under any code it ever had.

    Problems `date_missing`, `date_in_future`. Who was never listed and who does not exist are answered alike.
    """
    programme = await readable_programme(session, actor, code)
    days = {"report_date": asked.report_date, "loan_date": asked.loan_date}
    _check(days)
    codes = await _every_code(session, asked.usccs)
    said = {name: await _said_on(session, programme.code, day, codes) for name, day in days.items() if day is not None}
    content: Content = {
        "kind": "lookup",
        "programme": programme.code,
        "asked_at": calendar.iso_utc(calendar.now()),
        "answers": [
            {"uscc": uscc, **{name: said[name][uscc] if name in said else None for name in days}}
            for uscc in asked.usccs
        ],
    }
    return canonical_text(signed(content, key))


def _check(days: Mapping[str, date | None]) -> None:
    given = [day for day in days.values() if day is not None]
    if not given:
        raise Problem(DATE_MISSING)
    if max(given) > calendar.business_date(calendar.now()):
        raise Problem(DATE_IN_FUTURE)


async def _every_code(session: AsyncSession, usccs: Sequence[str]) -> dict[str, set[str]]:
    """Of each code asked for, every code of the enterprise that it stands for now."""
    present = await present_codes(session, set(usccs))
    known: dict[str, set[str]] = defaultdict(set)
    for code, uscc in await session.execute(codes_of(set(present.values()))):
        known[uscc].add(code)
    return {code: known[uscc] | {code} for code, uscc in present.items()}


async def _said_on(
    session: AsyncSession, programme_code: str, day: date, codes: Mapping[str, set[str]]
) -> dict[str, dict[str, Any]]:
    edition = await edition_on(session, programme_code, day)
    if edition is None:
        return {uscc: {"date": day.isoformat(), **dict.fromkeys(_UNKNOWN)} for uscc in codes}
    every = sorted(set().union(*codes.values()))
    standing = await standing_in(session, programme_code, edition.serial, every)
    return {
        uscc: _standing(edition, day, [standing[one] for one in own if one in standing]) for uscc, own in codes.items()
    }


def _standing(edition: Edition, day: date, found: Sequence[EditionChange]) -> dict[str, Any]:
    one = found[0] if found else None
    return {
        "date": day.isoformat(),
        "serial": edition.serial,
        "edition_digest": edition.digest,
        "issued_at": calendar.iso_utc(edition.issued_at),
        "expires_at": calendar.iso_utc(edition.expires_at),
        "expired": edition.expires_at < calendar.start_of_day(day),
        "listed": one is not None,
        "entry": None if one is None else one.entry,
        "basis": None if one is None else one.basis,
        "basis_id": None if one is None or one.basis_id is None else str(one.basis_id),
    }
