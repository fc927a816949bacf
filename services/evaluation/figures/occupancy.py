"""How full the pool is now: members, places kept for objections, and cities' replacement credits."""

from __future__ import annotations

from sqlalchemy import func, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.credit_ledger import good_on, ledger
from services.evaluation.figures.asking import Asked, city_name, figure_of
from services.evaluation.figures.catalogue import FIGURES
from services.evaluation.figures.pool import day_asked
from services.evaluation.figures.schemas import CityCredits, OccupancyOut, RowsLink
from shared import calendar
from shared.models.evaluation import Assessment, KeptPlace, Membership, Pool
from shared.models.reads import FigureRows, RowWords, figure_rows, local_day, tagged
from shared.reference.province import province
from shared.security.actor import Actor

_TITLES = {"live": "在库", "kept": "保留名额"}


def asked_occupancy(actor: Actor) -> Asked:
    """As of now, within reach; credits lapse by the day."""
    return Asked(
        FIGURES["occupancy"],
        actor.city_code,
        "part",
        day_asked(None),
        {},
        always=tuple(_TITLES),
        title_of=lambda part, _: _TITLES[part],
    )


def occupancy_rows(city: str | None) -> FigureRows:
    """Each member and each kept place of the pool within reach."""
    pool = province().pool_code
    row = RowWords(
        tagged("live", Membership.id),
        "live",
        city=Membership.city_code,
        code=Membership.uscc,
        day=local_day(func.lower(Membership.during)),
    )
    live = figure_rows(row).select_from(Membership)
    live = live.where(Membership.pool_code == pool, func.upper_inf(Membership.during))
    row = RowWords(
        tagged("kept", Assessment.id),
        "kept",
        city=Assessment.city_code,
        code=Assessment.uscc,
        day=local_day(KeptPlace.kept_at),
    )
    kept = figure_rows(row).select_from(KeptPlace).join(Assessment, Assessment.id == KeptPlace.assessment_id)
    kept = kept.where(KeptPlace.pool_code == pool, KeptPlace.released_at.is_(None))
    return union_all(
        live.where(true() if city is None else Membership.city_code == city),
        kept.where(true() if city is None else Assessment.city_code == city),
    )


async def occupancy(session: AsyncSession, asked: Asked) -> OccupancyOut:
    """The counts by city under the pool's cap, and the credits that are good today."""
    code = province().pool_code
    limit = (await session.execute(select(Pool.cap, Pool.cap_basis).where(Pool.code == code))).one()
    credits_now = await _credits(session, asked, code)
    counted = await figure_of(session, asked, occupancy_rows(asked.city))
    return OccupancyOut(
        **dict(counted),
        pool=code,
        cap=limit.cap,
        cap_basis=limit.cap_basis,
        # What is left would tell a city how many members the others have.
        free=limit.cap - counted.total if asked.city is None else None,
        credits_total=sum(one.credits for one in credits_now),
        credits=credits_now,
        credit_rows=RowsLink(service="evaluation", href=f"/v1/pools/{code}/credits?on={asked.on}"),
    )


async def _credits(session: AsyncSession, asked: Asked, pool: str) -> list[CityCredits]:
    assert asked.on is not None  # noqa: S101 (`asked_occupancy` gives it)
    return [
        CityCredits(city_code=city, city=city_name(city), credits=good_on(entries, asked.on))
        for city, entries in (await ledger(session, pool, calendar.now())).items()
        if asked.city in (None, city)
    ]
