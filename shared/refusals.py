"""Refusals that the database speaks: `refuse(code)` in a statement, read back as a domain error."""

from __future__ import annotations

from collections.abc import Mapping

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError

from shared.errors import ErrorKind, Problem

_SQLSTATE = "PY001"


def refusal_of(error: PostgresError | DBAPIError, kinds: Mapping[str, ErrorKind]) -> Problem | None:
    """The Problem that the statement's `refuse(code, detail)` stands for; None for any other error."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error
    if getattr(cause, "sqlstate", None) != _SQLSTATE:
        return None
    detail = getattr(cause, "detail", None) or None
    return Problem(kinds[str(getattr(cause, "message", ""))], detail_en=detail, detail_zh=detail)
