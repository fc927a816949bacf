"""The files that a draw is verified with, as strictly as they are written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FrameStratum(_Strict):
    stratum: int
    members: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1)]


class SealedMember(_Strict):
    seal: _Hex
    stratum: int


class Frame(_Strict):
    """`frame.json`."""

    format: Literal[1]
    kind: Literal["spot_check_frame"]
    number: str
    pool: str
    commitment: _Hex
    frozen_at: datetime
    reveal_from: datetime
    strata: list[FrameStratum]
    members: list[SealedMember]


class Named(_Strict):
    name: str
    city: str


class Result(_Strict):
    """`result.json`; `digest` is that of the rest."""

    format: Literal[1]
    kind: Literal["spot_check_result"]
    number: str
    frame_digest: _Hex
    seed: _Hex
    nonce: _Hex
    revealed_at: datetime
    drawn: list[_Hex]
    enterprises: list[Named]
    digest: _Hex


class OpenedMember(BaseModel):
    """A member as the API's list shows it; what is not needed here is ignored."""

    uscc: str
    name: str
    city_code: str
    stratum: int
    salt: _Hex
    seal: _Hex
    drawn: bool


class MembersPage(BaseModel):
    """A page of the API's list of members."""

    number: str
    items: list[OpenedMember]
