"""Turn every error into an RFC 9457 problem document with a stable code and titles in Chinese and English."""

from __future__ import annotations

from typing import Any

import structlog
from asyncpg import IntegrityConstraintViolationError, InterfaceError, PostgresError
from asyncpg.exceptions import DataError as DriverDataError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import InterfaceError as SqlInterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from shared.errors import (
    BAD_REQUEST,
    CONFLICT,
    CONSTRAINT_ERRORS,
    INTERNAL,
    METHOD_NOT_ALLOWED,
    MOST_VIOLATIONS,
    NOT_FOUND,
    UNAVAILABLE,
    UNSTORABLE,
    VALIDATION_FAILED,
    Problem,
    Violation,
)
from shared.validation import violations_of

logger = structlog.get_logger(__name__)
# Deadlock, serialization failure, lock not available, cancelled: the same request may well succeed next time.
_TRY_AGAIN = {"40P01", "40001", "55P03", "57014", "57P01", "57P02", "57P03"}
# Connection lost, or no room for another one.
_LOST = {"08", "53"}
MEDIA_TYPE = "application/problem+json"


class ViolationOut(BaseModel):
    code: str
    message_zh: str
    message_en: str
    pointer: str | None = None
    cell: str | None = None


class ProblemOut(BaseModel):
    """RFC 9457, with `code` (stable) and `title_zh` beside the standard members; `violations_left_out` more are as wrong."""

    type: str
    title: str
    title_zh: str
    status: int
    code: str
    detail: str | None = None
    detail_zh: str | None = None
    violations: list[ViolationOut] | None = None
    violations_left_out: int | None = None
    request_id: str | None = None


def document(problem: Problem) -> dict[str, Any]:
    """The problem document's members."""
    kind = problem.kind
    left_out = problem.violations_left_out + max(0, len(problem.violations) - MOST_VIOLATIONS)
    return ProblemOut(
        type=f"urn:peiyu:problem:{kind.code}",
        title=kind.title_en,
        title_zh=kind.title_zh,
        status=kind.status,
        code=kind.code,
        detail=problem.detail_en,
        detail_zh=problem.detail_zh,
        violations=[violation_out(violation) for violation in problem.violations[:MOST_VIOLATIONS]] or None,
        violations_left_out=left_out or None,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    ).model_dump(exclude_none=True)


def violation_out(violation: Violation) -> ViolationOut:
    return ViolationOut(
        code=violation.code,
        message_zh=violation.message_zh,
        message_en=violation.message_en,
        pointer=violation.pointer,
        cell=violation.cell,
    )


def problem_response(problem: Problem) -> JSONResponse:
    headers: dict[str, str] = {}
    if problem.kind.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.kind.status == 503 or problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds or 2)
    return JSONResponse(document(problem), problem.kind.status, headers, MEDIA_TYPE)


def _driver_error(error: Exception) -> BaseException:
    """The driver's own error, whether it came through SQLAlchemy or from the bare driver."""
    return (getattr(error.orig, "__cause__", None) or error) if isinstance(error, DBAPIError) else error


def _of_database(error: Exception) -> Problem:
    cause = _driver_error(error)
    sqlstate = str(getattr(cause, "sqlstate", None))
    if isinstance(cause, IntegrityConstraintViolationError):
        constraint: str = getattr(cause, "constraint_name", None) or ""
        if constraint not in CONSTRAINT_ERRORS:
            logger.warning("unmapped_constraint", constraint=constraint)
        return Problem(CONSTRAINT_ERRORS.get(constraint, CONFLICT))
    # A value, not the statement, is at fault: SQL's class 22, or the driver could not encode it.
    if isinstance(cause, DriverDataError) or sqlstate.startswith("22"):
        return Problem(UNSTORABLE)
    if _is_passing(error, cause, sqlstate):
        logger.warning("unavailable", error=repr(error))
        return Problem(UNAVAILABLE)
    logger.exception("unexpected_error", exc_info=error)
    return Problem(INTERNAL)


def _is_passing(error: Exception, cause: BaseException, sqlstate: str) -> bool:
    """Whether the same request may well succeed later: the connection was lost, the server stops, a lock was denied."""
    lost = isinstance(error, SqlInterfaceError | OperationalError) or getattr(error, "connection_invalidated", False)
    return lost or isinstance(cause, InterfaceError) or sqlstate[:2] in _LOST or sqlstate in _TRY_AGAIN


def _translate(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case RequestValidationError():
            errors = error.errors()
            said = violations_of(errors[:MOST_VIOLATIONS], drop=1)
            return Problem(VALIDATION_FAILED, violations=said, violations_left_out=len(errors) - len(said))
        case HTTPException():
            kinds = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}
            return Problem(kinds.get(error.status_code, BAD_REQUEST))
        case PoolTimeoutError() | ConnectionError():
            logger.warning("unavailable", error=repr(error))
            return Problem(UNAVAILABLE)
        case DBAPIError() | PostgresError() | InterfaceError():
            return _of_database(error)
        case _:
            logger.exception("unexpected_error", exc_info=error)
            return Problem(INTERNAL)


async def answer_error(_: Request, error: Exception) -> JSONResponse:
    return problem_response(_translate(error))


def install(app: FastAPI) -> None:
    """Register the translation for everything that a handler or the framework may raise."""
    database = (DBAPIError, PoolTimeoutError, PostgresError, InterfaceError, ConnectionError)
    for kind in (Problem, RequestValidationError, HTTPException, *database):
        app.add_exception_handler(kind, answer_error)
    app.add_exception_handler(Exception, answer_error)
