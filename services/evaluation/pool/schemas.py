"""What HTTP says about the pool."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class PoolOut(BaseModel):
    """`live` is the number of members now; `cap_basis` says what the cap counts."""

    code: str
    title: str
    cap: int
    cap_basis: str
    live: int


class MemberOut(BaseModel):
    uscc: str
    name: str
    city_code: str
    since: datetime | None
    plan_id: uuid.UUID


class EpisodeOut(BaseModel):
    """One stay: why it began and why it ended, as known from a moment on. `until` is the day on which it ended."""

    membership_id: uuid.UUID
    pool: Annotated[str, Field(examples=["cultivation"])]
    admitted_as: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    city_code: Annotated[str, Field(examples=["420100"])]
    since: date
    until: date | None
    opened_by: uuid.UUID
    opened_how: Annotated[Literal["selection", "replacement"], Field(examples=["selection"])]
    ended_reason: Annotated[str | None, Field(examples=["graduated"])]
    ended_by: uuid.UUID | None
    known_from: datetime
    version: int


class EpisodesOut(BaseModel):
    """Every stay of an enterprise, the oldest first, as known at a moment."""

    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
    known_at: datetime
    episodes: list[EpisodeOut]


class MemberPage(BaseModel):
    items: list[MemberOut]
    next_cursor: str | None
