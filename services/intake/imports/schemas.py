"""What HTTP says about imports."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["accept_good", "all_or_nothing"]
Outcome = Literal["accepted", "rejected", "held_back"]


class ImportWishes(BaseModel):
    """How a file is to be taken."""

    model_config = ConfigDict(extra="forbid")

    mode: Annotated[
        Mode, Field(description="Accept good rows whatever becomes of others, or take all of the file or nothing")
    ] = "accept_good"
    max_error_share: Annotated[
        float | None,
        Field(ge=0, le=1, description="Stop, and import nothing, once a larger share of the rows read is wrong"),
    ] = None
    validate_only: Annotated[
        bool, Field(description="Give the verdict on every row by the same path, and import nothing")
    ] = False


class ViolationShown(BaseModel):
    """One reason at one place: `pointer` (RFC 6901) into a line's JSON, or `cell` of a workbook."""

    code: Annotated[str, Field(examples=["duplicate_key"])]
    message_zh: Annotated[str, Field(examples=["同一字段出现两次"])]
    message_en: Annotated[str, Field(examples=["A member appears twice"])]
    pointer: Annotated[str | None, Field(examples=["/people/rd_staff"])] = None
    cell: Annotated[str | None, Field(examples=["企业!F12"])] = None


class ImportProblem(BaseModel):
    """Why the file as a whole was refused or stopped: a problem document (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    code: Annotated[str, Field(examples=["error_share_exceeded"])]
    title: str
    title_zh: str
    detail: str | None = None
    detail_zh: str | None = None
    violations: list[ViolationShown] | None = None


class ImportOut(BaseModel):
    """An import and how far it is.

    `status` is received (waiting or running: the counts move), processed, stopped (read, but nothing was imported;
    `problem` says why) or refused (could not be read; `problem` says why). Rows are lines, or rows of the enterprise
    sheet; of a processed import `rows_read` = `rows_accepted` + `rows_rejected`. With `validate_only` accepted rows are
    those that would be. `warnings` name what was passed over, such as columns that were not read.
    """

    id: uuid.UUID
    cycle: Annotated[str, Field(examples=["2024-1"])]
    format: Annotated[str, Field(examples=["ndjson"])]
    file_name: str | None
    mode: Annotated[str, Field(examples=["accept_good"])]
    max_error_share: Annotated[float, Field(examples=[0.5])]
    validate_only: bool
    status: Annotated[str, Field(examples=["processed"])]
    rows_total: Annotated[int | None, Field(examples=[20_000])]
    rows_read: Annotated[int | None, Field(examples=[20_000])]
    rows_accepted: Annotated[int | None, Field(examples=[19_990])]
    rows_rejected: Annotated[int | None, Field(examples=[10])]
    problem: ImportProblem | None
    warnings: list[ViolationShown] | None
    created_at: datetime
    finished_at: datetime | None


class ImportPage(BaseModel):
    items: list[ImportOut]
    next_cursor: uuid.UUID | None


class ImportRowOut(BaseModel):
    """What came of one row: a line, or a row of a sheet.

    `held_back` is a good row of a file that was stopped. `application_id` is null where nothing was imported.
    """

    position: Annotated[int, Field(examples=[17])]
    line: Annotated[int | None, Field(examples=[17])] = None
    sheet: Annotated[str | None, Field(examples=["企业"])] = None
    row: Annotated[int | None, Field(examples=[12])] = None
    uscc: Annotated[str | None, Field(examples=["91420100MA4KABCD1X"])] = None
    outcome: Annotated[str, Field(examples=["rejected"])]
    application_id: uuid.UUID | None = None
    violations: list[ViolationShown] | None = None


class ImportRowPage(BaseModel):
    items: list[ImportRowOut]
    next_cursor: int | None


class RejectedRowOut(BaseModel):
    """A rejected row; `sheet` is null for a line of an NDJSON file, whose number is `row`."""

    sheet: str | None
    row: int
    uscc: str | None
    violations: list[ViolationShown]


class RejectedRowPage(BaseModel):
    items: list[RejectedRowOut]
    next_cursor: int | None
