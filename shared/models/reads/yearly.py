"""What happened in a year, as rows that can be counted and listed: applications, memberships, reports, incidents.

Each function gives a SELECT of the same columns: `id` (text, unique in it), `city_code`, `part` (what kind it is of,
or NULL), `uscc`, `happened_on` (a business day) and `value` (what the row adds to the sum, NULL unknown).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from shared.calendar import start_of_day
from shared.models.evaluation import Membership
from shared.models.intake import (
    Application,
    ApplicationSnapshot,
    Cycle,
    Enterprise,
    EnterpriseCode,
    EnterpriseVersion,
    Incident,
    ProgressReport,
    ReportingPeriod,
)

YearRows: TypeAlias = Select[Any, Any, Any, Any, Any, Any]
DueState: TypeAlias = Literal["on_time", "late", "missing"]
_ONE = literal(1, BigInteger).label("value")
_Naive = DateTime(timezone=False)
_GRADUATED = "graduated"
_NO_PART = null().cast(Text).label("part")


@dataclass(frozen=True, slots=True)
class YearSpan:
    """A calendar year of business days, seen at the moment `now`: what comes later is not in it yet."""

    year: int
    now: datetime

    @property
    def first_day(self) -> date:
        return date(self.year, 1, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, 12, 31)

    def holds(self, moment: ColumnElement[datetime] | Any) -> ColumnElement[bool]:
        """Whether a moment lies in the year."""
        return and_(moment >= start_of_day(self.first_day), moment < start_of_day(date(self.year + 1, 1, 1)))


def first_submissions(span: YearSpan) -> YearRows:
    """Applications whose first submission was in the year, whatever became of them; by cycle."""
    return (
        select(
            cast(Application.id, Text).label("id"),
            Application.city_code.label("city_code"),
            Cycle.code.label("part"),
            Enterprise.uscc.label("uscc"),
            _day(ApplicationSnapshot.created_at),
            _ONE,
        )
        .join(ApplicationSnapshot, ApplicationSnapshot.application_id == Application.id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .where(ApplicationSnapshot.revision == 1, span.holds(ApplicationSnapshot.created_at))
    )


def recommendations(span: YearSpan) -> YearRows:
    """Applications that a city recommended in the year and still stands by; by cycle."""
    return (
        select(
            cast(Application.id, Text).label("id"),
            Application.city_code.label("city_code"),
            Cycle.code.label("part"),
            Enterprise.uscc.label("uscc"),
            _day(Application.decided_at),
            _ONE,
        )
        .join(Cycle, Cycle.id == Application.cycle_id)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .where(Application.status.in_(("recommended", "passed_on")), span.holds(Application.decided_at))
    )


def admissions(span: YearSpan) -> YearRows:
    """Stays in the pools that began in the year, for the city to which the place was given."""
    since = func.lower(Membership.during)
    return _stays(since).where(span.holds(since), since <= span.now)


def graduations(span: YearSpan) -> YearRows:
    """Stays in the pools that ended in the year by graduating (出库, 二(六)12(1)), for the city of the place."""
    return _ended(span, _NO_PART).where(Membership.ended_reason == _GRADUATED)


def exits(span: YearSpan) -> YearRows:
    """Stays in the pools that ended in the year for any other reason (退库, 二(六)12(3)); by reason."""
    return _ended(span, Membership.ended_reason.label("part")).where(Membership.ended_reason != _GRADUATED)


def _ended(span: YearSpan, part: ColumnElement[Any]) -> YearRows:
    until = func.upper(Membership.during)
    return _stays(until, part).where(span.holds(until), until <= span.now)


def members(span: YearSpan) -> YearRows:
    """Stays in the pools that had any day of the year, for the city to which the place was given."""
    since, until = func.lower(Membership.during), func.upper(Membership.during)
    begun = and_(since < start_of_day(date(span.year + 1, 1, 1)), since <= span.now)
    return _stays(since).where(begun, until.is_(None) | (until > start_of_day(span.first_day)))


def _stays(moment: ColumnElement[Any], part: ColumnElement[Any] = _NO_PART) -> YearRows:
    return select(
        cast(Membership.id, Text).label("id"),
        Membership.city_code.label("city_code"),
        part,
        Membership.uscc.label("uscc"),
        _day(moment),
        _ONE,
    )


def reports_due(span: YearSpan, *states: DueState) -> YearRows:
    """Reports on periods that closed in the year: each member of any of a period's days owes one; by period.

    For the city to which the place was given. `states` leaves out the others; each report is in one. Nobody begins
    after a period has closed, so that late is what was returned and put right after it. Missing also while returned.
    """
    due, report = _due(span), ProgressReport
    present = func.coalesce(report.status.in_(("submitted", "accepted")), literal(value=False))
    in_time = report.submitted_at < due.c.closes_at
    wanted = {"on_time": and_(present, in_time), "late": and_(present, ~in_time), "missing": ~present}
    statement = (
        select(
            (cast(due.c.period_id, Text) + "." + cast(due.c.enterprise_id, Text)).label("id"),
            due.c.city_code,
            due.c.code.label("part"),
            due.c.uscc,
            _day(due.c.closes_at),
            _ONE,
        )
        .select_from(due)
        .outerjoin(report, and_(report.period_id == due.c.period_id, report.enterprise_id == due.c.enterprise_id))
    )
    return statement.where(or_(*(wanted[state] for state in states))) if states else statement


def _due(span: YearSpan) -> Any:
    """One row for each closed period and enterprise that was a member on any of its days: by its first such stay."""
    since, until = func.lower(Membership.during), func.upper(Membership.during)
    begins = func.timezone("Asia/Shanghai", cast(ReportingPeriod.covers_from, _Naive))
    ends = func.timezone("Asia/Shanghai", cast(ReportingPeriod.covers_to + 1, _Naive))
    return (
        select(
            ReportingPeriod.id.label("period_id"),
            ReportingPeriod.code,
            ReportingPeriod.closes_at,
            Enterprise.id.label("enterprise_id"),
            Enterprise.uscc,
            Membership.city_code,
        )
        .join(Membership, Membership.pool_code == ReportingPeriod.pool_code)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(
            span.holds(ReportingPeriod.closes_at),
            ReportingPeriod.closes_at <= span.now,
            since < ends,
            until.is_(None) | (until > begins),
        )
        .ext(distinct_on(ReportingPeriod.id, Enterprise.id))
        .order_by(ReportingPeriod.id, Enterprise.id, since)
        .subquery()
    )


def confirmed_in(span: YearSpan) -> YearRows:
    """Incidents confirmed in the year, cured since or not; by kind. For the city of registration at confirmation."""
    then = aliased(EnterpriseVersion)
    return (
        select(
            cast(Incident.id, Text).label("id"),
            func.coalesce(then.city_code, Enterprise.city_code).label("city_code"),
            Incident.kind.label("part"),
            Enterprise.uscc.label("uscc"),
            _day(Incident.confirmed_at),
            _ONE,
        )
        .join(Enterprise, Enterprise.id == Incident.enterprise_id)
        # A record that has absorbed another one since may not have been there yet.
        .outerjoin(then, and_(then.enterprise_id == Enterprise.id, then.during.contains(Incident.confirmed_at)))
        .where(span.holds(Incident.confirmed_at))
    )


def _day(moment: Any) -> Any:
    return cast(func.timezone("Asia/Shanghai", moment), Date).label("happened_on")
