"""HTTP: /v1/figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, BeforeValidator
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.errors import CYCLE_NOT_FOUND
from services.evaluation.figures import financing as finances
from services.evaluation.figures import pool as pools
from services.evaluation.figures.asking import Asked, etag_of, figure_of, rows_of
from services.evaluation.figures.catalogue import FIGURES
from services.evaluation.figures.deadlines import deadlines, reports_overdue
from services.evaluation.figures.errors import IN_FUTURE, SPAN_REVERSED, SPAN_TOO_LONG
from services.evaluation.figures.financing import financing
from services.evaluation.figures.funnel import funnel
from services.evaluation.figures.occupancy import asked_occupancy, occupancy, occupancy_rows
from services.evaluation.figures.pool import asked_of_pool, member_rows
from services.evaluation.figures.schemas import (
    Catalogue,
    CatalogueEntry,
    FigureOut,
    OccupancyOut,
    RowPage,
    SeriesOut,
)
from services.evaluation.figures.series import Step, asked_series, series
from shared.models.reads import Page
from shared.security.actor import Actor
from shared.validation import iso_date
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/figures", tags=["figures"])
Reader = Annotated[Actor, requires("figures:read")]
IfNoneMatch = Annotated[str | None, Header(max_length=1000, description="The ETag of the answer that is held")]
Day = Annotated[date | None, BeforeValidator(iso_date), Query(examples=["2026-06-30"])]
CycleQuery = Annotated[str, Query(min_length=1, max_length=40, examples=["2024-1"])]
Days = Annotated[int, Query(ge=1, le=366, description="How many days, today the first")]
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing that it is made of has changed"}}


async def _one_moment(session: SessionDep) -> AsyncSession:
    """A session that sees one state throughout: an ETag is that of the very rows which were counted."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    await session.connection(execution_options=options)
    return session


Reading = Annotated[AsyncSession, Depends(_one_moment, scope="function")]


def _page(
    group: Annotated[str | None, Query(min_length=1, max_length=60)] = None,
    city: Annotated[str | None, Query(pattern=r"^[0-9]{6}$", examples=["420100"])] = None,
    cursor: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page:
    return Page(group, city, cursor, limit)


PageQuery = Annotated[Page, Depends(_page)]


async def _answer(
    session: AsyncSession, asked: Asked, held: str | None, compute: Callable[[], Awaitable[BaseModel]]
) -> Response:
    """The figure with its ETag, or 304 without computing it where the reader holds what still is true."""
    tag = f'"{await etag_of(session, asked)}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if held is not None and {tag, "*"} & {one.strip().removeprefix("W/") for one in held.split(",")}:
        return Response(status_code=304, headers=headers)
    body = (await compute()).model_dump_json()
    return Response(body, media_type="application/json", headers=headers)


@router.get("", summary="List figures")
async def get_catalogue(_: Reader) -> Catalogue:
    """Every figure with its definition, clause and dimensions, and templates of its links."""
    return Catalogue(
        items=[
            CatalogueEntry(
                key=one.key,
                title_zh=one.title,
                definition_zh=one.definition,
                clause=one.clause,
                unit=one.unit,
                dimensions=list(one.dimensions),
                link=one.path,
                rows_link=one.rows,
            )
            for one in FIGURES.values()
        ]
    )


@router.get(
    "/funnel",
    response_model=FigureOut,
    responses=_UNCHANGED | refuses(CYCLE_NOT_FOUND),
    summary="What became of a cycle's applications (申报进展)",
)
async def get_funnel(session: Reading, actor: Reader, cycle: CycleQuery, if_none_match: IfNoneMatch = None) -> Response:
    """By stage and city within reach."""
    asked, rows = await funnel(session, actor, cycle)
    return await _answer(session, asked, if_none_match, lambda: figure_of(session, asked, rows()))


@router.get("/funnel/rows", responses=refuses(CYCLE_NOT_FOUND), summary="List the rows behind the funnel")
async def get_funnel_rows(session: Reading, actor: Reader, cycle: CycleQuery, page: PageQuery) -> RowPage:
    """Each application by its stage, again where it is judged, and each member admitted."""
    _, rows = await funnel(session, actor, cycle)
    return await rows_of(session, rows(), page)


@router.get(
    "/pool",
    response_model=FigureOut,
    responses=_UNCHANGED | refuses(IN_FUTURE),
    summary="Members of the pool by what they are (在库企业)",
)
async def get_pool(
    session: Reading, actor: Reader, by: pools.By = "city", on: Day = None, if_none_match: IfNoneMatch = None
) -> Response:
    """Within reach at the end of a day, today by default; what was not said is counted as unknown."""
    asked, members = asked_of_pool(actor, by, on)

    async def compute() -> FigureOut:
        return await figure_of(session, asked, await member_rows(session, members, by))

    return await _answer(session, asked, if_none_match, compute)


@router.get("/pool/rows", responses=refuses(IN_FUTURE), summary="List the members behind a figure of the pool")
async def get_pool_rows(
    session: Reading, actor: Reader, page: PageQuery, by: pools.By = "city", on: Day = None
) -> RowPage:
    """Each member under its group; by qualification one row for each that it holds."""
    _, members = asked_of_pool(actor, by, on)
    return await rows_of(session, await member_rows(session, members, by), page)


@router.get(
    "/pool/series",
    response_model=SeriesOut,
    responses=_UNCHANGED | refuses(IN_FUTURE, SPAN_REVERSED, SPAN_TOO_LONG),
    summary="Members of the pool over time (在库企业走势)",
)
async def get_series(
    session: Reading,
    actor: Reader,
    first: Annotated[date, BeforeValidator(iso_date), Query(alias="from", examples=["2024-06-30"])],
    last: Annotated[date | None, BeforeValidator(iso_date), Query(alias="to", examples=["2026-06-30"])] = None,
    step: Step = "month",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Within reach at the end of each month or quarter, up to today."""
    asked, points = asked_series(actor, first, last, step)
    return await _answer(session, asked, if_none_match, lambda: series(session, asked, points, step))


@router.get(
    "/occupancy", response_model=OccupancyOut, responses=_UNCHANGED, summary="How full the pool is now (名额占用)"
)
async def get_occupancy(session: Reading, actor: Reader, if_none_match: IfNoneMatch = None) -> Response:
    """Members and kept places within reach under the cap, and cities' replacement credits."""
    asked = asked_occupancy(actor)
    return await _answer(session, asked, if_none_match, lambda: occupancy(session, asked))


@router.get("/occupancy/rows", summary="List members and kept places")
async def get_occupancy_rows(session: Reading, actor: Reader, page: PageQuery) -> RowPage:
    """Each member (`live`) and each place kept for an objection (`kept`) within reach."""
    return await rows_of(session, occupancy_rows(actor.city_code), page)


@router.get("/deadlines", response_model=FigureOut, responses=_UNCHANGED, summary="What is due soon (近期期限)")
async def get_deadlines(
    session: Reading, actor: Reader, days: Days = 30, if_none_match: IfNoneMatch = None
) -> Response:
    """By kind and city within reach; the rows are in order of their days."""
    asked, rows = deadlines(actor, days)
    return await _answer(session, asked, if_none_match, lambda: figure_of(session, asked, rows()))


@router.get("/deadlines/rows", summary="List what is due soon")
async def get_deadline_rows(session: Reading, actor: Reader, page: PageQuery, days: Days = 30) -> RowPage:
    """What is due, the earliest first."""
    _, rows = deadlines(actor, days)
    return await rows_of(session, rows(), page)


@router.get(
    "/reports-overdue", response_model=FigureOut, responses=_UNCHANGED, summary="Whose reports are overdue (逾期未报)"
)
async def get_reports_overdue(session: Reading, actor: Reader, if_none_match: IfNoneMatch = None) -> Response:
    """By period and city within reach, from the day after the window closed."""
    asked, rows = reports_overdue(actor)
    return await _answer(session, asked, if_none_match, lambda: figure_of(session, asked, rows()))


@router.get("/reports-overdue/rows", summary="List who owes a report")
async def get_overdue_rows(session: Reading, actor: Reader, page: PageQuery) -> RowPage:
    """Each member once for each period that it owes a report on."""
    _, rows = reports_overdue(actor)
    return await rows_of(session, rows(), page)


@router.get(
    "/financing", response_model=FigureOut, responses=_UNCHANGED, summary="Financing that members obtained (融资获得)"
)
async def get_financing(
    session: Reading, actor: Reader, by: finances.By = "kind", if_none_match: IfNoneMatch = None
) -> Response:
    """Loans and equity of accepted reports within reach, each counted once; an unknown amount is not zero."""
    asked, rows = financing(actor, by)
    return await _answer(session, asked, if_none_match, lambda: figure_of(session, asked, rows()))


@router.get("/financing/rows", summary="List loans and rounds of financing")
async def get_financing_rows(session: Reading, actor: Reader, page: PageQuery, by: finances.By = "kind") -> RowPage:
    """Each loan and round of equity that the figure counts."""
    _, rows = financing(actor, by)
    return await rows_of(session, rows(), page)
