"""HTTP: the annual performance of cities."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from services.evaluation.performance.errors import (
    BEFORE_LEDGERS,
    CORRECTED_ALREADY,
    FROZEN,
    FROZEN_ALREADY,
    IN_FUTURE,
    INDICATOR_TWICE,
    INDICATOR_UNKNOWN,
    NOT_FROZEN,
    NOT_OVER,
    NOT_WHOLE,
    NOTHING_TO_CORRECT,
    REASON_MISSING,
)
from services.evaluation.performance.evaluation import check_year
from services.evaluation.performance.freeze_year import freeze_year, read_frozen
from services.evaluation.performance.queries import check_city, read_city, read_year, row_page
from services.evaluation.performance.report_figures import report_figures
from services.evaluation.performance.schemas import CityYearOut, FrozenYearOut, ReportedIn, RowPage, YearOut
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/performance", tags=["performance"])
Reader = Annotated[Actor, requires("performance:read")]
Year = Annotated[int, Path(ge=2000, le=2999, examples=[2025])]
City = Annotated[str, Path(pattern=r"^[0-9]{6}$", examples=["420100"])]
Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["financing"])]
Compare = Annotated[Literal["frozen"] | None, Query(description="Show what has changed since the year was frozen")]
_YEAR = (IN_FUTURE, BEFORE_LEDGERS)


@router.get("/{year}", summary="Read the annual performance of cities", responses=refuses(*_YEAR, NOT_FROZEN))
async def get_year(session: SessionDep, actor: Reader, year: Year, compare: Compare = None) -> YearOut:
    """Cities ranked, from the ledgers as they are now; an officer of a city reads its own line."""
    return await read_year(session, actor, year, compare=compare is not None)


@router.post(
    "/{year}:freeze",
    status_code=201,
    response_model=FrozenYearOut,
    summary="Freeze the annual performance",
    responses=refuses(*_YEAR, NOT_OVER, FROZEN_ALREADY),
)
async def post_freeze(
    session: SessionDep, actor: Annotated[Actor, requires("performance:write")], idempotency: IdempotencyDep, year: Year
) -> Response:
    """Keep figures, scores and reported figures of a year that is over, with a digest; it is never changed."""
    return await idempotency.run(session, actor, 201, lambda: freeze_year(session, actor, year))


@router.get("/{year}/frozen", summary="Read a frozen year", responses=refuses(NOT_FOUND, NOT_FROZEN))
async def get_frozen(session: SessionDep, actor: Reader, year: Year) -> FrozenYearOut:
    """What was frozen; the digest is the SHA-256 of `content` as canonical JSON (RFC 8785)."""
    return await read_frozen(session, actor, year)


@router.get(
    "/{year}/cities/{code}",
    summary="Read a city's annual performance",
    responses=refuses(*_YEAR, NOT_FOUND, NOT_FROZEN),
)
async def get_city(session: SessionDep, actor: Reader, year: Year, code: City, compare: Compare = None) -> CityYearOut:
    """Each figure with its parts, points explained, the city's own figure, and the link to its rows."""
    return await read_city(session, actor, year, code, compare=compare is not None)


@router.get(
    "/{year}/cities/{code}/rows/{indicator}",
    summary="List the rows behind a figure",
    responses=refuses(*_YEAR, NOT_FOUND),
)
async def get_rows(
    session: SessionDep,
    actor: Reader,
    year: Year,
    code: City,
    indicator: Key,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RowPage:
    """The rows that the figure is the sum of; one without a value is counted and not summed."""
    return await row_page(session, actor, year, code, indicator, after=cursor, limit=limit)


@router.post(
    "/{year}/cities/{code}/reported",
    status_code=201,
    response_model=CityYearOut,
    summary="Report a city's own figures",
    responses=refuses(
        *_YEAR,
        NOT_FOUND,
        INDICATOR_UNKNOWN,
        INDICATOR_TWICE,
        NOT_WHOLE,
        REASON_MISSING,
        NOTHING_TO_CORRECT,
        CORRECTED_ALREADY,
        FROZEN,
    ),
)
async def post_reported(
    session: SessionDep,
    actor: Annotated[Actor, requires("performance:report")],
    idempotency: IdempotencyDep,
    year: Year,
    code: City,
    body: ReportedIn,
) -> Response:
    """Report them, or with a reason correct them; the answer shows them against the computed ones."""

    async def report() -> CityYearOut:
        check_city(actor, code)
        check_year(year)
        await report_figures(session, actor, year, code, body)
        return await read_city(session, actor, year, code)

    return await idempotency.run(session, actor, 201, report)
