"""What HTTP says about two-sided events and who takes part in them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.finance.matchmaking.classes import industry_chain, ipc_symbol
from services.finance.matchmaking.wording import is_place
from shared.reference.divisions import cities
from shared.validation import custom_error, iso_date

Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
KindCode = Annotated[str, Field(min_length=1, max_length=40, examples=["roadshow"])]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Moment = Annotated[datetime, Field(examples=["2027-03-10T09:00:00+08:00"])]
Uscc = Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]


def _city(code: str) -> str:
    if code not in {one.code for one in cities()}:
        raise custom_error("city_unknown")
    return code


def _place(code: str) -> str:
    if not is_place(code):
        raise custom_error("region_unknown")
    return code


def _ipc(text: str) -> str:
    try:
        return ipc_symbol(text)
    except ValueError:
        raise custom_error("ipc_format") from None


def _industry(code: str) -> str:
    try:
        return industry_chain(code)[-1]
    except ValueError:
        raise custom_error("industry_unknown") from None


def _month(day: date) -> date:
    if day.day != 1:
        raise custom_error("not_a_month")
    return day


City = Annotated[str, Field(max_length=6, examples=["420100"]), AfterValidator(_city)]
Month = Annotated[date, BeforeValidator(iso_date), AfterValidator(_month), Field(examples=["2027-03-01"])]

Symbols = Annotated[
    list[Annotated[str, Field(max_length=20), AfterValidator(_ipc)]], Field(max_length=20, examples=[["H01S3/067"]])
]
Industries = Annotated[
    list[Annotated[str, Field(max_length=4), AfterValidator(_industry)]], Field(max_length=20, examples=[["3976"]])
]
Places = Annotated[
    list[Annotated[str, Field(max_length=6), AfterValidator(_place)]], Field(max_length=20, examples=[["420100"]])
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class KindOut(BaseModel):
    """A kind of event, as the province's settings have it; `weights` are those of affinity's parts."""

    code: KindCode
    title: Annotated[str, Field(examples=["投融资路演"])]
    clause: Annotated[str, Field(examples=["二（三）5"])]
    enterprise_side: Annotated[str, Field(examples=["融资企业"])]
    partner_side: Annotated[str, Field(examples=["投资机构、银行"])]
    partner_kinds: Annotated[list[str], Field(examples=[["investor", "bank"]])]
    weights: Annotated[dict[str, int], Field(examples=[{"ipc": 15, "industry": 25}])]
    bars: Annotated[list[str], Field(examples=[["amount", "region", "stage"]])]
    floor: Annotated[int, Field(examples=[250])]
    who: Annotated[str, Field(examples=["anyone"])]
    basis: Annotated[str, Field(examples=["金额、地域、阶段是投资方的硬性条件"])]


class ChainOut(BaseModel):
    code: Annotated[str, Field(examples=["five_dominant-1"])]
    name: Annotated[str, Field(examples=["光电子信息"])]
    list_name: Annotated[str, Field(examples=["五大优势产业"])]
    source: Annotated[str, Field(examples=["省政府工作报告（2023年）"])]


class KindsOut(BaseModel):
    """Kinds of events, stages that enterprises may be in, and the industry chains."""

    kinds: list[KindOut]
    stages: Annotated[dict[str, str], Field(examples=[{"seed": "种子期"}])]
    chains: list[ChainOut]


class SlotIn(_In):
    starts_at: Annotated[AwareDatetime, Field(examples=["2027-03-10T09:00:00+08:00"])]
    ends_at: Annotated[AwareDatetime, Field(examples=["2027-03-10T09:20:00+08:00"])]


class RoomIn(_In):
    name: Annotated[str, Field(min_length=1, max_length=100, examples=["一号洽谈室"])]
    online: Annotated[bool, Field(examples=[False])] = False


class EventIn(_In):
    """Slots in any order; every room is the event's from the first slot's beginning to the last one's end.

    `who` may take part of enterprises: `anyone`, `on_record`, `pool_member`, or `list:` and a list programme, whose rule
    is a rulebook expression; left out, the kind's own rule.
    """

    kind: KindCode
    title: Annotated[Text, Field(examples=["光电子信息产业链投融资路演"])]
    month: Month
    chain: Annotated[str, Field(min_length=1, max_length=60, examples=["five_dominant-1"])]
    city_code: City
    venue: Annotated[Text, Field(examples=["【虚构】会展中心"])]
    who: Annotated[str, Field(min_length=1, max_length=80, examples=["list:pool-members"])] | None = None
    slots: Annotated[list[SlotIn], Field(min_length=1, max_length=60)]
    rooms: Annotated[list[RoomIn], Field(min_length=1, max_length=600)]


class SlotOut(BaseModel):
    slot: Annotated[int, Field(examples=[0])]
    starts_at: Moment
    ends_at: Moment


class RoomOut(BaseModel):
    room: Annotated[int, Field(examples=[0])]
    name: Annotated[str, Field(examples=["一号洽谈室"])]
    online: Annotated[bool, Field(examples=[False])]


class EventOut(BaseModel):
    """`version` is that of the timetable in force, null before the first release."""

    id: Id
    kind: KindCode
    title: Annotated[str, Field(examples=["光电子信息产业链投融资路演"])]
    month: Annotated[date, Field(examples=["2027-03-01"])]
    chain: Annotated[str, Field(examples=["five_dominant-1"])]
    chain_name: Annotated[str, Field(examples=["光电子信息"])]
    city_code: Annotated[str, Field(examples=["420100"])]
    venue: Annotated[str, Field(examples=["【虚构】会展中心"])]
    who: Annotated[str, Field(examples=["anyone"])]
    slots: list[SlotOut]
    rooms: list[RoomOut]
    version: Annotated[int | None, Field(examples=[1])]


class EventPage(BaseModel):
    items: list[EventOut]
    next_cursor: uuid.UUID | None


class EventBrief(BaseModel):
    id: Id
    kind: KindCode
    title: Annotated[str, Field(examples=["光电子信息产业链投融资路演"])]
    chain_name: Annotated[str, Field(examples=["光电子信息"])]
    city_code: Annotated[str, Field(examples=["420100"])]


class MonthOut(BaseModel):
    """`missing` are the kinds that are held monthly and have no event in this month."""

    month: Annotated[date, Field(examples=["2027-03-01"])]
    events: list[EventBrief]
    missing: Annotated[list[str], Field(examples=[[]])]


class ShortfallOut(BaseModel):
    """A city with fewer events of a kind in the year than the province's minimum."""

    kind: KindCode
    city_code: Annotated[str, Field(examples=["420500"])]
    city_name: Annotated[str, Field(examples=["宜昌市"])]
    planned: Annotated[int, Field(examples=[1])]
    minimum: Annotated[int, Field(examples=[4])]


class CalendarOut(BaseModel):
    """A year's events by month, with what is missing still."""

    year: Annotated[int, Field(examples=[2027])]
    months: list[MonthOut]
    shortfalls: list[ShortfallOut]
