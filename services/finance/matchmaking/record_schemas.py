"""What HTTP says about notices, outcomes and follow-ups."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.finance.matchmaking.money import Yuan
from services.finance.matchmaking.schemas import Id, Moment
from shared.validation import iso_date

Result: TypeAlias = Literal["interest", "due_diligence", "term_sheet", "contract", "invested", "equity_option", "no"]
_Name = Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]


class ChangeLine(BaseModel):
    """One meeting that a version added, removed or moved, as its participant reads it."""

    change: Annotated[Literal["added", "removed", "moved"], Field(examples=["moved"])]
    other_id: Id
    other: Annotated[str, Field(examples=["【虚构】示范创投"])]
    starts_at: Moment
    ends_at: Moment
    room: Annotated[str, Field(examples=["一号洽谈室"])]
    text: Annotated[str, Field(examples=["新增：2027-03-10 09:00–09:20，一号洽谈室，与【虚构】示范创投见面"])]


class NoticeOut(BaseModel):
    """What one version of a timetable changed for one participant; `seen_at` is null until notice is taken."""

    id: Id
    event_id: Id
    title: Annotated[str, Field(examples=["光电子信息产业链投融资路演"])]
    participant_id: Id
    name: _Name
    version: Annotated[int, Field(examples=[2])]
    changes: list[ChangeLine]
    told_at: Moment
    seen_at: Annotated[datetime | None, Field(examples=[None])]


class NoticePage(BaseModel):
    items: list[NoticeOut]
    next_cursor: uuid.UUID | None


class OutcomeIn(BaseModel):
    """What came of a meeting: on the day (`after_days` 0), or at a follow-up. Saying something else later is another word.

    `happened_on` is the day of a contract or an investment, in which it counts; an amount may be unknown.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    enterprise_id: Id
    partner_id: Id
    after_days: Annotated[int, Field(ge=0, le=3650, examples=[0])]
    held: Annotated[bool, Field(examples=[True])]
    result: Annotated[Result | None, Field(examples=["interest"])] = None
    amount_cny: Yuan | None = None
    happened_on: Annotated[date, BeforeValidator(iso_date), Field(examples=["2027-04-02"])] | None = None
    note: Annotated[str, Field(min_length=1, max_length=2000, examples=["约定下月实地考察"])] | None = None


class OutcomeOut(BaseModel):
    id: Id
    event_id: Id
    enterprise_id: Id
    partner_id: Id
    after_days: Annotated[int, Field(examples=[0])]
    held: Annotated[bool, Field(examples=[True])]
    result: Annotated[Result | None, Field(examples=["interest"])]
    amount_cny: Annotated[str | None, Field(examples=[None])]
    happened_on: Annotated[date | None, Field(examples=[None])]
    note: Annotated[str | None, Field(examples=["约定下月实地考察"])]
    recorded_at: Moment


class StandingOutcome(OutcomeOut):
    latest: Annotated[bool, Field(examples=[True])]


class OutcomePage(BaseModel):
    """Every word that was ever said, in order; `latest` is false for one that a later word on the same stage replaces."""

    items: list[StandingOutcome]
    next_cursor: uuid.UUID | None


class FollowUpOut(BaseModel):
    """A follow-up that is due and not on record."""

    event_id: Id
    enterprise_id: Id
    enterprise: _Name
    partner_id: Id
    partner: Annotated[str, Field(examples=["【虚构】示范创投"])]
    after_days: Annotated[int, Field(examples=[30])]
    due_on: Annotated[date, Field(examples=["2027-04-09"])]
    meeting_result: Annotated[Result, Field(examples=["interest"])]


class FollowUpPage(BaseModel):
    """In order of the meetings' outcomes."""

    items: list[FollowUpOut]
    next_cursor: uuid.UUID | None


class MoneyOut(BaseModel):
    """How many pairs, and the sum of the amounts that are known; null where none of them is."""

    pairs: Annotated[int, Field(examples=[2])]
    amount_cny: Annotated[str | None, Field(examples=["3000000.00"])]
    amount_unknown: Annotated[int, Field(examples=[0])]


class SummaryOut(BaseModel):
    """What an event came to; `results` by what was said last of each pair, meetings `untold` have no word yet.

    `intended` are term sheets (意向金额), `agreed` contracts, `invested` investments (落地金额).
    """

    event_id: Id
    month: Annotated[date, Field(examples=["2027-03-01"])]
    chain_name: Annotated[str, Field(examples=["光电子信息"])]
    enterprises: Annotated[int, Field(examples=[50])]
    partners: Annotated[int, Field(examples=[20])]
    meetings: Annotated[int, Field(examples=[120])]
    held: Annotated[int, Field(examples=[110])]
    not_held: Annotated[int, Field(examples=[4])]
    untold: Annotated[int, Field(examples=[6])]
    results: Annotated[dict[str, int], Field(examples=[{"interest": 60, "no": 50}])]
    intended: MoneyOut
    agreed: MoneyOut
    invested: MoneyOut
