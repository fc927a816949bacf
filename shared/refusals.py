"""Refusals that the database speaks: `refuse(code)` in a statement, read back as a domain error."""

from __future__ import annotations

from collections.abc import Mapping

from asyncpg import PostgresError

from shared.errors import ErrorKind, Problem

_SQLSTATE = "PY001"


def refusal_of(error: PostgresError, kinds: Mapping[str, ErrorKind]) -> Problem | None:
    """The Problem that the statement's `refuse(code, detail)` stands for; None for any other error of the driver."""
    if getattr(error, "sqlstate", None) != _SQLSTATE:
        return None
    detail = getattr(error, "detail", None) or None
    return Problem(kinds[str(getattr(error, "message", ""))], detail_en=detail, detail_zh=detail)
