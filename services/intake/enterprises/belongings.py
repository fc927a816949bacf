"""What is kept about an enterprise beside its applications: what one record may have once, and how it changes hands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.intake.enterprises.states import Belongings
from shared.models.base import Base
from shared.models.intake import (
    Application,
    Attachment,
    BusinessNotice,
    Cycle,
    Incident,
    IncidentStep,
    MajorProblem,
    ProgressReport,
    ReportingPeriod,
)

# In the order in which they are locked: as everybody else, what refers to evidence before the evidence.
_KEPT = (ProgressReport, Incident, BusinessNotice, MajorProblem, Attachment)
_TABLES: Mapping[str, Table] = {model.__tablename__: Base.metadata.tables[model.__tablename__] for model in _KEPT}
_OPEN = ("alleged", "confirmed")


async def collisions(session: AsyncSession, ours: uuid.UUID, theirs: uuid.UUID) -> tuple[str, str]:
    """What both records have and one may have once, named in English and in Chinese; empty where nothing is."""
    english: list[str] = []
    chinese: list[str] = []
    for name, name_zh, statement in _colliding(ours, theirs):
        if found := ", ".join((await session.execute(statement)).scalars()):
            english.append(f"{name}: {found}")
            chinese.append(f"{name_zh}：{found}")
    return "; ".join(english), "；".join(chinese)


async def hold_belongings(session: AsyncSession, enterprise_id: uuid.UUID) -> Belongings:
    """All that refers to the record, locked until the end: nobody decides on it while it changes hands."""
    held: Belongings = {}
    for name, table in _TABLES.items():
        statement = (
            select(table.c.id, _revision(table))
            .where(table.c.enterprise_id == enterprise_id)
            .order_by(table.c.id)
            .with_for_update()
        )
        if rows := {row.id: row.revision for row in await session.execute(statement)}:
            held[name] = rows
    return held


async def give(session: AsyncSession, belongings: Belongings, owner: uuid.UUID) -> None:
    """Exactly these rows belong to `owner` from now on."""
    for name, rows in belongings.items():
        table = _TABLES[name]
        await session.execute(update(table).where(table.c.id.in_(rows)).values(enterprise_id=owner))


async def is_filed_again(session: AsyncSession, belongings: Belongings) -> bool:
    """Whether one of the rows has got a further revision since."""
    for name, rows in belongings.items():
        table = _TABLES[name]
        statement = select(table.c.id, _revision(table)).where(table.c.id.in_(rows))
        if any(row.revision != rows[row.id] for row in await session.execute(statement)):
            return True
    return False


async def rests_on_foreign_evidence(session: AsyncSession, *enterprise_ids: uuid.UUID) -> bool:
    """Whether an incident or notice of one of these records rests on an attachment that is another record's."""
    owner = func.coalesce(Attachment.enterprise_id, Application.enterprise_id)
    steps = (
        select(Incident.id)
        .join(IncidentStep, IncidentStep.incident_id == Incident.id)
        .join(Attachment, Attachment.id == IncidentStep.attachment_id)
        .outerjoin(Application, Application.id == Attachment.application_id)
        .where(Incident.enterprise_id.in_(enterprise_ids), Incident.enterprise_id != owner)
    )
    notices = (
        select(BusinessNotice.id)
        .join(
            Attachment,
            Attachment.id.in_([BusinessNotice.source_attachment_id, BusinessNotice.removal_attachment_id]),
        )
        .outerjoin(Application, Application.id == Attachment.application_id)
        .where(BusinessNotice.enterprise_id.in_(enterprise_ids), BusinessNotice.enterprise_id != owner)
    )
    return (await session.execute(steps.union_all(notices).limit(1))).first() is not None


def _revision(table: Table) -> ColumnElement[int]:
    column: ColumnElement[int] = table.c.revision if "revision" in table.c else literal(0)
    return column.label("revision")


def _colliding(ours: uuid.UUID, theirs: uuid.UUID) -> Iterator[tuple[str, str, Select[str]]]:
    """What to call it, and a statement that names each: one per unique or exclusion constraint that spans a record."""
    one, two = aliased(Application), aliased(Application)
    both = _of_both(one, two, ours, theirs)
    yield (
        "applications in",
        "均有申报的批次",
        (
            select(Cycle.code)
            .join(one, one.cycle_id == Cycle.id)
            .join(two, two.cycle_id == Cycle.id)
            .where(both)
            .order_by(Cycle.code)
        ),
    )
    report, other_report = aliased(ProgressReport), aliased(ProgressReport)
    yield (
        "progress reports on",
        "均有报告的报告期",
        (
            select(ReportingPeriod.code)
            .join(report, report.period_id == ReportingPeriod.id)
            .join(other_report, other_report.period_id == ReportingPeriod.id)
            .where(_of_both(report, other_report, ours, theirs))
            .order_by(ReportingPeriod.code)
        ),
    )
    yield "open incidents", "未了结的同类同日情形", _open_incidents(ours, theirs)
    yield "overlapping listings", "期间重叠的名录记录", _overlapping_notices(ours, theirs)
    yield "evidence attached to both", "重复的佐证材料", _same_evidence(ours, theirs)


def _of_both(one: Any, two: Any, ours: uuid.UUID, theirs: uuid.UUID) -> ColumnElement[bool]:
    return and_(one.enterprise_id == ours, two.enterprise_id == theirs)


def _open_incidents(ours: uuid.UUID, theirs: uuid.UUID) -> Select[str]:
    one, two = aliased(Incident), aliased(Incident)
    name = func.concat(one.kind, " ", one.occurred_on)
    return (
        select(name)
        .join(two, and_(two.kind == one.kind, two.occurred_on == one.occurred_on))
        .where(_of_both(one, two, ours, theirs), one.status.in_(_OPEN), two.status.in_(_OPEN))
        .order_by(one.occurred_on, one.kind)
    )


def _overlapping_notices(ours: uuid.UUID, theirs: uuid.UUID) -> Select[str]:
    one, two = aliased(BusinessNotice), aliased(BusinessNotice)
    days = [func.daterange(row.listed_on, row.removed_on, "[]") for row in (one, two)]
    return (
        select(func.concat(one.kind, " ", one.listed_on))
        .join(two, and_(two.kind == one.kind, days[0].op("&&")(days[1])))
        .where(_of_both(one, two, ours, theirs))
        .order_by(one.listed_on, one.id)
    )


def _same_evidence(ours: uuid.UUID, theirs: uuid.UUID) -> Select[str]:
    one, two = aliased(Attachment), aliased(Attachment)
    same = and_(two.digest == one.digest, two.purpose == one.purpose, two.audience == one.audience)
    return (
        select(one.title)
        .join(two, same)
        .where(_of_both(one, two, ours, theirs), one.removed_at.is_(None), two.removed_at.is_(None))
        .order_by(one.id)
    )
