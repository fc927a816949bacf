"""What HTTP says about holds, exit notices, credits, follow-on cultivation and the stall radar."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from services.evaluation.adjustment.plan_schemas import CityCreditsOut, ReasonOut

HoldKind: TypeAlias = Literal["graduation", "exit", "replacement"]
Reason = Annotated[str, Field(min_length=2, max_length=2000, examples=["企业申请复核，核查结束前暂缓"])]
Uscc = Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]
Name = Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
City = Annotated[str, Field(examples=["420100"])]
_Form = ConfigDict(extra="forbid", str_strip_whitespace=True)


class HoldIn(BaseModel):
    """A hold (暂缓): of a member's graduation or exit, or of a replacement admission."""

    model_config = _Form

    uscc: Uscc
    kind: Annotated[HoldKind, Field(examples=["exit"])]
    reason: Reason


class LiftIn(BaseModel):
    model_config = _Form

    reason: Reason


class HoldOut(BaseModel):
    """A hold stands until a person lifts it."""

    id: uuid.UUID
    pool: str
    uscc: Uscc
    name: Name
    city_code: City
    kind: HoldKind
    reason: str
    set_by: str
    set_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lift_reason: str | None


class HoldPage(BaseModel):
    items: list[HoldOut]
    next_cursor: uuid.UUID | None


class ReplyIn(BaseModel):
    """What the enterprise says to an exit notice (陈述申辩)."""

    model_config = _Form

    reply: Annotated[str, Field(min_length=2, max_length=10_000, examples=["本年度已有两件专利投产，附检测报告。"])]
    attachment_ids: Annotated[list[uuid.UUID], Field(max_length=20, examples=[[]])] = []


class ExitDecisionIn(BaseModel):
    model_config = _Form

    decision: Annotated[Literal["end", "keep"], Field(examples=["keep"])]
    reason: Reason


class EvidenceOut(BaseModel):
    attachment_id: uuid.UUID
    digest: str


class ExitNoticeOut(BaseModel):
    """An exit notice, the reply and the decision. An enterprise reads no officers' names."""

    id: uuid.UUID
    pool: str
    uscc: Uscc
    name: Name
    city_code: City
    reason_code: Annotated[str, Field(examples=["no_progress"])]
    reasons: list[ReasonOut]
    sent_by: str | None
    sent_at: datetime
    reply_until: date
    working_days_left: int
    reply: str | None
    evidence: list[EvidenceOut]
    replied_at: datetime | None
    decision: Literal["end", "keep"] | None
    decided_by: Annotated[str | None, Field(examples=["li-si"])]
    decided_at: datetime | None
    decision_reason: Annotated[str | None, Field(examples=["陈述理由成立"])]


class ExitNoticePage(BaseModel):
    items: list[ExitNoticeOut]
    next_cursor: uuid.UUID | None


class CreditEntryOut(BaseModel):
    """One line of a city's ledger."""

    id: uuid.UUID
    city_code: City
    kind: Annotated[str, Field(examples=["minted"])]
    credits: int
    entered_on: date
    expires_on: date | None
    plan_id: uuid.UUID
    membership_id: uuid.UUID | None


class CreditsOut(BaseModel):
    """Each city's credits good today, and the lines behind them."""

    on: date
    cities: list[CityCreditsOut]
    entries: list[CreditEntryOut]


class FollowOnOut(BaseModel):
    """接续培育 of a graduate; `track` is null until one is assigned."""

    id: uuid.UUID
    pool: str
    uscc: Uscc
    name: Name
    city_code: City
    began_at: datetime
    track: Annotated[str | None, Field(examples=["little_giant"])]
    track_zh: Annotated[str | None, Field(examples=["专精特新“小巨人”企业"])]
    basis: Annotated[str | None, Field(examples=["企业已列入省级专精特新名单"])]
    assigned_by: str | None
    assigned_at: datetime | None


class FollowOnPage(BaseModel):
    items: list[FollowOnOut]
    next_cursor: uuid.UUID | None


class TrackIn(BaseModel):
    model_config = _Form

    track: Annotated[str, Field(max_length=60, examples=["little_giant"])]
    basis: Annotated[str, Field(min_length=2, max_length=2000, examples=["企业已列入省级专精特新名单"])]


class StalledOut(BaseModel):
    """A member without progress for so many months, and what would count as progress for it."""

    uscc: Uscc
    name: Name
    city_code: City
    months: Annotated[int, Field(examples=[18])]
    since: date
    term_ends_on: date
    overdue: bool
    known: Annotated[bool, Field(description="false: progress may have been made that is not on record")]
    advice: Annotated[list[str], Field(examples=[["新增产业化专利：产业化专利再增加 1 件以上（目前 2 件）"]])]


class RadarOut(BaseModel):
    """Longest first."""

    on: date
    items: list[StalledOut]


class ReminderOut(BaseModel):
    """A reminder that a member stands so many months without progress, with what would count as progress."""

    id: uuid.UUID
    pool_code: Annotated[str, Field(examples=["cultivation"])]
    uscc: Uscc
    city_code: City
    months: Annotated[int, Field(examples=[12])]
    since: date
    term_ends_on: date
    advice: Annotated[list[str], Field(examples=[["新增产业化专利：产业化专利再增加 1 件以上（目前 2 件）"]])]
    sent_at: datetime


class ReminderPage(BaseModel):
    items: list[ReminderOut]
    next_cursor: uuid.UUID | None
