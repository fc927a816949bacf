"""Refusals about assessments."""

from shared.errors import ErrorKind

CYCLE_NOT_FOUND = ErrorKind("cycle_not_found", 404, "No such cycle", "没有该申报批次")
