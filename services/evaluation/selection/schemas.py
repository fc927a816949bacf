"""What HTTP says about selection plans."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PlanIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cycle: Annotated[str, Field(max_length=40)]
    pool: Annotated[str, Field(max_length=40)]


class PlanSummary(BaseModel):
    """Counts of a plan; `free_places` is the cap less the members when it was computed."""

    eligible: int
    admitted: int
    out_city_quota: int
    out_pool_cap: int
    out_already_member: int
    cap: int
    live_before: int
    free_places: int


class PlanEntryOut(BaseModel):
    rank: int
    uscc: str
    name: str
    city_code: str
    admitted: bool
    reason: str
    indicators: dict[str, str | None]


class PlanOut(BaseModel):
    """`id` is null for a plan that was only computed (`validate_only`)."""

    id: uuid.UUID | None
    cycle: str
    pool: str
    status: str
    inputs_digest: str
    summary: PlanSummary
    proposed_by: str
    approved_by: str | None
    committed_at: datetime | None


class PlanEntryPage(BaseModel):
    items: list[PlanEntryOut]
    next_cursor: int | None
