"""HTTP: whether a list had an enterprise on it on the day of a report and of a loan."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BeforeValidator

from services.finance.lists.errors import DATE_IN_FUTURE, DATE_MISSING, PROGRAMME_NOT_FOUND
from services.finance.lists.lookups import look_up
from services.finance.lists.routes import ProgrammePath, Reader
from services.finance.lists.schemas import LookupIn, SignedLookup
from shared.security.keys import load_key
from shared.validation import iso_date
from shared.web.documentation import refuses
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["lists"])
_Day = Annotated[date | None, BeforeValidator(iso_date), Query(examples=["2024-06-30"])]
_ANSWER: dict[int | str, dict[str, Any]] = {200: {"model": SignedLookup, "description": "The signed answer"}}
_REFUSES = refuses(PROGRAMME_NOT_FOUND, DATE_MISSING, DATE_IN_FUTURE)


@router.get(
    "/lists/{programme}/entries/{uscc}",
    response_class=Response,
    responses=_ANSWER | _REFUSES,
    summary="Look one enterprise up by report date and loan date",
)
async def get_entry(
    programme: ProgrammePath,
    uscc: Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])],
    request: Request,
    session: SessionDep,
    actor: Reader,
    report_date: _Day = None,
    loan_date: _Day = None,
) -> Response:
    """Both dates in one signed answer: what the edition in force at the end of each day said."""
    asked = LookupIn(usccs=[uscc], report_date=report_date, loan_date=loan_date)
    key = load_key(request.app.state.settings.list_key_file)
    return Response(await look_up(session, actor, programme, asked, key), media_type="application/json")


@router.post(
    "/lists/{programme}/entries:lookup",
    response_class=Response,
    responses=_ANSWER | _REFUSES,
    summary="Look many enterprises up",
)
async def post_lookup(
    programme: ProgrammePath, body: LookupIn, request: Request, session: SessionDep, actor: Reader
) -> Response:
    """As for one, at most 500 in one signed answer, in the order asked."""
    key = load_key(request.app.state.settings.list_key_file)
    return Response(await look_up(session, actor, programme, body, key), media_type="application/json")
