"""The pool on a day, by what its members are; how full it is now."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.sme_size import SIZE_CLASSES, size_class
from services.evaluation.figures.asking import Asked, city_name
from services.evaluation.figures.catalogue import FIGURES
from services.evaluation.figures.errors import IN_FUTURE
from services.evaluation.support.money import fen_of
from shared import calendar
from shared.errors import Problem
from shared.models.reads import (
    NONE,
    UNKNOWN,
    FigureRows,
    Members,
    members_by_age,
    members_by_city,
    members_by_given,
    members_by_industry,
    members_by_qualification,
    members_by_stay,
    size_facts,
)
from shared.reference.industries import industries
from shared.reference.province import province
from shared.reference.qualifications import qualification_types
from shared.security.actor import Actor

By: TypeAlias = Literal["city", "chain", "size", "qualification", "age", "stay"]
# Whole years; how a dashboard draws its bars, and nothing that the plan asks about.
_AGES, _STAYS = (3, 5, 10, 20), (1, 2, 3)
_SIZES: dict[str, str] = dict(zip(SIZE_CLASSES, ("微型", "小型", "中型", "大型"), strict=True))
_ELSE = {UNKNOWN: "未填报", NONE: "无"}


def day_asked(on: date | None) -> date:
    """The day asked for, today by default; Problem `figures_in_future`."""
    today = calendar.business_date(calendar.now())
    if on is not None and on > today:
        raise Problem(IN_FUTURE, detail_en=str(on), detail_zh=str(on))
    return on or today


def asked_of_pool(actor: Actor, by: By, on: date | None) -> tuple[Asked, Members]:
    """The pool within reach at the end of a day; Problem `figures_in_future`."""
    day = day_asked(on)
    params = {"by": by, "on": day.isoformat()}
    asked = Asked(
        FIGURES["pool"], actor.city_code, by, day, params, title_of=lambda group, _: title_of_group(by, group)
    )
    return asked, Members(province().pool_code, day, actor.city_code)


async def member_rows(session: AsyncSession, members: Members, by: By) -> FigureRows:
    """The members as rows of a dimension. Only the size is worked out here: its one definition is not in SQL."""
    match by:
        case "city":
            return members_by_city(members)
        case "chain":
            return members_by_industry(members)
        case "qualification":
            return members_by_qualification(members)
        case "age":
            return members_by_age(members, _AGES)
        case "stay":
            return members_by_stay(members, _STAYS)
        case "size":
            return members_by_given(members, _sizes(await size_facts(session, members)))


def title_of_group(by: By, group: str) -> str:
    """What officers call a group of a dimension."""
    if group in _ELSE:
        return _ELSE[group]
    match by:
        case "city":
            return city_name(group) or group
        case "chain":
            heading = industries().get(group)
            return group if heading is None else heading.name
        case "size":
            return _SIZES.get(group, group)
        case "qualification":
            known = qualification_types().get(group)
            return group if known is None else known.name
        case "age" | "stay":
            return _years(group)


def _years(band: str) -> str:
    if band.endswith("+"):
        return f"{band[:-1]}年以上"
    lower, _, upper = band.partition("-")
    return f"不满{upper}年" if lower == "0" else f"{lower}年以上、不满{upper}年"


def _sizes(facts: Mapping[uuid.UUID, dict[str, Any]]) -> dict[uuid.UUID, str]:
    return {one: _size(said) or UNKNOWN for one, said in facts.items()}


def _size(said: Mapping[str, Any]) -> str | None:
    finance, people = said["finance"] or {}, said["people"] or {}
    return size_class(
        said["industry_class"],
        people.get("employees"),
        fen_of(finance.get("revenue_cny")),
        fen_of(finance.get("total_assets_cny")),
    )
