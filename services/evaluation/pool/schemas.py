"""What HTTP says about the pool."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import BaseModel


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


class MemberPage(BaseModel):
    items: list[MemberOut]
    next_cursor: str | None
