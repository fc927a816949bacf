"""What HTTP says about adjustment plans and what-if."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from shared.validation import iso_date

ActionOut: TypeAlias = Literal[
    "graduate",
    "exit",
    "give_notice",
    "await_decision",
    "kept",
    "held",
    "unknown",
    "stay",
    "admit",
    "no_credit",
    "not_spent",
    "pool_cap",
    "held_out",
    "objected",
    "incident",
]
Day = Annotated[date, BeforeValidator(iso_date), Field(examples=["2026-11-23"])]
_City = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
_Count = Annotated[int, Field(ge=0, le=10_000, strict=True)]
Spend = Annotated[dict[_City, _Count], Field(max_length=100, examples=[{"420100": 2}])]


class AdjustmentIn(BaseModel):
    """`cycle` is that of the candidates, none: nobody comes in. `spend`: the most credits by city, null: all there are."""

    model_config = ConfigDict(extra="forbid")

    pool: Annotated[str, Field(max_length=40, examples=["cultivation"])]
    on: Day | None = None
    cycle: Annotated[str | None, Field(max_length=40, examples=["2024-1"])] = None
    spend: Spend | None = None


class WhatIfIn(AdjustmentIn):
    """`numbers` change parameters of the rules, `cap` the pool's; `known_at` asks with the knowledge of that moment."""

    known_at: Annotated[AwareDatetime | None, Field(examples=["2026-06-30T16:00:00+08:00"])] = None
    numbers: Annotated[
        dict[Annotated[str, Field(max_length=60)], bool | int | Annotated[str, Field(max_length=60)]],
        Field(max_length=50, examples=[{"rate_points": "3", "credits_per_graduate": 1}]),
    ] = {}
    cap: Annotated[int | None, Field(ge=0, le=100_000, examples=[600])] = None


class AdjustmentSummary(BaseModel):
    """Counts. `live_after` is the occupancy once committed; credits are those of all cities together."""

    members: int
    graduate: int
    exit: int
    give_notice: int
    await_decision: int
    kept: int
    held: int
    unknown: int
    stay: int
    candidates: int
    admit: int
    no_credit: int
    not_spent: int
    pool_cap: int
    held_out: int
    objected: int
    incident: int
    cap: int
    kept_places: int
    live_before: int
    live_after: int
    credits_before: int
    credits_expired: int
    credits_minted: int
    credits_spent: int
    credits_after: int


class CityCreditsOut(BaseModel):
    """A city's replacement credits: good before, expired since they were last booked, minted, spent, and left after."""

    city_code: Annotated[str, Field(examples=["420100"])]
    before: int
    expired: int
    minted: int
    spent: int
    after: int


class HeldOut(BaseModel):
    """A hold (暂缓) that the plan respects."""

    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
    kind: Annotated[str, Field(examples=["exit"])]
    reason: Annotated[str, Field(examples=["企业正在申请复核，暂缓处理"])]
    set_by: Annotated[str, Field(examples=["planner"])]


class AdjustmentOut(BaseModel):
    """`id` is null for what was only computed; `valid_until` is the last day of the commit."""

    id: uuid.UUID | None
    pool: str
    judged_on: date
    cycle: str | None
    spend: dict[str, int] | None = Field(examples=[{"420100": 2}])
    rules: str
    rules_digest: str
    status: str
    inputs_digest: str
    summary: AdjustmentSummary
    credits: list[CityCreditsOut]
    holds: list[HeldOut]
    valid_until: date
    proposed_by: str
    approved_by: str | None
    committed_by: str | None
    committed_at: datetime | None


class AdjustmentPage(BaseModel):
    items: list[AdjustmentOut]
    next_cursor: uuid.UUID | None


class ReasonOut(BaseModel):
    """One test or ground: `holds` as judged (null is unknown), in Chinese with figures and clause."""

    code: Annotated[str, Field(examples=["rate_improved"])]
    clause: Annotated[str, Field(examples=["二(六)12(1)"])]
    holds: Annotated[bool | None, Field(examples=[True])]
    text: Annotated[str, Field(examples=["专利产业化率明显提升：由 50% 提高到 66.66%"])]


class AdjustmentEntryOut(BaseModel):
    """What the plan does with one enterprise. A member has a receipt of its own, a candidate that of its assessment."""

    position: int
    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
    city_code: Annotated[str, Field(examples=["420100"])]
    membership_id: uuid.UUID | None
    assessment_id: uuid.UUID | None
    action: Annotated[ActionOut, Field(examples=["graduate"])]
    action_zh: Annotated[str, Field(examples=["出库"])]
    outcome: Annotated[str | None, Field(examples=["graduate"])]
    reason_code: Annotated[str, Field(examples=["graduation_met"])]
    reasons: list[ReasonOut]
    missing_for_graduation: list[str] = Field(examples=[["产业化率再提高 3 个百分点"]])
    receipt_digest: str
    hold_id: uuid.UUID | None
    notice_id: uuid.UUID | None


class AdjustmentEntryPage(BaseModel):
    items: list[AdjustmentEntryOut]
    next_cursor: int | None


class DifferenceOut(BaseModel):
    """An enterprise of which the changed computation says something else; null: it stands in one of them only."""

    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    city_code: Annotated[str, Field(examples=["420100"])]
    as_is: Annotated[str | None, Field(examples=["stay"])]
    changed: Annotated[str | None, Field(examples=["graduate"])]


class SideOut(BaseModel):
    """One side of a what-if."""

    on: date
    known_at: datetime
    rules_digest: str
    summary: AdjustmentSummary
    credits: list[CityCreditsOut]


class WhatIfOut(BaseModel):
    """The same computation twice: by the rules, cap and day as they are, and as asked. Nothing was written."""

    as_is: SideOut
    changed: SideOut
    differences: list[DifferenceOut]


def summary_of(stored: dict[str, Any]) -> AdjustmentSummary:
    """The counts of a stored plan."""
    return AdjustmentSummary.model_validate(stored)
