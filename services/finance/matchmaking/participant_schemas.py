"""What HTTP says about who takes part in an event, what each side asks for, and cancellations."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.finance.matchmaking.gathering import Side
from services.finance.matchmaking.money import Yuan, fen_of
from services.finance.matchmaking.schemas import Id, Industries, Places, Symbols, Text, Uscc
from services.finance.matchmaking.terms import match_terms
from shared.validation import custom_error


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _stage(code: str) -> str:
    if code not in match_terms().stages:
        raise custom_error("stage_unknown")
    return code


class ParticipantIn(_In):
    """What a side brings. Leave out what is not known: it counts neither for nor against.

    An enterprise tells the amount it needs as `least_cny` = `most_cny`, its city as the only region and its stage; a
    partner its ticket, where it works (`000000` is the whole country) and the stages it takes.
    """

    side: Annotated[Side, Field(examples=["enterprise"])]
    kind: Annotated[str, Field(min_length=1, max_length=40, examples=["enterprise"])]
    uscc: Uscc | None = None
    name: Annotated[Text, Field(examples=["【虚构】示范光电有限公司"])]
    capacity: Annotated[int, Field(ge=0, le=100, examples=[4])]
    ipc: Symbols = []
    industries: Industries = []
    least_cny: Yuan | None = None
    most_cny: Yuan | None = None
    regions: Places = []
    stages: Annotated[
        list[Annotated[str, Field(max_length=40), AfterValidator(_stage)]], Field(max_length=20, examples=[["seed"]])
    ] = []
    text: Annotated[str, Field(max_length=4000, examples=["光纤激光器国产替代"])] = ""
    contact: Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）联系人"])] | None = None

    @model_validator(mode="after")
    def _amounts_in_order(self) -> Self:
        least, most = fen_of(self.least_cny), fen_of(self.most_cny)
        if least is not None and most is not None and least > most:
            raise custom_error("least_above_most")
        return self


class ParticipantsIn(_In):
    """All of them or none."""

    participants: Annotated[list[ParticipantIn], Field(min_length=1, max_length=500)]


class ParticipantOut(BaseModel):
    """Without contact details: those are for whom it meets, once both have consented."""

    id: Id
    event_id: Id
    side: Annotated[Side, Field(examples=["enterprise"])]
    kind: Annotated[str, Field(examples=["enterprise"])]
    uscc: Annotated[str | None, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
    capacity: Annotated[int, Field(examples=[4])]
    ipc: Annotated[list[str], Field(examples=[["H01S3/067"]])]
    industries: Annotated[list[str], Field(examples=[["3976"]])]
    least_cny: Annotated[str | None, Field(examples=["5000000.00"])]
    most_cny: Annotated[str | None, Field(examples=["5000000.00"])]
    regions: Annotated[list[str], Field(examples=[["420100"]])]
    stages: Annotated[list[str], Field(examples=[["seed"]])]
    text: Annotated[str, Field(examples=["光纤激光器国产替代"])]
    consented: Annotated[bool, Field(examples=[True])]
    cancelled: Annotated[bool, Field(examples=[False])]
    checked_in_at: Annotated[datetime | None, Field(examples=[None])]


class ParticipantsOut(BaseModel):
    participants: list[ParticipantOut]


class ParticipantPage(BaseModel):
    items: list[ParticipantOut]
    next_cursor: uuid.UUID | None


class PairIn(_In):
    enterprise_id: Id
    partner_id: Id


class PreferenceIn(PairIn):
    """What one side asks for; `neutral` takes an earlier word back."""

    by_side: Annotated[Side, Field(examples=["partner"])]
    word: Annotated[Literal["wish", "ban", "neutral"], Field(examples=["wish"])]


class OwnPreferenceIn(_In):
    """What one asks for oneself; `neutral` takes an earlier word back."""

    partner_id: Id
    word: Annotated[Literal["wish", "ban", "neutral"], Field(examples=["wish"])]


class PreferenceOut(PreferenceIn):
    model_config = ConfigDict(extra="ignore")

    event_id: Id


class ConflictIn(PairIn):
    """Why the two may not meet at this event, such as a holding."""

    ground: Annotated[str, Field(min_length=1, max_length=500, examples=["对接方持有企业10%股权"])]


class ConflictOut(ConflictIn):
    model_config = ConfigDict(extra="ignore")

    event_id: Id


class CancellationIn(_In):
    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["行程冲突"])]


class CancellationOut(BaseModel):
    """`plan_id` is the plan that gives those touched other meetings, to be released; null where nobody is touched."""

    participant: ParticipantOut
    plan_id: Annotated[uuid.UUID | None, Field(examples=[None])]
