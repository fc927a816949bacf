"""What HTTP says about patents on offer and their push to enterprises."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.finance.matchmaking.money import Yuan, fen_of
from services.finance.matchmaking.plan_schemas import PartOut
from services.finance.matchmaking.schemas import City, Id, Industries, Moment, Symbols, Uscc
from services.finance.patents.schemas import PatentNo
from shared.validation import custom_error

_Text = Annotated[str, Field(max_length=4000, examples=["掺镱光纤激光器的温度控制方法，用于高功率切割焊接。"])]
_Title = Annotated[str, Field(min_length=1, max_length=200, examples=["一种光纤激光器温控装置"])]
_Holder = Annotated[str, Field(min_length=1, max_length=200, examples=["【虚构】示范大学"])]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OfferIn(_In):
    """A patent that its holder would license or sell, for an amount between `least_cny` and `most_cny`, if that is told."""

    patent_no: PatentNo
    title: _Title
    holder: _Holder
    city_code: City
    ipc: Symbols
    industries: Industries = []
    least_cny: Yuan | None = None
    most_cny: Yuan | None = None
    text: _Text = ""

    @model_validator(mode="after")
    def _amounts_in_order(self) -> Self:
        least, most = fen_of(self.least_cny), fen_of(self.most_cny)
        if least is not None and most is not None and least > most:
            raise custom_error("least_above_most")
        return self


class OffersIn(_In):
    """All of them or none."""

    offers: Annotated[list[OfferIn], Field(min_length=1, max_length=500)]


class OfferOut(BaseModel):
    id: Id
    patent_no: Annotated[str, Field(examples=["202010566088.9"])]
    title: _Title
    holder: _Holder
    city_code: Annotated[str, Field(examples=["420100"])]
    ipc: Annotated[list[str], Field(examples=[["H01S3/067"]])]
    industries: Annotated[list[str], Field(examples=[["3976"]])]
    least_cny: Annotated[str | None, Field(examples=[None])]
    most_cny: Annotated[str | None, Field(examples=["500000.00"])]
    text: _Text
    withdrawn: Annotated[bool, Field(examples=[False])]


class OffersOut(BaseModel):
    offers: list[OfferOut]


class OfferPage(BaseModel):
    items: list[OfferOut]
    next_cursor: uuid.UUID | None


class PushIn(_In):
    """What the enterprise needs, and how many patents at most; what is left out is unknown."""

    uscc: Uscc
    count: Annotated[int, Field(ge=1, le=50, examples=[10])]
    ipc: Symbols = []
    industries: Industries = []
    most_cny: Yuan | None = None
    text: Annotated[str, Field(max_length=4000, examples=["光纤激光器国产替代，需要高功率温控方案"])] = ""

    @model_validator(mode="after")
    def _something_is_asked(self) -> Self:
        if not self.ipc and not self.industries and not self.text:
            raise custom_error("nothing_asked")
        return self


class SuitedOut(BaseModel):
    """A patent that suits, `points` in thousandths, explained by its parts."""

    offer_id: Id
    patent_no: Annotated[str, Field(examples=["202010566088.9"])]
    title: _Title
    holder: _Holder
    points: Annotated[int, Field(examples=[812])]
    parts: list[PartOut]


class PushOut(BaseModel):
    """The patents that suit best, the best first; `id` is null where `validate_only` looked and nothing was stored."""

    id: Annotated[uuid.UUID | None, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    pushed_on: Annotated[date, Field(examples=["2027-03-10"])]
    compared: Annotated[int, Field(examples=[10_000])]
    entries: list[SuitedOut]


class PushShown(BaseModel):
    """A push as it was made."""

    id: Id
    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    pushed_on: Annotated[date, Field(examples=["2027-03-10"])]
    pushed_at: Moment
    entries: list[SuitedOut]


class PushPage(BaseModel):
    items: list[PushShown]
    next_cursor: uuid.UUID | None
