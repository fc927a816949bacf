"""What figures count of applications and reports: rows within a city's reach, or (None) the province's."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, case, cast, func, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute

from shared.calendar import start_of_day
from shared.models.evaluation import AdjustmentPlan, Assessment, Membership, SelectionPlan
from shared.models.intake import Application, Enterprise, EnterpriseCode, ProgressReport, ReportingPeriod
from shared.models.reads.figure_rows import FigureRows, RowWords, figure_rows, tagged

# Stages of the funnel and the statuses of applications that are in them; each application is in exactly one.
STAGE_STATUSES: dict[str, tuple[str, ...]] = {
    "draft": ("draft",),
    "submitted": ("submitted",),
    "returned": ("returned",),
    "recommended": ("recommended", "passed_on"),
    "not_recommended": ("not_recommended",),
    "withdrawn": ("withdrawn",),
}
_ZONE = "Asia/Shanghai"


def within(column: InstrumentedAttribute[str], city: str | None) -> ColumnElement[bool]:
    """The rows of a city, or all."""
    return true() if city is None else column == city


def funnel_rows(cycle_id: uuid.UUID, city: str | None) -> FigureRows:
    """Every application once by its stage, once more where it is judged; and every member that the cycle admitted."""
    # One pass over the applications; a status that were in no stage would be one of its own, not dropped.
    stage = case(
        *((Application.status.in_(statuses), stage) for stage, statuses in STAGE_STATUSES.items()),
        else_=Application.status,
    )
    staged = (
        figure_rows(_application(tagged_by(stage, Application.id), stage))
        .select_from(Application)
        .where(Application.cycle_id == cycle_id, within(Application.city_code, city))
    )
    judged = (
        figure_rows(_application(tagged("judged", Application.id), "judged"))
        .select_from(Application)
        .join(Assessment, (Assessment.application_id == Application.id) & Assessment.current)
        .where(Application.cycle_id == cycle_id, within(Application.city_code, city), Assessment.cycle_id == cycle_id)
    )
    admitted = (
        figure_rows(
            RowWords(
                tagged("admitted", Membership.id),
                "admitted",
                city=Membership.city_code,
                code=Membership.uscc,
                day=local_day(func.lower(Membership.during)),
            )
        )
        .select_from(Membership)
        .outerjoin(SelectionPlan, SelectionPlan.id == Membership.plan_id)
        .outerjoin(AdjustmentPlan, AdjustmentPlan.id == Membership.opened_by_adjustment)
        .where(
            or_(SelectionPlan.cycle_id == cycle_id, AdjustmentPlan.cycle_id == cycle_id),
            within(Membership.city_code, city),
        )
    )
    return union_all(staged, judged, admitted)


def _application(id_: Any, stage: Any) -> RowWords:
    return RowWords(
        id_,
        stage,
        city=Application.city_code,
        enterprise_id=Application.enterprise_id,
        day=local_day(Application.submitted_at),
    )


def overdue_rows(today: date, city: str | None) -> FigureRows:
    """Who was a member in a period whose window closed before `today`, and has no submitted report; by period.

    A report that was returned is owed again. The city is that where the enterprise is registered now.
    """
    period, enterprise = ReportingPeriod, Enterprise
    days = func.tstzrange(_start_of(period.covers_from), _start_of(period.covers_to + 1))
    reported = (
        select(ProgressReport.id)
        .where(
            ProgressReport.period_id == period.id,
            ProgressReport.enterprise_id == enterprise.id,
            ProgressReport.status.in_(("submitted", "accepted")),
        )
        .exists()
    )
    row = RowWords(
        tagged_by(period.code, enterprise.id),
        period.code,
        city=enterprise.city_code,
        enterprise_id=enterprise.id,
        day=local_day(period.closes_at),
        title=period.title,
    )
    return (
        figure_rows(row)
        .select_from(period)
        .join(Membership, (Membership.pool_code == period.pool_code) & Membership.during.op("&&")(days))
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(enterprise, enterprise.id == EnterpriseCode.enterprise_id)
        .where(period.closes_at < start_of_day(today), within(enterprise.city_code, city), ~reported)
        # Two stays in one period, or two codes of one enterprise, owe one report.
        .distinct()
    )


def tagged_by(tag: Any, id_: Any) -> Any:
    """As `tagged`, by a column."""
    return func.concat(tag, ".", id_)


def local_day(moment: Any) -> Any:
    """The calendar date in China at a moment, in SQL."""
    return func.timezone(_ZONE, moment)


def _start_of(day: Any) -> Any:
    return func.timezone(_ZONE, cast(day, DateTime(timezone=False)))


def days_from(today: date, days: int) -> tuple[Any, Any]:
    """The moments between which so many days lie, `today` the first."""
    return start_of_day(today), start_of_day(today + timedelta(days=days))
