"""Members of a pool as figures count them: as of the end of a day, by what their applications said at admission."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.calendar import start_of_day
from shared.models.evaluation import Assessment, Membership, MembershipBaseline
from shared.models.intake import ApplicationSnapshot
from shared.models.reads.figure_rows import UNKNOWN, FigureRows, RowWords, figure_rows
from shared.models.reads.figures import local_day, tagged_by, within

NONE = "none"
_MOMENT = timedelta(microseconds=1)


def end_of(day: date) -> datetime:
    """The last moment of a business day."""
    return start_of_day(day + timedelta(days=1)) - _MOMENT


@dataclass(frozen=True, slots=True)
class Members:
    """Which members: of a pool, at the end of a day, of one city or (None) all."""

    pool_code: str
    on: date
    city: str | None

    def are_meant(self) -> ColumnElement[bool]:
        """As a condition on `membership`."""
        return and_(
            Membership.pool_code == self.pool_code,
            Membership.during.op("@>")(cast(end_of(self.on), DateTime(timezone=True))),
            within(Membership.city_code, self.city),
        )


def members_by_city(members: Members) -> FigureRows:
    """Each member under the city that its place was given to."""
    return figure_rows(_member(Membership.city_code)).select_from(Membership).where(members.are_meant())


def members_by_stay(members: Members, bands: Sequence[int]) -> FigureRows:
    """Each member by the whole years it has been in the pool."""
    group = _band(local_day(func.lower(Membership.during)), members.on, bands)
    return figure_rows(_member(group)).select_from(Membership).where(members.are_meant())


def members_by_age(members: Members, bands: Sequence[int]) -> FigureRows:
    """Each member by the whole years since it was established."""
    form = ApplicationSnapshot.payload
    return _profiled(_band(cast(form["established_on"].astext, Date), members.on, bands), members)


def members_by_industry(members: Members) -> FigureRows:
    """Each member by the first two digits of its industry class: a division (大类) of GB/T 4754."""
    return _profiled(func.left(ApplicationSnapshot.payload["industry_class"].astext, 2), members)


def members_by_qualification(members: Members) -> FigureRows:
    """Each member under every type that it named and that has not expired; `none` where it said that there are none."""
    given = ApplicationSnapshot.payload["qualifications"]
    is_list = func.jsonb_typeof(given) == "array"
    listed = func.jsonb_array_elements(case((is_list, given), else_=func.jsonb_build_array())).table_valued("value")
    one = cast(listed.c.value, JSONB)
    held = (
        select(one["type"].astext.label("type"))
        .select_from(listed)
        .where(func.coalesce(cast(one["expires_on"].astext, Date) >= members.on, true()))
        .distinct()
        .lateral("held")
    )
    group = func.coalesce(held.c.type, case((is_list, NONE), else_=None))
    return _profiled(group, members, held)


def members_by_given(members: Members, groups: Mapping[uuid.UUID, str]) -> FigureRows:
    """Each member by a group that was worked out elsewhere, by membership id; `unknown` where it is not among them."""
    ids, named = cast(list(groups), ARRAY(Uuid)), cast(list(groups.values()), ARRAY(Text))
    given = func.unnest(ids, named).table_valued("id", "group", name="given").render_derived()
    row = _member(func.coalesce(given.c.group, UNKNOWN))
    return (
        figure_rows(row)
        .select_from(Membership)
        .outerjoin(given, given.c.id == Membership.id)
        .where(members.are_meant())
    )


async def size_facts(session: AsyncSession, members: Members) -> dict[uuid.UUID, dict[str, Any]]:
    """By membership what its application said of industry class, finance and people; without an application nothing."""
    form = ApplicationSnapshot.payload
    facts = func.jsonb_build_object(
        "industry_class", form["industry_class"], "finance", form["finance"], "people", form["people"]
    )
    statement: Select[uuid.UUID, dict[str, Any]] = _joined(select(Membership.id, facts))
    statement = statement.where(members.are_meant(), ApplicationSnapshot.id.is_not(None))
    return {row[0]: row[1] for row in await session.execute(statement)}


async def members_at(session: AsyncSession, members: Members, days: Sequence[date]) -> dict[date, dict[str, int]]:
    """By day and city how many members there were at its end; `members.on` does not count."""
    day = func.unnest(cast(list(days), ARRAY(Date))).column_valued("day")
    end = func.timezone("Asia/Shanghai", cast(day + 1, DateTime(timezone=False)))
    statement = (
        select(day, Membership.city_code, func.count())
        .join(
            Membership,
            and_(
                Membership.pool_code == members.pool_code,
                func.lower(Membership.during) < end,
                func.coalesce(func.upper(Membership.during) >= end, true()),
                within(Membership.city_code, members.city),
            ),
        )
        .group_by(day, Membership.city_code)
        .order_by(day, Membership.city_code)
    )
    found: dict[date, dict[str, int]] = {one: {} for one in days}
    for one, city, count in await session.execute(statement):
        found[one][city] = count
    return found


def _member(group: Any) -> RowWords:
    return RowWords(
        tagged_by(Membership.id, group),
        group,
        city=Membership.city_code,
        code=Membership.uscc,
        day=local_day(func.lower(Membership.during)),
    )


def _profiled(group: Any, members: Members, *also: Any) -> FigureRows:
    statement = _joined(figure_rows(_member(func.coalesce(group, UNKNOWN))).select_from(Membership))
    for one in also:
        statement = statement.outerjoin(one, true())
    return statement.where(members.are_meant())


def _joined(statement: Any) -> Any:
    """With the form that the member was admitted on, frozen with its baseline."""
    return (
        statement.outerjoin(MembershipBaseline, MembershipBaseline.membership_id == Membership.id)
        .outerjoin(Assessment, Assessment.id == MembershipBaseline.assessment_id)
        .outerjoin(ApplicationSnapshot, ApplicationSnapshot.id == Assessment.snapshot_id)
    )


def _band(since: Any, on: date, bands: Sequence[int]) -> Any:
    """`0-3`, `3-5`, …, `10+`: whole years from `since` to `on`, each band without its upper bound."""
    years = cast(func.date_part("year", func.age(cast(on, Date), cast(since, Date))), Integer)
    named = [(years < upper, f"{lower}-{upper}") for lower, upper in zip((0, *bands), bands, strict=False)]
    return case((years.is_(None), UNKNOWN), *named, else_=f"{bands[-1]}+")
