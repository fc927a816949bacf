"""What happens once a day: a schedule's event is published once per business date, however many relays look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import outbox
from shared.calendar import business_date, business_time
from shared.db import Database
from shared.events import AttachmentsSweepDue, Event, ListsDue, NationalReconciliationDue, ProgrammesDue, StallRadarDue
from shared.models.outbox import ScheduleRun
from shared.reference.province import province
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Schedule:
    """`event` is published every day `at` this time in China, or as soon after it as a relay runs."""

    name: str
    at: time
    event: Event


def schedules(settings: Settings) -> tuple[Schedule, ...]:
    """The schedules that these settings and the province's data ask for."""
    wanted: list[Schedule] = []
    if settings.national_adapter != "none":
        wanted.append(Schedule("national.reconciliation", settings.national_reconcile_at, NationalReconciliationDue()))
    if settings.attachments_sweep_at != "never":
        wanted.append(Schedule("attachments.sweep", settings.attachments_sweep_at, AttachmentsSweepDue()))
    if settings.stall_radar_at != "never":
        wanted.append(Schedule("evaluation.stall_radar", settings.stall_radar_at, StallRadarDue()))
    wanted.append(Schedule("finance.lists", province().list_renewal.at, ListsDue()))
    wanted.append(Schedule("evaluation.programmes", province().list_renewal.at, ProgrammesDue()))
    return tuple(wanted)


def due_date(schedule: Schedule, moment: datetime) -> date:
    """The newest business date whose time has come: yesterday until today's has. Several missed days are one."""
    today = business_date(moment)
    return today if business_time(moment) >= schedule.at else today - timedelta(days=1)


async def publish_due(database: Database, wanted: Iterable[Schedule], moment: datetime) -> int:
    """Publish each schedule's event unless it was published for its due date; returns how many were."""
    published = 0
    for schedule in wanted:
        async with database.sessions.begin() as session:
            published += await _publish(session, schedule, due_date(schedule, moment))
    return published


async def _publish(session: AsyncSession, schedule: Schedule, day: date) -> bool:
    # The row and the event are one transaction; a second relay waits here for the first, and then finds the row.
    run = insert(ScheduleRun).values(name=schedule.name, business_date=day).on_conflict_do_nothing()
    taken = (await session.execute(run.returning(ScheduleRun.name))).scalar_one_or_none()
    if taken is None:
        return False
    await outbox.publish(session, schedule.event)
    return True
