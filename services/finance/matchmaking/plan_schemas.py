"""What HTTP says about plans, released timetables, reasons and outcomes."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.finance.matchmaking.schemas import Id, Moment

_Share = Annotated[float, Field(examples=[0.0])]
_Points = Annotated[int, Field(examples=[812])]
_Name = Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
_Slot = Annotated[int, Field(examples=[0])]


class PlanOut(BaseModel):
    """A computed timetable. `gap_percent` is how far its total may be from the best there is, proven by the solver.

    `coverable`: how many enterprises can have a meeting at once, null where it was not needed to know. After a
    cancellation the rest stays as it was, so that nothing is proven: total, bound and gap are null.
    """

    id: Id
    event_id: Id
    sequence: Annotated[int, Field(examples=[1])]
    cause: Annotated[Literal["solve", "cancellation"], Field(examples=["solve"])]
    based_on: Annotated[uuid.UUID | None, Field(examples=[None])]
    inputs_digest: Annotated[str, Field(examples=["9f" * 32])]
    enterprises: Annotated[int, Field(examples=[50])]
    partners: Annotated[int, Field(examples=[20])]
    meetings: Annotated[int, Field(examples=[120])]
    enterprises_with_meetings: Annotated[int, Field(examples=[50])]
    coverable: Annotated[int | None, Field(examples=[50])]
    total: Annotated[int | None, Field(examples=[97566])]
    bound: Annotated[int | None, Field(examples=[97566])]
    gap_percent: _Share | None
    explanation: Annotated[str, Field(examples=["50家企业、20个对接方，排定120场；全部50家企业都有见面。"])]
    computed_at: Moment
    version: Annotated[int | None, Field(examples=[None])]


class PlanPage(BaseModel):
    items: list[PlanOut]
    next_cursor: Annotated[int | None, Field(examples=[None])]


class ReleaseIn(BaseModel):
    """`replaces` is the version that this one is meant to replace, 0 for the first: nobody releases over another."""

    model_config = ConfigDict(extra="forbid")

    replaces: Annotated[int, Field(ge=0, le=1_000_000, examples=[0])]


class ReleaseOut(BaseModel):
    event_id: Id
    version: Annotated[int, Field(examples=[1])]
    plan_id: Id
    released_at: Moment


class MeetingOut(BaseModel):
    """`points` in thousandths. Contacts are shown once both sides have consented, null before."""

    enterprise_id: Id
    enterprise: _Name
    partner_id: Id
    partner: Annotated[str, Field(examples=["【虚构】示范创投"])]
    slot: _Slot
    starts_at: Moment
    ends_at: Moment
    room: Annotated[str, Field(examples=["一号洽谈室"])]
    online: Annotated[bool, Field(examples=[False])]
    points: _Points
    enterprise_contact: Annotated[str | None, Field(examples=[None])]
    partner_contact: Annotated[str | None, Field(examples=[None])]


class TimetableOut(BaseModel):
    """One released version, in order of slot and room."""

    event_id: Id
    version: Annotated[int, Field(examples=[1])]
    plan_id: Id
    items: list[MeetingOut]
    next_cursor: Annotated[str | None, Field(examples=[None])]


class MovedOut(BaseModel):
    """A pair that meets in both versions, at another time or in another room."""

    before: MeetingOut
    after: MeetingOut


class ChangesOut(BaseModel):
    """What makes a version of the one before; `affected` are the participants who are to be told, no others."""

    event_id: Id
    version: Annotated[int, Field(examples=[2])]
    added: list[MeetingOut]
    removed: list[MeetingOut]
    moved: list[MovedOut]
    affected: list[uuid.UUID]


class ReasonOut(BaseModel):
    """Why two do not meet; `points` is what a meeting would have been worth, thousandths."""

    other_id: Id
    other: Annotated[str, Field(examples=["【虚构】示范创投"])]
    code: Annotated[str, Field(examples=["misfit_amount"])]
    text: Annotated[str, Field(examples=["票面3000万元起，需求500万元"])]
    points: _Points


class ReasonPage(BaseModel):
    """The likeliest first."""

    items: list[ReasonOut]
    next_cursor: uuid.UUID | None


class PartOut(BaseModel):
    """One part of an affinity: null where a side does not tell, and then `counted` as the settings say."""

    part: Annotated[str, Field(examples=["ipc"])]
    name: Annotated[str, Field(examples=["专利分类"])]
    weight: Annotated[int, Field(examples=[15])]
    score: Annotated[int | None, Field(examples=[700])]
    counted: Annotated[int, Field(examples=[700])]
    text: Annotated[str, Field(examples=["共同的最细分类：H01S"])]


class AffinityOut(BaseModel):
    """Why a pair is worth what it is: the parts' mean by weight, and what wishes add."""

    enterprise_id: Id
    partner_id: Id
    parts: list[PartOut]
    affinity: _Points
    wishes: Annotated[int, Field(examples=[100])]
    points: _Points


class OwnEventOut(BaseModel):
    """One's own part in an event: its meetings in the version in force."""

    event_id: Id
    participant_id: Id
    title: Annotated[str, Field(examples=["光电子信息产业链投融资路演"])]
    consented: Annotated[bool, Field(examples=[False])]
    cancelled: Annotated[bool, Field(examples=[False])]
    version: Annotated[int | None, Field(examples=[1])]
    meetings: list[MeetingOut]


class OwnEventPage(BaseModel):
    items: list[OwnEventOut]
    next_cursor: uuid.UUID | None
