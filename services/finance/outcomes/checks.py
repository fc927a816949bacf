"""What is wrong with an outcome as it was sent, each fault at its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.history import edition_on, standing_in
from services.finance.outcomes.errors import (
    DRAWN_ABOVE_LINE,
    DUE_TOO_EARLY,
    NOT_ON_LIST,
    OUTCOME_IN_FUTURE,
    PLEDGE_REFUSED,
    REASON_UNKNOWN,
)
from services.finance.outcomes.money import fen_of
from services.finance.outcomes.patents import extracts_on
from services.finance.outcomes.pledge_checks import found_against
from services.finance.outcomes.refusal_grounds import pledge_grounds, refusal_reasons
from services.finance.outcomes.schemas import ApprovedIn, RefusedIn
from shared import calendar
from shared.errors import ErrorKind, Problem, Violation
from shared.models.reads import codes_of, present_codes

Fault: TypeAlias = tuple[ErrorKind, Violation]
MOST_TOLD = 200


def refuse(faults: Sequence[Fault]) -> None:
    """Raise a Problem of the first fault's kind with every fault at its place; nothing where there is none."""
    if faults:
        told = [violation for _, violation in faults]
        raise Problem(faults[0][0], violations=told[:MOST_TOLD], violations_left_out=max(0, len(told) - MOST_TOLD))


def fault(kind: ErrorKind, pointer: str) -> Fault:
    """One fault at its place (a JSON pointer)."""
    return kind, Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)


async def listing_serial(session: AsyncSession, programme_code: str, code: str, on: date) -> int | None:
    """The edition in force at the end of a day, if it lists the enterprise under any of its codes; None otherwise."""
    edition = await edition_on(session, programme_code, on)
    if edition is None:
        return None
    present = (await present_codes(session, [code]))[code]
    codes = {row.code for row in await session.execute(codes_of([present]))} | {code}
    return edition.serial if await standing_in(session, programme_code, edition.serial, codes) else None


def not_listed(place: str) -> Fault:
    """That the enterprise is on no list of that day, or nobody at all: both are told alike."""
    return fault(NOT_ON_LIST, f"{place}/uscc")


def content_faults(content: ApprovedIn | RefusedIn, place: str) -> Iterator[Fault]:
    """What is wrong whatever is on record."""
    today = calendar.business_date(calendar.now())
    if content.decided_on > today:
        yield fault(OUTCOME_IN_FUTURE, f"{place}/decided_on")
    if isinstance(content, RefusedIn):
        if content.refusal_code not in refusal_reasons():
            yield fault(REASON_UNKNOWN, f"{place}/refusal_code")
        return
    if content.due_on <= content.decided_on:
        yield fault(DUE_TOO_EARLY, f"{place}/due_on")
    drawn, line = fen_of(content.drawn_cny), fen_of(content.line_cny)
    if drawn is not None and line is not None and drawn > line:
        yield fault(DRAWN_ABOVE_LINE, f"{place}/drawn_cny")
    if content.pledge is not None and content.pledge.registered_on > today:
        yield fault(OUTCOME_IN_FUTURE, f"{place}/pledge/registered_on")


async def pledge_faults(
    session: AsyncSession, content: ApprovedIn | RefusedIn, pledgor: str, place: str
) -> tuple[list[Fault], list[dict[str, Any]]]:
    """Grounds that stand against a patent, each at its place; and those that nobody can tell, as they are kept."""
    if isinstance(content, RefusedIn) or content.pledge is None:
        return [], []
    pledge = content.pledge
    on_record = await extracts_on(session, [one.patent_no for one in pledge.patents], pledge.registered_on, pledgor)
    found = found_against(pledge, content.due_on, on_record)
    known = [_pledge_fault(one.ground, f"{place}/pledge/patents/{one.position}") for one in found if one.known]
    return known, [{"patent_no": one.patent_no, "ground": one.ground} for one in found if not one.known]


def _pledge_fault(ground: str, pointer: str) -> Fault:
    title = pledge_grounds()[ground].title
    return PLEDGE_REFUSED, Violation(ground, title, f"Ground for refusing the pledge: {ground}", pointer=pointer)
