"""What HTTP says about workbook imports."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel


class ImportOut(BaseModel):
    """`status` is received, processed, or refused (the file as a whole; `problem` says why).

    `warnings` name columns of the workbook that were not read or are absent. Rows are those of the enterprise sheet: `rows_read` = `rows_accepted` + `rows_rejected`.
    """

    id: uuid.UUID
    cycle: str
    file_name: str
    status: str
    rows_read: int | None
    rows_accepted: int | None
    rows_rejected: int | None
    problem: dict[str, Any] | None
    warnings: list[dict[str, Any]] | None
    created_at: datetime
    finished_at: datetime | None


class RejectedRowOut(BaseModel):
    sheet: str
    row: int
    uscc: str | None
    violations: list[dict[str, Any]]


class RejectedRowPage(BaseModel):
    items: list[RejectedRowOut]
    next_cursor: int | None
