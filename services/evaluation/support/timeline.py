"""An enterprise's timeline: support, stays in pools, accepted reports and confirmed incidents, the newest first."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.support.kinds import title_of
from services.evaluation.support.ledger import is_counted
from services.evaluation.support.money import yuan_of
from shared.calendar import business_date
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import SupportAction
from shared.models.reads import (
    ConfirmedIncident,
    Stay,
    accepted_reports_of,
    confirmed_incidents,
    enterprises_on_record,
    stays_of,
)
from shared.security.actor import Actor

Event: TypeAlias = Literal["support", "admitted", "membership_ended", "report_accepted", "incident_confirmed"]
_TITLES: dict[Event, str] = {
    "support": "支持",
    "admitted": "入库",
    "membership_ended": "离库",
    "report_accepted": "进展报告已接收",
    "incident_confirmed": "违法违规情形已确认",
}


class TimelineEvent(BaseModel):
    """One event; `subject_id` is the support action, stay, report or incident. A support action's day may be unknown."""

    on: Annotated[date | None, Field(examples=["2024-06-20"])]
    event: Annotated[Event, Field(examples=["support"])]
    title: Annotated[str, Field(examples=["支持：知识产权质押融资贷款"])]
    subject_id: Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    kind: Annotated[str | None, Field(examples=["ip_pledge_loan"])] = None
    amount_cny: Annotated[str | None, Field(examples=["5000000.00"])] = None


class TimelinePage(BaseModel):
    """Events without a day come last. `next_cursor` is the event that the next page comes after."""

    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str, Field(examples=["【虚构】武汉示例科技有限公司"])]
    items: list[TimelineEvent]
    next_cursor: Annotated[str | None, Field(examples=[None])]


@dataclass(frozen=True, slots=True)
class After:
    """Where a page begins: behind this event."""

    cursor: str | None
    limit: int


async def timeline(session: AsyncSession, actor: Actor, code: str, after: After) -> TimelinePage:
    """The timeline of an enterprise by any of its codes; Problem `not_found` outside reach."""
    on_record = await enterprises_on_record(session, [code] if actor.uscc is None else [code, actor.uscc])
    found = on_record.get(code)
    if found is None or actor.city_code not in (None, found.city_code):
        raise Problem(NOT_FOUND)
    if actor.uscc is not None and on_record.get(actor.uscc) != found:
        raise Problem(NOT_FOUND)
    events = await _all_events(session, found.uscc)
    left = [one for one in events if after.cursor is None or _cursor(one) < after.cursor]
    shown = left[: after.limit]
    more = len(left) > after.limit
    return TimelinePage(uscc=found.uscc, name=found.name, items=shown, next_cursor=_cursor(shown[-1]) if more else None)


async def _all_events(session: AsyncSession, uscc: str) -> list[TimelineEvent]:
    events = [
        *(_of_support(row) for row in await _supports(session, uscc)),
        *(event for stay in await stays_of(session, uscc) for event in _of_stay(stay)),
        *(_of_incident(one) for one in await confirmed_incidents(session, uscc)),
    ]
    for report in await accepted_reports_of(session, uscc):
        title = f"{_TITLES['report_accepted']}：{report.period}"
        on = business_date(report.accepted_at)
        events.append(TimelineEvent(on=on, event="report_accepted", title=title, subject_id=report.id))
    return sorted(events, key=_cursor, reverse=True)


async def _supports(session: AsyncSession, uscc: str) -> list[SupportAction]:
    statement = select(SupportAction).where(
        func.holder_of_code(SupportAction.uscc) == func.holder_of_code(uscc), is_counted()
    )
    return list((await session.execute(statement)).scalars())


def _of_support(row: SupportAction) -> TimelineEvent:
    return TimelineEvent(
        on=row.happened_on,
        event="support",
        title=f"{_TITLES['support']}：{title_of(row.kind)}",
        subject_id=row.id,
        kind=row.kind,
        amount_cny=yuan_of(row.amount_fen),
    )


def _of_stay(stay: Stay) -> Iterator[TimelineEvent]:
    yield TimelineEvent(on=stay.since, event="admitted", title=_TITLES["admitted"], subject_id=stay.id)
    if stay.until is not None:
        title = _TITLES["membership_ended"]
        yield TimelineEvent(on=stay.until, event="membership_ended", title=title, subject_id=stay.id)


def _of_incident(one: ConfirmedIncident) -> TimelineEvent:
    return TimelineEvent(
        on=business_date(one.confirmed_at),
        event="incident_confirmed",
        title=_TITLES["incident_confirmed"],
        subject_id=one.incident_id,
        kind=one.kind,
    )


def _cursor(one: TimelineEvent) -> str:
    """As text in the order of days, so that what comes in between two pages neither hides nor repeats an event."""
    return f"{(one.on or date.min).isoformat()}.{one.event}.{one.subject_id}"
