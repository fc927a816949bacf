"""What HTTP says about selection plans."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class PlanIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cycle: Annotated[str, Field(max_length=40, examples=["2024-1"])]
    pool: Annotated[str, Field(max_length=40, examples=["cultivation"])]


class PlanSummary(BaseModel):
    """Counts of a plan. `free_places` is the cap less the members when it was computed; `left_empty` what it leaves."""

    eligible: int
    admitted: int
    admitted_reserved: int = 0
    admitted_minimum: int = 0
    admitted_shared: int = 0
    out_city_quota: int
    out_pool_cap: int
    out_already_member: int
    out_objection: int = 0
    out_reserved: int = 0
    out_minimum: int = 0
    cap: int
    live_before: int
    free_places: int
    left_empty: int = 0


class QuotaOut(BaseModel):
    """The least and most admissions of a city in a cycle."""

    minimum: int
    maximum: int


class ReservedOut(BaseModel):
    """Places for a condition of the rulebook, or (`condition` null) held back; `given` of them went to somebody."""

    condition: str | None
    title: str
    places: int
    unused: Literal["shared", "empty"]
    given: int


class UnmetMinimumOut(BaseModel):
    """A minimum that is not reached: too few `candidates`, or too few `places`."""

    city_code: str
    minimum: int
    admitted: int
    cause: Literal["candidates", "places"]


class OneMoreOut(BaseModel):
    """Who would come in (and go out) with one more place of the cap (`city_code` null) or of a city at its maximum."""

    city_code: str | None
    comes_in: list[str]
    goes_out: list[str]


class AllocationOut(BaseModel):
    """The terms that a plan was computed under, and what would follow from other ones."""

    quotas: dict[str, QuotaOut]
    reserved: list[ReservedOut]
    unmet_minimums: list[UnmetMinimumOut]
    one_more: list[OneMoreOut]


class IndicatorScoreOut(BaseModel):
    """One indicator: its exact `value` ("3/4"; null is unknown), points, the most it gives, and the segment of its scale.

    `segment` 0 lies below the first breakpoint and n above the n-th; null is unknown.
    """

    key: str
    title: str
    value: str | None
    value_text: str
    points: str
    points_exact: str
    most: str
    segment: int | None
    text: str
    basis: str


class GroupScoreOut(BaseModel):
    """Indicators that together give at most `cap`: what they reached, and what counts."""

    key: str
    title: str
    reached: str
    cap: str
    points: str
    text: str
    basis: str


class ScoreOut(BaseModel):
    """A total as a rounded decimal and exactly ("418/5"), of `most`, with every indicator explained in Chinese."""

    total: Annotated[str, Field(examples=["83.60"])]
    exact: Annotated[str, Field(examples=["418/5"])]
    most: str
    rounding: str
    indicators: list[IndicatorScoreOut]
    groups: list[GroupScoreOut]


class PlanEntryOut(BaseModel):
    """`seat` is the kind of place of the admitted; `score` is null under a rulebook without scoring."""

    rank: int
    uscc: str
    name: str
    city_code: str
    admitted: bool
    reason: str
    reason_zh: str
    seat: str | None
    condition: str | None
    score: ScoreOut | None
    indicators: dict[str, str | None]


class PlanOut(BaseModel):
    """`id` is null for a plan that was only computed (`validate_only`); `valid_until` is the last day of its commit."""

    id: uuid.UUID | None
    cycle: str
    pool: str
    status: str
    inputs_digest: str
    summary: PlanSummary
    allocation: AllocationOut | None
    valid_until: date
    proposed_by: str
    approved_by: str | None
    committed_at: datetime | None


class PlanPage(BaseModel):
    items: list[PlanOut]
    next_cursor: uuid.UUID | None


class PlanEntryPage(BaseModel):
    items: list[PlanEntryOut]
    next_cursor: int | None
