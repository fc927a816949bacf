"""Which enterprises may take part in an event, by the event's rule."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.history import edition_on, standing_in
from services.finance.matchmaking.errors import RULE_UNKNOWN
from shared import calendar
from shared.errors import Problem
from shared.models.reads import codes_of, enterprises_on_record, listed_members, present_codes
from shared.reference.province import province

LISTED = "list:"
_RULES = ("anyone", "on_record", "pool_member")


def check_rule(who: str) -> str:
    """`anyone`, `on_record`, `pool_member`, or `list:` and a programme, whose rule is a rulebook expression.

    Problem `match_rule_unknown`.
    """
    lists = {one.code for one in province().list_programmes}
    if who not in _RULES and who.removeprefix(LISTED) not in (lists if who.startswith(LISTED) else ()):
        raise Problem(RULE_UNKNOWN)
    return who


async def who_may(session: AsyncSession, who: str, usccs: Collection[str]) -> set[str]:
    """Of these codes, those whose enterprises may take part today."""
    wanted = set(usccs)
    if who == "anyone" or not wanted:
        return wanted
    present = await present_codes(session, wanted)
    if who == "on_record":
        return set(await enterprises_on_record(session, sorted(wanted)))
    if who == "pool_member":
        members = {one.uscc for one in await listed_members(session, province().pool_code)}
        return {code for code in wanted if present.get(code, code) in members}
    listed = await _listed(session, who.removeprefix(LISTED), {present.get(code, code) for code in wanted})
    return {code for code in wanted if present.get(code, code) in listed}


async def _listed(session: AsyncSession, programme: str, present: Collection[str]) -> set[str]:
    """Who stands in the edition in force, under whichever code; nobody where it has expired."""
    now = calendar.now()
    edition = await edition_on(session, programme, calendar.business_date(now))
    if edition is None or edition.expires_at <= now:
        return set()
    owner = {row.code: row.uscc for row in await session.execute(codes_of(present))}
    found = await standing_in(session, programme, edition.serial, sorted({*owner, *present}))
    return {owner.get(code, code) for code in found}
